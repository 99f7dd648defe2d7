import { sentence, type FailureText } from '../../core/contract/failure-text.ts';
import type { GuiFailure } from '../../core/contract/gui-api.ts';
import { failure } from '../../core/lib/failure.ts';
import { languageOf } from './i18n.ts';

/** What a failure means and what to do, in the language of the window. */
export function failureWords({ code, context }: GuiFailure): FailureText {
  return sentence(failure(code, context), languageOf());
}

import { ipcMain, type IpcMainEvent, type IpcMainInvokeEvent, type WebContents } from 'electron';
import type * as z from 'zod';
import {
  guiApi,
  type AppState,
  type GuiApi,
  type GuiFailure,
  type GuiOutcome,
} from '../../core/contract/gui-api.ts';
import {
  GUI_CALL_CHANNEL,
  GUI_STATE_CHANNEL,
  GUI_VERBS,
  type GuiVerb,
} from '../../core/contract/gui-verbs.ts';
import { toldContext } from '../../core/contract/failure-text.ts';
import { failure, type Failure } from '../../core/lib/failure.ts';
import { err, type Result } from '../../core/lib/result.ts';
import { isModest } from './modest.ts';
import { APP_ORIGIN } from './page-files.ts';

/** What the app does for each verb. Parameters are checked and completed before it hears of them. */
export type GuiHandlers = {
  readonly [V in GuiVerb]: (
    params: z.output<GuiApi[V]['params']>,
  ) => Promise<Result<z.output<GuiApi[V]['result']>, Failure>>;
};

export interface BridgeOptions {
  readonly handlers: GuiHandlers;
  /** The page that may ask; undefined while there is none. */
  readonly page: () => WebContents | undefined;
  readonly state: () => AppState;
  /** Something was asked for that the page of this app never asks for. */
  readonly onForeign: (detail: string) => void;
}

/** Answers the page, and tells it the state. Returns what tells it anew. */
export function openBridge({ handlers, page, state, onForeign }: BridgeOptions): () => void {
  ipcMain.handle(GUI_CALL_CHANNEL, async (event, verb: unknown, params: unknown) => {
    if (!isOurs(event, page())) {
      onForeign('a call from elsewhere');
      return refused('contract.denied');
    }
    const name = GUI_VERBS.find((known) => known === verb);
    if (name === undefined) {
      onForeign('an unknown verb');
      return refused('contract.invalid');
    }
    return answer(handlers, name, params, onForeign);
  });
  ipcMain.on(GUI_STATE_CHANNEL, (event) => {
    if (isOurs(event, page())) event.sender.send(GUI_STATE_CHANNEL, state());
  });
  return () => page()?.send(GUI_STATE_CHANNEL, state());
}

async function answer<V extends GuiVerb>(
  handlers: GuiHandlers,
  verb: V,
  params: unknown,
  onForeign: (detail: string) => void,
): Promise<GuiOutcome<V>> {
  const parsed = isModest(params) ? guiApi[verb].params.safeParse(params) : undefined;
  if (!parsed?.success) {
    onForeign(`bad parameters of ${verb}`);
    return refused('contract.invalid', verb);
  }
  // The schema of the verb makes it what the handler's type says.
  const done = await Promise.resolve()
    .then(() => handlers[verb](parsed.data as never))
    .catch(mistaken);
  return done.ok ? { ok: true, value: done.value } : { ok: false, failure: told(done.error) };
}

/** A mistake of ours is told as one, and not in the words of whatever threw it. */
function mistaken(): Result<never, Failure> {
  return err(failure('internal.bug', { detail: 'the window' }));
}

function told(why: Failure): GuiFailure {
  return { code: why.code, context: toldContext(why) };
}

function refused(
  code: 'contract.invalid' | 'contract.denied',
  detail = 'the window',
): { ok: false; failure: GuiFailure } {
  return { ok: false, failure: told(failure(code, { detail })) };
}

/** Only the window's own top frame, and only while it shows our page. */
function isOurs(
  { sender, senderFrame }: IpcMainInvokeEvent | IpcMainEvent,
  page: WebContents | undefined,
): boolean {
  return (
    page !== undefined &&
    sender === page &&
    senderFrame !== null &&
    senderFrame === page.mainFrame &&
    senderFrame.url.startsWith(`${APP_ORIGIN}/`)
  );
}

import type * as z from 'zod';
import type { AppState, GuiApi, GuiBridge, GuiOutcome } from '../../../core/contract/gui-api.ts';
import { GUI_VERBS, type GuiVerb } from '../../../core/contract/gui-verbs.ts';

/** What the answers of the app are in a scene, by what is asked or whatever is: those that are not named come back empty. */
export type Answers = {
  readonly [V in GuiVerb]?: GuiOutcome<V> | ((params: z.output<GuiApi[V]['params']>) => GuiOutcome<V>);
};

/** What no page could show without. */
const USUAL: Answers = {
  readPolicy: { ok: true, value: { version: 1, rules: [], otherwise: 'gateway' } },
  readFixedPolicy: { ok: true, value: { version: 1, rules: [] } },
  lintPolicy: { ok: true, value: [] },
  readProfile: { ok: true, value: {} },
};

export interface Scene {
  readonly state: AppState;
  readonly answers?: Answers;
}

declare global {
  interface Window {
    /** What the page asked for, for the tests to look at. */
    asked: { readonly verb: GuiVerb; readonly params: unknown }[];
    /** Shows the same in other colours or another language. */
    dress: (theme: string, language: string) => void;
    /** Shows the same with these totals of traffic. */
    carry: (bytesIn: number, bytesOut: number) => void;
    /** The names of all there is to show. */
    scenes: readonly string[];
  }
}

function withTraffic(state: AppState, bytesIn: number, bytesOut: number): AppState {
  const { status } = state;
  const { connection } = status ?? {};
  if (!status || !connection?.traffic) return state;
  const traffic = { ...connection.traffic, bytesIn, bytesOut };
  return { ...state, status: { ...status, connection: { ...connection, traffic } } };
}

/** Answers as the scene says, and shows one state. */
export function fakeBridge(
  { state, answers = {} }: Scene,
  { theme, language }: { readonly theme: string; readonly language: 'en' | 'de' },
): GuiBridge {
  window.asked = [];
  const themed = { ...state, language, settings: { ...state.settings, theme } } as AppState;
  const verbs = Object.fromEntries(
    GUI_VERBS.map((verb) => [
      verb,
      (params: unknown) => {
        window.asked.push({ verb, params });
        const answer = answers[verb] ?? USUAL[verb] ?? { ok: true, value: null };
        // Each verb's answer takes what the verb takes.
        return Promise.resolve(typeof answer === 'function' ? answer(params as never) : answer);
      },
    ]),
  );
  return {
    ...verbs,
    onState: (watch: (state: AppState) => void) => {
      watch(themed);
      window.dress = (to, tongue) =>
        watch({ ...themed, language: tongue, settings: { ...themed.settings, theme: to } } as AppState);
      window.carry = (bytesIn, bytesOut) => watch(withTraffic(themed, bytesIn, bytesOut));
      return () => undefined;
    },
  } as unknown as GuiBridge;
}

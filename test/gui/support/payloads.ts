import fc from 'fast-check';
import type * as z from 'zod';
import { guiApi, type GuiApi } from '../../../core/contract/gui-api.ts';
import { GUI_VERBS, type GuiVerb } from '../../../core/contract/gui-verbs.ts';

const PROFILE = '00112233445566aa';

/** For each verb parameters that are right. */
const RIGHT: { readonly [V in GuiVerb]?: z.input<GuiApi[V]['params']> } = {
  connect: { profile: PROFILE },
  answerNeed: { need: 1, secret: 'secret', remember: true },
  refuseNeed: { need: 1 },
  forgetSecret: { profile: PROFILE },
  readProfile: { profile: PROFILE },
  writeProfile: { profile: PROFILE, contents: { version: 1 } },
  removeProfile: { profile: PROFILE },
  convertImport: { source: 'a.json', contents: 'e30=' },
  exportProfile: { profile: PROFILE },
  readPolicy: { profile: PROFILE },
  writePolicy: {
    profile: PROFILE,
    policy: { version: 1, rules: [{ what: '10.0.0.0/8', action: 'bypass' }] },
  },
  lintPolicy: { profile: PROFILE, policy: { version: 1, rules: [] } },
  explain: { profile: PROFILE, destination: '10.0.0.1' },
  writeAppSettings: { theme: 'dark', launchAtLogin: false, notifications: true, saveSecrets: true },
  writeMachineSettings: { killSwitch: 'off', lan: true },
  openPortal: { seconds: 60 },
  readLog: { lines: 10 },
} as never;

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(null, [], {}, '', -1, 1e300, 'system.', '../../etc/passwd', 'a'.repeat(5000)),
);

/** Something that is nearly right: a field is missing, is another, is one too many, or is in the place of the whole. */
function nearly(right: Readonly<Record<string, unknown>>): fc.Arbitrary<unknown> {
  const keys = Object.keys(right);
  const field = keys.length > 0 ? fc.constantFrom(...keys) : fc.constant('profile');
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom('constructor', 'prototype', 'toString', 'secret', 'path'),
  );
  return fc.oneof(
    odd,
    field.map((key) => Object.fromEntries(Object.entries(right).filter(([one]) => one !== key))),
    fc.tuple(field, odd).map(([key, value]) => ({ ...right, [key]: value })),
    fc.tuple(name, odd).map(([key, value]) => ({ ...right, [key]: value })),
    fc.tuple(field, odd).map(([key, value]) => ({ ...right, [key]: { [key]: value } })),
    fc.constant([right]),
  );
}

/** For each verb so many parameters that its schema does not take. The same ones in every run. */
export function wrongPayloads(count: number): { readonly verb: GuiVerb; readonly payloads: unknown[] }[] {
  return GUI_VERBS.map((verb) => {
    const { params } = guiApi[verb];
    const wrong = nearly((RIGHT[verb] ?? {}) as Readonly<Record<string, unknown>>).filter(
      (payload) => !params.safeParse(payload).success,
    );
    return { verb, payloads: fc.sample(wrong, { numRuns: count, seed: 2026 }) };
  });
}

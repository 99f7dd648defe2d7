/**
 * What the app's main process does for its window, and what it tells it: one object from which the preload script, the
 * main process, the page and the page's test double take their types and their checks. The page is not trusted: what
 * it asks for goes through these schemas, and secrets go in and never out.
 */
import * as z from 'zod';
import { FAILURES, type FailureCode } from '../lib/failure.ts';
import { daemonApi, profileSummarySchema, statusSchema, toldFailureSchema } from './daemon-api.ts';
import type { GuiVerb } from './gui-verbs.ts';
import {
  IMPORT_NOTES,
  IMPORT_TROUBLES,
  type ImportNoteCode,
  type ImportTroubleCode,
} from './import-words.ts';
import { failureContextSchema, toldWarningSchema } from './snapshot.ts';

const { calls } = daemonApi;
const noParams = z.strictObject({});
const nothing = z.null();
const epochMs = z.number().nonnegative();
const codes = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];
const profileId = calls['connection.up'].params.shape.profile;
const notes = Object.keys(IMPORT_NOTES) as [ImportNoteCode, ...ImportNoteCode[]];
const troubles = Object.keys(IMPORT_TROUBLES) as [ImportTroubleCode, ...ImportTroubleCode[]];

export const THEMES = ['system', 'light', 'dark', 'contrast'] as const;
export const LANGUAGES = ['en', 'de'] as const;

/** What a person chose about the app itself. */
export const appSettingsSchema = z.strictObject({
  theme: z.enum(THEMES).default('system'),
  /** Absent: the language of the desktop, English where we do not speak it. */
  language: z.enum(LANGUAGES).optional(),
  launchAtLogin: z.boolean().default(false),
  notifications: z.boolean().default(true),
  /** Whether secrets are offered to the keychain at all. */
  saveSecrets: z.boolean().default(true),
});

/**
 * How the app stands with the service. `absent`: nothing listens. `no-access`: this user is not in the group.
 * `untrusted`: what listens is not the administrator's. `other-version`: they have no version in common.
 */
export const SERVICE_LINKS = [
  'connecting',
  'ready',
  'absent',
  'no-access',
  'untrusted',
  'other-version',
] as const;

/** Where secrets are kept. `locked` and `absent` say why they cannot be. */
export const KEYCHAIN_STATES = ['unknown', 'ready', 'locked', 'absent'] as const;

/** A failure as it crosses to the page, which has the words for it in the language in use. */
export const guiFailureSchema = z.strictObject({
  code: z.enum(codes),
  context: failureContextSchema,
});
export type GuiFailure = z.output<typeof guiFailureSchema>;

/** Something that happened, newest last. Times are those of the wall clock. */
const activityEntry = z.strictObject({
  at: epochMs,
  kind: z.enum(['state', 'connected', 'failure', 'warning', 'ended', 'service']),
  profile: z.string().optional(),
  /** The state that was entered, the code of a warning, or the link to the service. */
  what: z.string(),
  /** The path of a connection that stands. */
  detail: z.string().optional(),
  /** Why it came to the state. */
  cause: guiFailureSchema.optional(),
  failure: toldFailureSchema.optional(),
  warning: toldWarningSchema.optional(),
});

/** What a file or a link wants to become, before anybody said yes. */
const proposal = z.strictObject({
  /** The name of the file, or `link`. */
  source: z.string(),
  profile: calls['profile.read'].result,
  /** Every key of the source with what became of it. */
  report: z.array(
    z.strictObject({
      key: z.string(),
      outcome: z.enum(['taken', 'changed', 'ignored']),
      /** The key of the profile that it became. */
      to: z.string().optional(),
      /** Why, for what was not simply taken; `detail` is for the place that the words have for it. */
      note: z.enum(notes).optional(),
      detail: z.string().optional(),
    }),
  ),
  /** What is still wrong with the profile, `path: what is wrong` each. */
  problems: z.array(z.string()),
});

/** A file that needs a passphrase before it can be read, a proposal, or why it is neither. */
const conversion = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('proposal'), proposal }),
  z.strictObject({
    kind: z.literal('passphrase'),
    source: z.string(),
    /** To unlock the file, or for a key in it that nothing would lock. */
    purpose: z.enum(['unlock', 'choose']),
    wrong: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('unreadable'),
    source: z.string(),
    why: z.enum(troubles),
    detail: z.string().optional(),
  }),
]);

/** Certificates as people read them. Times are milliseconds since 1970. */
const certificateTexts = z.strictObject({
  certificates: z.array(
    z.strictObject({
      subject: z.string(),
      issuer: z.string(),
      notBefore: z.number(),
      notAfter: z.number(),
      /** Hosts, addresses and mail addresses in it. */
      names: z.array(z.string()),
      /** SHA-256, in pairs of hexadecimal digits. */
      fingerprint: z.string(),
      serial: z.string(),
      /** `RSA 3072`, `EC P-256`. */
      key: z.string(),
      isAuthority: z.boolean(),
      isSelfIssued: z.boolean(),
    }),
  ),
  /** In a few words, what of it could not be read. */
  problem: z.string().optional(),
});

/** All that the page shows, whole in every message. */
export const appStateSchema = z.strictObject({
  version: z.string(),
  platform: z.string(),
  /** The language in use. */
  language: z.enum(LANGUAGES),
  settings: appSettingsSchema,
  service: z.strictObject({
    link: z.enum(SERVICE_LINKS),
    version: z.string().optional(),
    /** The app is the newer one of two that do not understand each other; false: the service is. */
    appIsNewer: z.boolean().optional(),
  }),
  keychain: z.strictObject({
    state: z.enum(KEYCHAIN_STATES),
    backend: z.string(),
    /** What the person wanted to have remembered last was not. */
    notKept: z.boolean(),
  }),
  /** The tray cannot be shown on this desktop. */
  trayMissing: z.boolean(),
  profiles: z.array(profileSummarySchema.extend({ secretSaved: z.boolean() })),
  /** What the service says; null while there is none to say it. */
  status: z.nullable(statusSchema),
  /** Null until it was read. */
  machine: z.nullable(calls['settings.read'].result),
  activity: z.array(activityEntry).max(500),
  /** A link or a file that the desktop handed to the app waits for an answer. */
  proposal: z.nullable(proposal),
});

interface GuiCall {
  readonly params: z.ZodType;
  readonly result: z.ZodType;
}

/** Contents of a file to import: as long as any profile with a certificate store may be. */
const MAX_IMPORT_BYTES = 1024 * 1024;
const base64 = z.base64().max(Math.ceil(MAX_IMPORT_BYTES / 3) * 4);
const secretText = z.string().min(1).max(1024);

export const guiApi = {
  connect: { params: z.strictObject({ profile: profileId }), result: nothing },
  disconnect: { params: noParams, result: nothing },
  /** `remember`: keep it in the keychain once the gateway has taken it. */
  answerNeed: {
    params: z.strictObject({
      need: calls['need.answer'].params.shape.need,
      secret: secretText,
      remember: z.boolean(),
    }),
    result: nothing,
  },
  refuseNeed: { params: calls['need.refuse'].params, result: nothing },
  forgetSecret: { params: z.strictObject({ profile: profileId }), result: nothing },
  readProfile: { params: calls['profile.read'].params, result: calls['profile.read'].result },
  writeProfile: { params: calls['profile.write'].params, result: calls['profile.write'].result },
  removeProfile: { params: calls['profile.remove'].params, result: nothing },
  /** Lets the person choose a file; null when they chose none. */
  chooseImport: { params: noParams, result: z.nullable(conversion) },
  /** A file that was dropped on the window; one that asked for a passphrase is given again with it. */
  convertImport: {
    params: z.strictObject({
      source: z.string().min(1).max(255),
      contents: base64.optional(),
      passphrase: secretText.optional(),
    }),
    result: conversion,
  },
  dropProposal: { params: noParams, result: nothing },
  /** What certificates say, as people read it. */
  describeCertificates: {
    params: z.strictObject({ pem: z.string().max(MAX_IMPORT_BYTES) }),
    result: certificateTexts,
  },
  /** Lets the person choose where; false when they chose nothing. */
  exportProfile: { params: z.strictObject({ profile: profileId }), result: z.boolean() },
  readPolicy: { params: calls['policy.read'].params, result: calls['policy.read'].result },
  readFixedPolicy: { params: calls['policy.fixed'].params, result: calls['policy.fixed'].result },
  writePolicy: { params: calls['policy.write'].params, result: nothing },
  lintPolicy: { params: calls['policy.lint'].params, result: calls['policy.lint'].result },
  explain: { params: calls['policy.explain'].params, result: calls['policy.explain'].result },
  writeAppSettings: { params: appSettingsSchema, result: nothing },
  writeMachineSettings: { params: calls['settings.write'].params, result: nothing },
  openPortal: { params: calls['portal.open'].params, result: calls['portal.open'].result },
  readLog: { params: calls['log.read'].params, result: calls['log.read'].result },
  doctor: { params: noParams, result: calls.doctor.result },
  repair: { params: noParams, result: calls['doctor.repair'].result },
  /** The text of a report about a problem, as it would be saved. */
  makeReport: { params: noParams, result: z.strictObject({ text: z.string() }) },
  /** Saves the report that was made last, where the person says; false when they chose nothing. */
  saveReport: { params: noParams, result: z.boolean() },
  /** Looks for the service at once. */
  retryService: { params: noParams, result: nothing },
  /** Ends the app and starts what is installed now. The connection stays. */
  restartApp: { params: noParams, result: nothing },
} as const satisfies Readonly<Record<GuiVerb, GuiCall>>;

export type GuiApi = typeof guiApi;
export type AppSettings = z.output<typeof appSettingsSchema>;
export type AppState = z.output<typeof appStateSchema>;
export type AppProfile = AppState['profiles'][number];
export type ActivityEntry = z.output<typeof activityEntry>;
export type Proposal = z.output<typeof proposal>;
export type Conversion = z.output<typeof conversion>;
export type CertificateTexts = z.output<typeof certificateTexts>;
export type ServiceLink = (typeof SERVICE_LINKS)[number];

/** What a verb comes back with. */
export type GuiOutcome<V extends GuiVerb> =
  | { readonly ok: true; readonly value: z.output<GuiApi[V]['result']> }
  | { readonly ok: false; readonly failure: GuiFailure };

/** What the preload script puts into the page. */
export type GuiBridge = {
  readonly [V in GuiVerb]: (params: z.input<GuiApi[V]['params']>) => Promise<GuiOutcome<V>>;
} & {
  /** The state now and on every change; returns what ends it. */
  readonly onState: (watch: (state: AppState) => void) => () => void;
};

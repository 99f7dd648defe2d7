/**
 * What the service does for its clients, the desktop app and the command line: one object from which both sides take
 * their types and their checks.
 */
import * as z from 'zod';
import { FAILURES, type FailureCode } from '../lib/failure.ts';
import type { Api } from './api.ts';
import { automaticStatusSchema, beaconAnswerSchema } from './automatic.ts';
import { ACTIONS, appName, fixedPolicySchema, policySchema } from './policy.ts';
import { KILL_SWITCHES, settingsSchema } from './settings.ts';
import { causeSchema, connectedSchema, failureContextSchema, STATES, toldWarningSchema } from './snapshot.ts';
import { addressOctets, isHostName } from './text-forms.ts';

const count = z.number().int().nonnegative();
/** Milliseconds since 1970-01-01T00:00:00Z. */
const epochMs = z.number().nonnegative();
const codes = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];
const noParams = z.strictObject({});
const nothing = z.null();

/** A profile of the machine is named after its file; one of a user by sixteen hexadecimal digits. */
const profileId = z.string().regex(/^(system\.[a-z0-9][a-z0-9-]{0,63}|[0-9a-f]{16})$/);

/** A failure in the words of failure-text.ts, and with what they were made of. */
export const toldFailureSchema = z.strictObject({
  code: z.enum(codes),
  title: z.string(),
  why: z.string(),
  next: z.string(),
  who: z.enum(['user', 'it', 'network', 'makers']),
  context: failureContextSchema,
});

/** Something that only the person can give. It is gone when `until` is past. */
const need = z.strictObject({
  id: count,
  /** A one-time code is good for this answer alone: nobody may keep it. */
  what: z.enum(['password', 'pre-shared key', 'passphrase', 'one-time code']),
  /** What the gateway says about it: one line without control characters. */
  message: z.string().max(256).optional(),
  /** The gateway refused what was given before. */
  rejected: z.boolean(),
  profile: z.string(),
  /** Who it is for, where there is a user name. */
  username: z.string().optional(),
  until: epochMs,
});

/** What everybody may know of a connection, and for its owner and administrators the rest. */
const connection = z.strictObject({
  profile: z.strictObject({ id: profileId, name: z.string() }),
  /** Whether the watcher started it. */
  isYours: z.boolean(),
  startedAt: epochMs,
  /** As in the connection's own reports; `asking`: it waits for what `need` says. */
  state: z.enum([...STATES, 'asking']),
  /** Since when it is in this state. */
  since: epochMs,
  doubt: z.enum(['moving', 'checking']).optional(),
  phase: z.string().optional(),
  attempt: count.optional(),
  retryAt: epochMs.optional(),
  cause: causeSchema.optional(),
  need: need.optional(),
  facts: connectedSchema.optional(),
  traffic: z
    .strictObject({
      bytesIn: count,
      bytesOut: count,
      packetsIn: count,
      packetsOut: count,
      drops: z.record(z.string(), count),
    })
    .optional(),
  warnings: z.array(toldWarningSchema).max(20),
});

export const statusSchema = z.strictObject({
  version: z.string(),
  /** Null: there is none. */
  connection: z.nullable(connection),
  /** `blocked`: nothing passes now, because there is no connection that it could pass by. */
  protection: z.strictObject({
    killSwitch: z.enum(KILL_SWITCHES),
    blocked: z.boolean(),
    /** A hole for a portal is open until then. */
    holeUntil: epochMs.optional(),
  }),
  /** Somebody chose a profile that connects by itself. */
  automatic: automaticStatusSchema.optional(),
  /** How the last one of this user ended, when it was not by wish. */
  lastFailure: toldFailureSchema.optional(),
});

export const profileSummarySchema = z.strictObject({
  id: profileId,
  name: z.string(),
  /** `system`: put there by IT, and not to be changed here. */
  origin: z.enum(['system', 'user']),
  gateway: z.string(),
  method: z.string(),
  username: z.string().optional(),
});

/** A profile's contents as JSON. The service checks them as it does any profile, and answers with every problem. */
const profileContents = z.record(z.string(), z.unknown());

const portNumber = z.number().int().min(1).max(65535);

/** What can happen to the traffic that was asked about, the first of which the condition is met. */
const explanation = z.strictObject({
  decisions: z.array(
    z.strictObject({
      wanted: z.enum(ACTIONS),
      effective: z.enum(ACTIONS),
      /** Who says so: a rule by its number, the policy's last word, what the gateway takes, or calls its own. */
      reason: z.enum(['rule', 'otherwise', 'gateway', 'subnets', 'name-server']),
      rule: count.optional(),
      /** Only for this protocol (its number) and these ports; for everything without them. */
      protocol: count.optional(),
      ports: z.array(z.strictObject({ start: count, end: count })).optional(),
      /** Only for this program. */
      app: z.string().optional(),
    }),
  ),
  /** The first decision's way; null when there is none now. */
  interface: z.nullable(z.string()),
  /** It is on a local network, which the tunnel leaves alone. */
  local: z.boolean(),
  requested: z.array(z.string()),
  /** Null while there is no tunnel: then the gateway is taken to take all that it will be asked to take. */
  granted: z.nullable(z.array(z.string())),
  /** The networks that the gateway calls its own; absent when it names none, and before there was a gateway. */
  subnets: z.array(z.string()).optional(),
  /** About a name: the decisions are those for the first of its addresses; there are none while it has none. */
  name: z
    .strictObject({
      /** The addresses that it has now, and what becomes of the first packet to each. */
      addresses: z.array(z.strictObject({ address: z.string(), effective: z.enum(ACTIONS) })),
      /** The rules that speak of it. */
      rules: z.array(count),
      /** Who is asked for it, through the tunnel; none: whoever is asked without a connection. */
      servers: z.array(z.string()),
    })
    .optional(),
});

/** Something about a rule that its writer should know; rules by their numbers, from 1. */
const lintProblem = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('shadowed'), rule: count, by: z.array(count) }),
  z.strictObject({ kind: z.literal('partly-shadowed'), rule: count, by: z.array(count) }),
  z.strictObject({ kind: z.literal('redundant'), rule: count }),
  z.strictObject({ kind: z.literal('not-granted'), rule: count, part: z.enum(['all', 'some']) }),
]);

const finding = z.strictObject({
  /** What was looked at, in a few words. */
  what: z.string(),
  state: z.enum(['good', 'changed', 'bad']),
  detail: z.string(),
});

const diagnosticsBundle = z.strictObject({
  /** ISO 8601. */
  made: z.string(),
  parts: z.array(z.strictObject({ name: z.string(), about: z.string(), value: z.unknown() })),
  /** How many things of each kind have a name of ours in it instead of their own. */
  pseudonyms: z.record(z.string(), count),
});

export const daemonApi = {
  calls: {
    /** With a secret, that is the answer to the first thing that the connection needs. */
    'connection.up': {
      access: 'anyone',
      params: z.strictObject({ profile: profileId }),
      result: nothing,
      timeoutMs: 10_000,
      takesSecret: true,
    },
    /** Ends the connection in order, and answers when everything is undone. */
    'connection.down': { access: 'owner', params: noParams, result: nothing, timeoutMs: 30_000 },
    'need.answer': {
      access: 'owner',
      params: z.strictObject({ need: count }),
      result: nothing,
      timeoutMs: 5_000,
      takesSecret: true,
    },
    'need.refuse': {
      access: 'owner',
      params: z.strictObject({ need: count }),
      result: nothing,
      timeoutMs: 5_000,
    },
    'profile.list': {
      access: 'anyone',
      params: noParams,
      result: z.array(profileSummarySchema),
      timeoutMs: 5_000,
    },
    /** A user's own profile, or one of the machine without its keys. */
    'profile.read': {
      access: 'anyone',
      params: z.strictObject({ profile: profileId }),
      result: profileContents,
      timeoutMs: 5_000,
    },
    /** Adds a profile, or replaces one of the user's. */
    'profile.write': {
      access: 'anyone',
      params: z.strictObject({ profile: profileId.optional(), contents: profileContents }),
      result: z.strictObject({ id: profileId }),
      timeoutMs: 5_000,
    },
    'profile.remove': {
      access: 'anyone',
      params: z.strictObject({ profile: profileId }),
      result: nothing,
      timeoutMs: 5_000,
    },
    'policy.read': {
      access: 'anyone',
      params: z.strictObject({ profile: profileId }),
      result: policySchema,
      timeoutMs: 5_000,
    },
    /** What IT fixed: its rules come before those of `policy.read`, and rules are counted through from its first. */
    'policy.fixed': {
      access: 'anyone',
      params: z.strictObject({ profile: profileId }),
      result: fixedPolicySchema,
      timeoutMs: 5_000,
    },
    /** It holds from now on, also for the connection that is up. */
    'policy.write': {
      access: 'anyone',
      params: z.strictObject({ profile: profileId, policy: policySchema }),
      result: nothing,
      timeoutMs: 15_000,
    },
    /** What is odd in a policy that may not have been written yet, by what the gateway grants or is asked to grant. */
    'policy.lint': {
      access: 'anyone',
      params: z.strictObject({ profile: profileId, policy: policySchema }),
      result: z.array(lintProblem),
      timeoutMs: 10_000,
    },
    /**
     * What happens to traffic to an address or a name, by the caller's policy for a profile, or by one that was not
     * written yet.
     */
    'policy.explain': {
      access: 'anyone',
      params: z.strictObject({
        profile: profileId,
        destination: z
          .string()
          .max(253)
          .refine((text) => addressOctets(text) !== undefined || isHostName(text)),
        protocol: count.max(255).optional(),
        port: portNumber.optional(),
        /** What sends it; without it all that could. */
        app: appName.optional(),
        policy: policySchema.optional(),
      }),
      result: explanation,
      timeoutMs: 10_000,
    },
    /**
     * Makes the process at the other end, as the kernel names it, a program of that application, before it sends
     * anything. `ruled`: a rule that holds now speaks of it.
     */
    'app.enter': {
      access: 'anyone',
      params: z.strictObject({ app: appName }),
      result: z.strictObject({ ruled: z.boolean() }),
      timeoutMs: 10_000,
    },
    /** Applications that run now, of the machine and of the caller, by names that rules can use. */
    'app.list': { access: 'anyone', params: noParams, result: z.array(z.string()), timeoutMs: 5_000 },
    'settings.read': { access: 'anyone', params: noParams, result: settingsSchema, timeoutMs: 5_000 },
    'settings.write': {
      access: 'administrator',
      params: settingsSchema,
      result: nothing,
      timeoutMs: 15_000,
    },
    /** From now on the service connects and disconnects by itself, with this profile of the caller; null: it does not. */
    'automatic.choose': {
      access: 'owner',
      params: z.strictObject({ profile: z.nullable(profileId) }),
      result: nothing,
      timeoutMs: 5_000,
    },
    /** Asks a server past the tunnel and the firewall who it is. */
    'beacon.ask': {
      access: 'administrator',
      params: z.strictObject({
        host: z.string().refine((text) => addressOctets(text) !== undefined || isHostName(text)),
        port: portNumber,
      }),
      result: beaconAnswerSchema,
      timeoutMs: 20_000,
    },
    /** Lets the caller reach the web past a closed firewall, to log in at a captive portal, for a time. */
    'portal.open': {
      access: 'owner',
      params: z.strictObject({ seconds: z.number().int().min(1).max(600) }),
      result: z.strictObject({ until: epochMs }),
      timeoutMs: 15_000,
    },
    /**
     * The newest lines of the service's log, oldest first. `end` counts the lines that the service wrote since it
     * started; `after` is such a count, and only lines behind it are wanted.
     */
    'log.read': {
      access: 'administrator',
      params: z.strictObject({ lines: z.number().int().min(1).max(10_000), after: count.optional() }),
      result: z.strictObject({ lines: z.array(z.string()), end: count }),
      timeoutMs: 10_000,
    },
    doctor: { access: 'anyone', params: noParams, result: z.array(finding), timeoutMs: 15_000 },
    /** What support needs to know, as far as the caller may: every name, address and key in it is taken out. */
    diagnostics: { access: 'anyone', params: noParams, result: diagnosticsBundle, timeoutMs: 20_000 },
    /** Undoes what is left on the machine of a connection that is gone. */
    'doctor.repair': {
      access: 'administrator',
      params: noParams,
      result: z.array(finding),
      timeoutMs: 30_000,
    },
  },
  streams: {
    status: { access: 'anyone', params: noParams, item: statusSchema },
    /** Whenever the log has grown: its `end`, for log.read. */
    log: { access: 'administrator', params: noParams, item: z.strictObject({ end: count }) },
  },
} as const satisfies Api;

export type DaemonApi = typeof daemonApi;
export type Status = z.infer<typeof statusSchema>;
export type ConnectionStatus = z.infer<typeof connection>;
export type Need = z.infer<typeof need>;
export type ProfileSummary = z.infer<typeof profileSummarySchema>;
export type ToldFailure = z.infer<typeof toldFailureSchema>;
export type LintProblem = z.infer<typeof lintProblem>;
export type PolicyExplanation = z.infer<typeof explanation>;
export type DiagnosticsBundle = z.infer<typeof diagnosticsBundle>;
export type DoctorFinding = z.infer<typeof finding>;

/**
 * What a connection reports about itself, as one schema for every watcher: the command line's text, its
 * `--json` lines, the daemon's clients. No event ever holds a secret.
 */
import * as z from 'zod';
import { FAILURES, type FailureCode } from '../lib/failure.ts';

/** Monotonic milliseconds since the connection was started. */
const atMs = z.number().nonnegative();
const count = z.number().int().nonnegative();
const codes = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

/** The facts of a failure, by their names. */
const contextValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
export const failureContextSchema = z.record(z.string(), contextValue);

/** The steps of connecting, in the order in which they begin. A step ends when the next one begins. */
export const PHASES = ['resolving', 'init', 'auth', 'configuring'] as const;
const phaseName = z.enum(PHASES);

/**
 * A step begins. `gateway` is the host name at `resolving`, and the address and port in use from `init` on;
 * `method` is how the user is proved, at `auth`.
 */
const phase = z.strictObject({
  event: z.literal('phase'),
  atMs,
  phase: phaseName,
  gateway: z.string().optional(),
  method: z.string().optional(),
});

/** Where a connection is in its life; its end is the event `disconnected`. */
export const STATES = [
  'preparing',
  'on-demand',
  'connecting',
  'configuring',
  'connected',
  'roaming',
  'reconnecting',
  'waiting-for-network',
  'disconnecting',
] as const;

/** Why there is no connection, in the words of failure-text.ts and with what they were made of. */
export const causeSchema = z.strictObject({
  code: z.enum(codes),
  title: z.string(),
  why: z.string(),
  context: failureContextSchema,
});

/**
 * The state, on every change of what is said of it. `connected` means that the gateway answers on the path in use, and
 * never lasts longer than the liveness period after it stopped doing so. `on-demand`: there is no session, and the first
 * packet that belongs into the tunnel makes one; `cause` and `retryAtMs` say why the last attempt failed and until when
 * no packet begins another. From `roaming` on, and from `on-demand` on, the tunnel's device and
 * routes stay as they are: what belongs into the tunnel waits or is dropped, and goes nowhere else.
 */
const state = z.strictObject({
  event: z.literal('state'),
  atMs,
  state: z.enum(STATES),
  /** Only when roaming: it is moving to another path, or checks whether a gateway that is silent is there. */
  doubt: z.enum(['moving', 'checking']).optional(),
  /** When reconnecting, and on demand: how many attempts were begun, and when the next may begin if none is under way. */
  attempt: count.optional(),
  retryAtMs: atMs.optional(),
  /** Only while there is no connection. */
  cause: causeSchema.optional(),
});

/** The tunnel carries traffic; told again after each reconnect and each move, with the facts as they are then. */
const connected = z.strictObject({
  event: z.literal('connected'),
  atMs,
  /** `host` as in the profile, the address and port in use, and the identity that the gateway proved. */
  gateway: z.strictObject({ host: z.string(), address: z.string(), port: count, identity: z.string() }),
  /** The addresses that the gateway gave us, without a prefix length. */
  addresses: z.array(z.string()),
  /** The name servers that are asked through the tunnel; none when nothing is changed about names. */
  dns: z.array(z.string()),
  /** The domains that they are asked for, with every name below them. */
  domains: z.array(z.string()),
  /** They are asked for every name. */
  allNames: z.boolean().optional(),
  /** Traffic selectors as granted (RFC 7296 section 2.9): networks like `10.0.0.0/8` or `10.1.0.0/16[tcp/443]`. */
  selectors: z.strictObject({ local: z.array(z.string()), remote: z.array(z.string()) }),
  /** The networks that the gateway calls its own (RFC 7296 section 3.15.2); absent when it names none. */
  subnets: z.array(z.string()).optional(),
  /** The algorithms in use, as proposal words. */
  suite: z.strictObject({ ike: z.string(), esp: z.string() }),
  /** Whether an address translator stands between us and the gateway. */
  nat: z.boolean(),
  /** The IPsec SPIs, eight hexadecimal digits each. */
  spis: z.strictObject({ in: z.string().regex(/^[0-9a-f]{8}$/), out: z.string().regex(/^[0-9a-f]{8}$/) }),
  /** Octets of the largest packet that the tunnel takes. */
  mtu: count,
  /** The name of the tunnel's network interface. */
  tun: z.string(),
  /** How long each step took; a step that was skipped is absent. */
  timing: z.partialRecord(phaseName, z.number().nonnegative()),
});

/** Totals since the tunnel came up. Octets are those of the packets inside. */
const counters = z.strictObject({
  event: z.literal('counters'),
  atMs,
  bytesIn: count,
  bytesOut: count,
  packetsIn: count,
  packetsOut: count,
  /** Packets dropped, by reason; reasons that never happened are absent. */
  drops: z.record(z.string(), count),
});

/** What is not as it should be while a connection goes on. The command line has others, about its own arguments. */
export const WARNING_CODES = [
  /** The gateway had something to say: to the user who signed in, or later. */
  'eap-notification',
  'gateway-notify',
  /** Name servers that lie where the gateway takes nothing to. */
  'name-server-outside',
  /** Names are looked up as without the connection: because of a failure, or for lack of name servers. */
  'names-not-set',
  'names-outside',
  /** Something was not put back, because of a failure. */
  'not-undone',
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

/** A warning in an English sentence, and what it takes to say it in another language. */
export const toldWarningSchema = z.strictObject({
  code: z.string().regex(/^[a-z0-9-]+$/),
  message: z.string(),
  facts: z
    .strictObject({
      servers: z.array(z.string()).optional(),
      /** In the words of the gateway. */
      said: z.string().optional(),
      failure: z.strictObject({ code: z.enum(codes), context: failureContextSchema }).optional(),
    })
    .optional(),
});
export type ToldWarning = z.output<typeof toldWarningSchema>;
export type WarningFacts = NonNullable<ToldWarning['facts']>;

const warning = toldWarningSchema.extend({ event: z.literal('warning'), atMs });

/** The connection could not be made, or was lost. The sentences are those of failure-text.ts. */
const failed = z.strictObject({
  event: z.literal('failed'),
  atMs,
  failure: z.strictObject({
    code: z.enum(codes),
    title: z.string(),
    why: z.string(),
    next: z.string(),
    who: z.enum(['user', 'it', 'network', 'makers']),
    context: failureContextSchema,
  }),
});

/** The last event: everything that the connection had changed on this machine is undone. */
const disconnected = z.strictObject({
  event: z.literal('disconnected'),
  atMs,
  /** `user`: asked for; `failure`: a `failed` event came before. */
  reason: z.enum(['user', 'failure']),
});

export const connectionEventSchema = z.discriminatedUnion('event', [
  phase,
  state,
  connected,
  counters,
  warning,
  failed,
  disconnected,
]);

/** The facts of a connection that is up, apart from the event that tells them. */
export const connectedSchema = connected.omit({ event: true, atMs: true });

export type ConnectedFacts = z.infer<typeof connectedSchema>;
export type ConnectionEvent = z.infer<typeof connectionEventSchema>;
export type ConnectionPhase = z.infer<typeof phaseName>;
export type StateEvent = z.infer<typeof state>;
export type ConnectedEvent = z.infer<typeof connected>;
export type CountersEvent = z.infer<typeof counters>;
export type FailedEvent = z.infer<typeof failed>;
export type WarningEvent = z.infer<typeof warning>;

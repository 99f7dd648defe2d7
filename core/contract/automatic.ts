/** What crosses a process border about networks that are trusted, and connections that are made and ended by themselves. */
import * as z from 'zod';

/** SHA-256 of a public key (its SubjectPublicKeyInfo) in base64: 32 octets, the last digit without bits of its own. */
const PIN = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Undefined for a good pin, otherwise what is wrong with it. */
export function pinProblem(text: string): string | undefined {
  if (PIN.test(text)) return undefined;
  const bare = text.replace(/^sha256\/+/, '');
  return PIN.test(bare)
    ? `must be without what stands in front: ${bare}`
    : 'must be the SHA-256 of a public key in base64, 44 characters that end in =, as causeway beacon prints it';
}

export const VERDICTS = ['trusted', 'untrusted', 'unknown'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What came of asking a beacon, the best first. */
export const OUTCOMES = [
  /** It has the key of one of its pins, and is reached past the tunnel. */
  'proved',
  /** It has another key. */
  'other-key',
  /** Something answers that does not speak TLS to an end. */
  'no-tls',
  'refused',
  'silent',
  /** A firewall of this machine does not let us ask. */
  'forbidden',
  /** No network of this machine leads there. */
  'no-way',
  'no-name',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why a network is judged as it is: what came of the beacon that says most, or why none was asked. */
export const REASONS = [
  ...OUTCOMES,
  /** It is proved, but what else leaves this machine leaves by another network. */
  'divided',
  /** The answer is not there yet. */
  'asking',
  'no-network',
  /** The profile names no beacon: no network is trusted. */
  'no-beacons',
] as const;
export type Reason = (typeof REASONS)[number];

/** What is done about it. */
export const PLANS = [
  /** It connects now, or has. */
  'connect',
  /** It is connected, and is being disconnected. */
  'disconnect',
  /** It will be disconnected at that time if the network is trusted until then. */
  'disconnect-later',
  /** A trusted network needs no connection. */
  'stay-off',
  /** A trusted network needs none, and the profile lets the one that there is stay. */
  'stay-on',
  /** A trusted network needs none, but with this kill switch nothing passes without one. */
  'closed',
  /** Nothing is done before something is known. */
  'wait',
  /** Somebody ended it, or made it, by hand: that holds until the network changes. */
  'down-by-hand',
  'up-by-hand',
  /** Another connection is up. */
  'occupied',
  /** It failed. It is tried again at that time, or without one when the network changes. */
  'failed',
  /** Nobody was there to sign in. */
  'nobody',
  /** The profile is gone, or does not ask for it any more. */
  'unusable',
] as const;
export type Plan = (typeof PLANS)[number];

const epochMs = z.number().nonnegative();

/** What everybody may know of it, and for who chose it and administrators the reason. */
export const automaticStatusSchema = z.strictObject({
  profile: z.strictObject({ id: z.string(), name: z.string() }),
  /** Whether the watcher chose it. */
  isYours: z.boolean(),
  verdict: z.enum(VERDICTS),
  /** Since when that is the verdict. */
  since: epochMs,
  reason: z
    .strictObject({
      code: z.enum(REASONS),
      /** `host:port` */
      beacon: z.string().optional(),
      /** The interface by which it was asked. */
      interface: z.string().optional(),
      /** With `divided`: the interface by which everything else leaves. */
      other: z.string().optional(),
    })
    .optional(),
  next: z.strictObject({ what: z.enum(PLANS), at: epochMs.optional() }),
  /** When the beacons are asked again if nothing happens. */
  askAt: epochMs.optional(),
});
export type AutomaticStatus = z.infer<typeof automaticStatusSchema>;

/** What a beacon answered to somebody who tries it out. */
export const beaconAnswerSchema = z.strictObject({
  outcome: z.enum(OUTCOMES),
  /** The pin of the key that it proved to have. */
  pin: z.string().optional(),
  address: z.string().optional(),
  /** By which it was asked, past the tunnel. */
  interface: z.string().optional(),
});
export type BeaconReport = z.infer<typeof beaconAnswerSchema>;

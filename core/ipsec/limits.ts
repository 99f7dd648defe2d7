import type { RandomBytes } from '../lib/ports.ts';
import type { SaLimits } from './lifetime.ts';
import type { EspSuite } from './suite.ts';

/** ENCR_CHACHA20_POLY1305, whose block function has no birthday bound to watch. */
const CHACHA20_POLY1305 = 28;

/**
 * Octets under one AES key. After q blocks an observer tells the ciphertext from random octets with a chance of about
 * q^2 / 2^129. At 2^40 octets that is 2^-57, where TLS 1.3 stops as well (RFC 8446 section 5.5); a new key is asked
 * for at a quarter of them, at a full gigabit every half hour. It holds for CBC as for GCM. The limit of 2^32
 * invocations in NIST SP 800-38D section 8.3 is not for IVs that count, as ours do.
 */
const SOFT_OCTETS = 2 ** 38;
const HARD_OCTETS = 2 ** 40;

/** Half of the numbers of 32 bits. Where the others end the sequence counter itself knows (RFC 4303 section 3.3.3). */
const SOFT_PACKETS = 2 ** 31;

/** How much of a soft limit chance may take off. */
const JITTER = 0.1;

/** What one direction of an SA may carry when nobody says anything else. */
export function defaultLimits(suite: EspSuite): SaLimits {
  return {
    ...(suite.encr === CHACHA20_POLY1305 ? {} : { softOctets: SOFT_OCTETS, hardOctets: HARD_OCTETS }),
    ...(suite.esn ? {} : { softPackets: SOFT_PACKETS }),
  };
}

/**
 * The limits of one new SA: what is wanted, but never more than the suite bears. The soft ones are a bit lower each time,
 * so that both ends rarely ask for a new SA at once.
 */
export function limitsFor(suite: EspSuite, wanted: SaLimits, random: RandomBytes): SaLimits {
  const bearable = defaultLimits(suite);
  const [draw = 0] = random(1);
  const part = 1 - (JITTER * draw) / 256;
  const limits: { -readonly [K in keyof SaLimits]: SaLimits[K] } = {};
  for (const key of ['softOctets', 'hardOctets', 'softPackets', 'hardPackets'] as const) {
    const limit = Math.min(wanted[key] ?? Infinity, bearable[key] ?? Infinity);
    if (limit < Infinity) limits[key] = key.startsWith('soft') ? Math.ceil(limit * part) : limit;
  }
  return limits;
}

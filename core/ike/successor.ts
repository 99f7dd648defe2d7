import type { RandomBytes } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { IkeSa } from './ike-sa.ts';
import { deriveRekeyedIkeKeys, type KeyInputs } from './key-schedule.ts';
import type { Role } from './protection.ts';
import type { IkeSuite } from './suite.ts';

/**
 * The SA that takes the place of `old` (RFC 7296 section 2.18): keys, SPIs and nonces are new, what the two ends know of
 * each other stays. `sharedSecret` is wiped. `role`: whether the exchange was ours or the gateway's.
 */
export function succeed(
  old: IkeSa,
  parts: KeyInputs & { readonly suite: IkeSuite },
  sharedSecret: SecretBytes,
  role: Role,
  random: RandomBytes,
): IkeSa {
  const { suite } = parts;
  const from = { prf: old.init.suite.prf, skD: old.keys.skD };
  const keys = deriveRekeyedIkeKeys(from, suite, sharedSecret, parts);
  return new IkeSa({ ...old.init, ...parts }, keys, random, role);
}

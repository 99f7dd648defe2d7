import { isZero, readU32 } from '../lib/bytes.ts';
import type { RandomBytes } from '../lib/ports.ts';
import { type KeyExchange, keyExchange } from '../crypto/key-exchange.ts';
import { keyExchangeWorks } from '../crypto/self-test.ts';

/** Octets of our nonces: half the longest key of any PRF that we offer (RFC 7296 section 2.10). */
const NONCE_LENGTH = 32;

/** SPIs 1 to 255 are reserved (RFC 4303 section 2.1), zero marks IKE messages on port 4500. */
export const FIRST_SPI = 256;

/** A nonce for one exchange. */
export function freshNonce(random: RandomBytes): Uint8Array {
  return random(NONCE_LENGTH);
}

/** An SPI for our end of an IKE SA: 8 octets, not all zero. */
export function freshIkeSpi(random: RandomBytes): Uint8Array {
  const spi = random(8);
  return isZero(spi) ? freshIkeSpi(random) : spi;
}

/** An SPI for the inbound half of a Child SA, other than those in use. */
export function freshChildSpi(random: RandomBytes, isTaken: (spi: number) => boolean): number {
  const spi = readU32(random(4));
  return spi < FIRST_SPI || isTaken(spi) ? freshChildSpi(random, isTaken) : spi;
}

/** A key pair. No method is trusted with a key before it has given its known answer in this very process. */
export function freshKeyExchange(groupId: number, random: RandomBytes): KeyExchange {
  const method = keyExchange(groupId);
  if (!method) throw new Error(`group ${groupId} is offered but not known`);
  if (!keyExchangeWorks(groupId)) throw new Error(`${method.name} does not give its known answer`);
  return method.generate(random);
}

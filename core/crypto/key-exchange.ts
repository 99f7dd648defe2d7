import { ecpMethod } from './ecp.ts';
import type { KeyExchangeMethod } from './key-exchange-method.ts';
import { modpMethod } from './modp.ts';
import { montgomeryMethod } from './montgomery.ts';

export type { KeyExchange, KeyExchangeMethod } from './key-exchange-method.ts';

/** The numbers of every key exchange method that `keyExchange` knows. */
export const KEY_EXCHANGE_IDS: readonly number[] = [14, 15, 16, 17, 18, 19, 20, 21, 31, 32];

/** The key exchange method with this number (IANA, Transform Type 4), or undefined when it is not supported. */
export function keyExchange(id: number): KeyExchangeMethod | undefined {
  return modpMethod(id) ?? ecpMethod(id) ?? montgomeryMethod(id);
}

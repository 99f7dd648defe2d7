import type { FailureCode } from '../../../lib/failure.ts';
import type { Explanation } from '../facts.ts';
import { AUTH_FAILURES } from './auth.ts';
import { CONFIG_FAILURES } from './config.ts';
import { NETWORK_FAILURES } from './network.ts';
import { PEER_FAILURES } from './peer.ts';
import { PLATFORM_FAILURES } from './platform.ts';
import { SERVICE_FAILURES } from './service.ts';

/** Every failure in English, with who has to act and which facts the words are made of: the other languages follow it. */
export const ENGLISH = {
  ...CONFIG_FAILURES,
  ...NETWORK_FAILURES,
  ...PEER_FAILURES,
  ...AUTH_FAILURES,
  ...PLATFORM_FAILURES,
  ...SERVICE_FAILURES,
} satisfies Readonly<Record<FailureCode, Explanation>>;

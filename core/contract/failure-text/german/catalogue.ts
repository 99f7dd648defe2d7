import type { ENGLISH } from '../english/catalogue.ts';
import type { Translation } from '../facts.ts';
import { AUTH_FAILURES } from './auth.ts';
import { CONFIG_FAILURES } from './config.ts';
import { NETWORK_FAILURES } from './network.ts';
import { PEER_FAILURES } from './peer.ts';
import { PLATFORM_FAILURES } from './platform.ts';
import { SERVICE_FAILURES } from './service.ts';

/** Every failure in German: formal, and a German word wherever people use one. */
export const GERMAN: Translation<typeof ENGLISH> = {
  ...CONFIG_FAILURES,
  ...NETWORK_FAILURES,
  ...PEER_FAILURES,
  ...AUTH_FAILURES,
  ...PLATFORM_FAILURES,
  ...SERVICE_FAILURES,
};

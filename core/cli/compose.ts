/** Where the command line puts the parts of a connection together for the machine that it runs on. */
import { randomFillSync } from 'node:crypto';
import { startTest } from '../crypto/self-test.ts';
import { failure } from '../lib/failure.ts';
import { linuxPlatform } from '../platform/linux/platform.ts';
import { Connection } from '../vpn/connection.ts';
import type { Clock } from '../vpn/ports.ts';
import type { CreateConnection } from './connection-port.ts';
import { systemAnchors } from './system-anchors.ts';

const clock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  at: (at, callback) => {
    const timer = setTimeout(callback, Math.max(0, at - performance.now()));
    return () => clearTimeout(timer);
  },
};

export const createConnection: CreateConnection = ({ profile, credentials, log, onEvent, keyLog }) => {
  const platform = linuxPlatform();
  return new Connection({
    profile,
    credentials,
    ports: {
      ...platform,
      // No algorithm is trusted before it has given its known answers in this very process. The key exchange
      // gives its own when a session makes its key pair.
      preflight: async () => {
        const tested = startTest();
        return tested.ok ? platform.preflight() : failure('internal.self-test', { detail: tested.error });
      },
      clock,
      random: (length) => randomFillSync(new Uint8Array(length)),
      log,
    },
    systemAnchors: () => systemAnchors(log),
    onEvent,
    ...(keyLog === undefined ? {} : { keyLog }),
  });
};

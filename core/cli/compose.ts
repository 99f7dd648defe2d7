/** Where the command line puts the parts of a connection together for the machine that it runs on. */
import { randomFillSync } from 'node:crypto';
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

export const createConnection: CreateConnection = ({ profile, credentials, log, onEvent, keyLog }) =>
  new Connection({
    profile,
    credentials,
    ports: {
      ...linuxPlatform(),
      clock,
      random: (length) => randomFillSync(new Uint8Array(length)),
      log,
    },
    systemAnchors: () => systemAnchors(log),
    onEvent,
    ...(keyLog === undefined ? {} : { keyLog }),
  });

/**
 * The direction rules of the house (core/README.md, "Direction"), as data. The lint configuration and the
 * architecture tests both read this table, so there is one place to change when a room is added.
 */

/** What a composition root puts together: everything but the other root. */
const BELOW_THE_ROOTS: readonly string[] = [
  'core/lib',
  'core/contract',
  'core/wire',
  'core/crypto',
  'core/net',
  'core/pki',
  'core/eap',
  'core/ike',
  'core/ipsec',
  'core/node-tun',
  'core/vpn',
  'core/platform',
  'core/rpc',
  'core/composition',
  'core/import',
];

/** A room and the rooms that its files may import from. A room may always import from itself. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'core/lib': [],
  'core/contract': ['core/lib'],
  'core/wire': ['core/lib'],
  'core/crypto': ['core/lib'],
  'core/net': ['core/lib'],
  'core/pki': ['core/lib', 'core/crypto'],
  'core/eap': ['core/lib', 'core/wire', 'core/crypto'],
  'core/ike': ['core/lib', 'core/wire', 'core/crypto', 'core/pki', 'core/eap', 'core/net'],
  'core/ipsec': ['core/lib', 'core/crypto', 'core/net'],
  'core/node-tun': [],
  'core/vpn': ['core/ike', 'core/ipsec', 'core/net', 'core/contract', 'core/lib', 'core/platform/ports.ts'],
  'core/platform': ['core/net', 'core/lib', 'core/node-tun'],
  'core/rpc': ['core/contract', 'core/lib'],
  'core/import': ['core/contract', 'core/lib', 'core/crypto', 'core/pki'],
  'core/composition': [
    'core/vpn',
    'core/platform',
    'core/crypto',
    'core/pki',
    'core/net',
    'core/contract',
    'core/lib',
  ],
  'core/daemon': BELOW_THE_ROOTS,
  'core/cli': BELOW_THE_ROOTS,
  'electron/main': ['core/lib', 'core/contract', 'core/rpc', 'core/import', 'core/platform/linux/dbus'],
  'electron/preload': ['core/lib', 'core/contract'],
  renderer: ['core/lib', 'core/contract'],
};

/** Rooms without input or output: time and randomness are arguments there. */
export const PURE_ROOMS: readonly string[] = [
  'core/lib',
  'core/contract',
  'core/wire',
  'core/pki',
  'core/eap',
  'core/ike',
  'core/net',
  'core/ipsec',
  'core/import',
  'core/vpn/machine',
  'core/vpn/trust',
];

/** Globals that reach the outside world or the clock, forbidden in the pure rooms. */
export const IMPURE_GLOBALS: readonly string[] = [
  'console',
  'process',
  'fetch',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'crypto',
  'WebSocket',
];

/** Members of otherwise harmless globals that read the clock or a random source. */
export const IMPURE_MEMBERS: readonly { object: string; property: string }[] = [
  { object: 'Date', property: 'now' },
  { object: 'Math', property: 'random' },
];

/** The only Node modules that a pure room may import: they compute and touch nothing. */
export const PURE_NODE_MODULES: readonly string[] = ['node:crypto', 'node:buffer'];

/** Lines that a source file may have. A longer file has a seam that nobody has found yet. */
export const MAX_FILE_LINES = 450;

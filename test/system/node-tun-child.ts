import assert from 'node:assert/strict';
import { LIFE_SCENARIOS } from './node-tun-life-scenarios.ts';
import { NETLINK_SCENARIOS } from './node-tun-netlink-scenarios.ts';
import { TUN_SCENARIOS } from './node-tun-tun-scenarios.ts';
import { UDP_SCENARIOS } from './node-tun-udp-scenarios.ts';

/*
 * What the tests of node-tun run inside a namespace: `node node-tun-child.ts <scenario> [arguments]`. A scenario
 * that ends with status 0 held; everything else is on stderr.
 */

const [, , name = '', ...rest] = process.argv;
const scenario = { ...TUN_SCENARIOS, ...UDP_SCENARIOS, ...LIFE_SCENARIOS, ...NETLINK_SCENARIOS }[name];
assert.ok(scenario, `no scenario ${name}`);
await scenario(...rest);

/** Carries out the batch of ip on standard input over rtnetlink, with these arguments, and tells what came of it. */
import { readFileSync } from 'node:fs';
import { ipBatch } from '../../core/platform/linux/netlink/ip-batch.ts';
import { NetlinkSocket } from '../../core/node-tun/index.ts';

const done = ipBatch(process.argv.slice(2), readFileSync(0, 'utf8'), () => NetlinkSocket.open());
console.log(JSON.stringify(done ?? 'not understood'));

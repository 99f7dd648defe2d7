import assert from 'node:assert/strict';
import { formatAddress, parseAddress } from '../../core/net/address.ts';
import { parsePrefix } from '../../core/net/prefix.ts';
import { linuxPlatform } from '../../core/platform/linux/platform.ts';
import type { NetworkPlan } from '../../core/platform/ports.ts';

/*
 * A process that uses the Linux platform inside a namespace: `node platform-child.ts <command> [arguments]`.
 * What it has to say goes to standard output, a line of JSON each.
 */

const MARK = 0xca75;
const platform = linuxPlatform();

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

interface PlanText {
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly gateway?: string;
}

function planOf(device: string, { addresses, routes, gateway }: PlanText): NetworkPlan {
  return {
    tun: { name: device, mtu: 1380 },
    addresses: addresses.map((text) => parsePrefix(text)!),
    routes: routes.map((text) => parsePrefix(text)!),
    bypassMark: MARK,
    ...(gateway === undefined ? {} : { gateway: parseAddress(gateway)! }),
  };
}

const commands: Record<string, (...args: string[]) => Promise<void>> = {
  preflight: async () => {
    say((await platform.preflight()) ?? 'ready');
  },

  resolve: async (host) => {
    const found = await platform.resolve(host);
    say(found.ok ? found.value.map(formatAddress) : found.error);
  },

  /**
   * Applies each plan (JSON) in turn, waiting for a line on standard input between them, and clears and ends
   * after the last line. Without `tidy` it closes the device before it clears, as a driver might.
   */
  hold: async (order, ...plans) => {
    const problem = await platform.preflight();
    if (problem !== undefined) {
      say(problem);
      return;
    }
    const opened = platform.openTun({ mtu: 1380 });
    assert.ok(opened.ok, JSON.stringify(opened));
    const tun = opened.value;
    const lines = process.stdin.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
    for (const text of plans) {
      const startedAtMs = performance.now();
      const applied = await platform.routes.apply(planOf(tun.name, JSON.parse(text) as PlanText));
      say(applied.ok ? { device: tun.name, tookMs: performance.now() - startedAtMs } : applied.error);
      await lines.next();
    }
    if (order !== 'tidy') tun.close();
    const cleared = await platform.routes.clear();
    tun.close();
    say(cleared.ok ? 'cleared' : cleared.error);
    process.stdin.destroy();
  },

  /** A socket with the mark; a second one that wants the same port gets another. */
  sockets: async () => {
    const request = { family: 4, preferredPort: 4500, mark: MARK } as const;
    const [first, second] = [platform.openUdp(request), platform.openUdp(request)];
    assert.ok(first.ok && second.ok);
    say([first.value.localPort, second.value.localPort]);
    first.value.close();
    second.value.close();
    const refused = platform.openUdp({ family: 4, preferredPort: 70_000, mark: MARK });
    say(refused.ok ? 'opened' : refused.error);
    await Promise.resolve();
  },
};

const [, , name = '', ...rest] = process.argv;
const command = commands[name];
assert.ok(command, `no command ${name}`);
await command(...rest);

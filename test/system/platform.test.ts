import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NetLab, waitFor } from '../support/netns.ts';
import type { Namespace } from '../support/netns.ts';

const CHILD = fileURLToPath(new URL('platform-child.ts', import.meta.url));

const SPLIT = { addresses: ['10.5.0.7'], routes: ['10.0.0.0/8', '192.168.40.0/24', 'fd00::/8'] };
const FULL = { addresses: ['10.5.0.7', 'fd05::7'], routes: ['0.0.0.0/0', '::/0'] };

/** A process that holds plans; each line it says is one answer. */
class Holder {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(ns: Namespace, order: 'tidy' | 'untidy', ...plans: readonly object[]) {
    const argv = [process.execPath, CHILD, 'hold', order, ...plans.map((plan) => JSON.stringify(plan))];
    this.child = ns.spawn(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  async says(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done === true) assert.fail('the holder ended');
    return JSON.parse(line.value);
  }

  /** Waits for the next plan to be in place. */
  async applied(): Promise<{ readonly device: string }> {
    const said = (await this.says()) as { device: string };
    assert.ok(typeof said.device === 'string', JSON.stringify(said));
    return said;
  }

  next(): void {
    this.child.stdin?.write('\n');
  }

  /** Ends it with SIGKILL and waits until it is gone. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}

/** Everything that a plan may change, as the kernel tells it. */
function picture(ns: Namespace): Record<string, string> {
  const parameter = 'cat /proc/sys/net/ipv4/conf/*/src_valid_mark /proc/sys/net/ipv4/conf/*/rp_filter';
  return {
    links: ns.ip('-details', 'link', 'show'),
    addresses: ns.ip('address', 'show'),
    rules: ns.ip('rule', 'show'),
    rules6: ns.ip('-6', 'rule', 'show'),
    routes: ns.ip('route', 'show', 'table', 'all'),
    // The kernel counts down and refreshes what it learned by itself.
    routes6: ns.ip('-6', 'route', 'show', 'table', 'all').replace(/ expires \d+sec/g, ''),
    nft: ns.run(['/usr/sbin/nft', 'list', 'ruleset']),
    parameters: ns.run(['/bin/sh', '-c', parameter]),
  };
}

/** The way that a packet to `to` would take: its device. */
function deviceTo(ns: Namespace, to: string, mark?: number): string | undefined {
  const marked = mark === undefined ? [] : ['mark', String(mark)];
  return /\bdev (\S+)/.exec(ns.ip('route', 'get', to, ...marked))?.[1];
}

async function child(ns: Namespace, ...args: readonly string[]): Promise<unknown[]> {
  const { status, stdout, stderr } = await ns.execAsync([process.execPath, CHILD, ...args]);
  assert.equal(status, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

function journalOf(ns: Namespace): string {
  const inode = ns.run(['/usr/bin/readlink', '/proc/self/ns/net']).replace(/\D/g, '');
  return `/run/causeway/net-${inode}.json`;
}

describe('the platform in a network namespace', { skip: NetLab.unavailable() }, () => {
  const lab = NetLab.create('platform');
  after(() => lab.destroy());
  const host = lab.namespace('host');
  const router = lab.namespace('router');
  lab.link(host, router, {
    addrA: ['192.168.7.2/24', '2001:db8:7::2/64', 'fd77::2/64'],
    addrB: ['192.168.7.1/24', '2001:db8:7::1/64', 'fd77::1/64'],
  });
  lab.route(host, 'default', 'via', '192.168.7.1');
  lab.route(host, 'default', 'via', '2001:db8:7::1');
  // What a user may have set up already.
  lab.route(host, '10.80.0.0/16', 'via', '192.168.7.1');
  host.ip('rule', 'add', 'pref', '5210', 'fwmark', '0x80000', 'lookup', 'main');

  test('a split tunnel takes what it names and leaves the rest, and goes without a trace', async () => {
    const before = picture(host);
    const holder = new Holder(host, 'tidy', SPLIT);
    const { device } = await holder.applied();
    assert.equal(device, 'causeway0');
    assert.equal(deviceTo(host, '10.1.2.3'), device);
    assert.equal(deviceTo(host, 'fd12::1'), device);
    assert.equal(deviceTo(host, '203.0.113.5'), 'eth0');
    assert.equal(deviceTo(host, '10.1.2.3', 0xca75), 'eth0', 'our own packets go past the tunnel');
    assert.equal(deviceTo(host, 'fd12::1', 0xca75), 'eth0');
    assert.match(host.ip('route', 'get', '10.1.2.3'), /src 10\.5\.0\.7/);
    assert.match(host.ip('address', 'show', 'dev', device), /mtu 1380/);
    assert.doesNotMatch(host.ip('address', 'show', 'dev', device), /fe80/, 'no link-local address');
    assert.doesNotMatch(host.ip('route', 'show'), /causeway0/, 'the main table is as it was');
    assert.doesNotMatch(host.ip('-6', 'route', 'show'), /causeway0/);
    holder.next();
    assert.equal(await holder.says(), 'cleared');
    await waitFor(() => holder.child.exitCode !== null, 5000, 'the holder to end by itself');
    assert.deepEqual(picture(host), before);
    assert.equal(existsSync(journalOf(host)), false);
  });

  test('a full tunnel leaves the local network and its routes reachable', async () => {
    const before = picture(host);
    const holder = new Holder(host, 'untidy', FULL);
    const { device } = await holder.applied();
    for (const away of ['203.0.113.5', '2001:db8:ffff::1']) assert.equal(deviceTo(host, away), device);
    for (const near of ['192.168.7.9', 'fd77::9', '10.80.1.1']) assert.equal(deviceTo(host, near), 'eth0');
    assert.equal(deviceTo(host, '203.0.113.5', 0xca75), 'eth0');
    assert.equal(deviceTo(host, '2001:db8:ffff::1', 0xca75), 'eth0');
    holder.next();
    assert.equal(await holder.says(), 'cleared');
    await waitFor(() => holder.child.exitCode !== null, 5000, 'the holder to end by itself');
    assert.deepEqual(picture(host), before);
  });

  test('routes that a network gives out lead nothing past a full tunnel', async () => {
    const before = picture(host);
    const holder = new Holder(host, 'untidy', FULL);
    const { device } = await holder.applied();
    const given = ['0.0.0.0/1', '128.0.0.0/1', '203.0.113.0/24', '2000::/3'];
    for (const prefix of given)
      lab.route(host, prefix, 'via', prefix.includes(':') ? '2001:db8:7::1' : '192.168.7.1');
    for (const away of ['203.0.113.5', '8.8.8.8', '192.0.2.1', '2001:db8:ffff::1', '2001:db8:7::9'])
      assert.equal(deviceTo(host, away), device, away);
    for (const prefix of given) host.ip('route', 'del', prefix);
    holder.next();
    assert.equal(await holder.says(), 'cleared');
    await waitFor(() => holder.child.exitCode !== null, 5000, 'the holder to end by itself');
    assert.deepEqual(picture(host), before);
  });

  test('a second plan on the same device gives what it gives from scratch', async () => {
    const scratch = new Holder(host, 'tidy', FULL);
    await scratch.applied();
    const wanted = picture(host);
    scratch.next();
    assert.equal(await scratch.says(), 'cleared');

    const other = { addresses: ['10.5.0.9', 'fd05::9'], routes: ['10.0.0.0/8', '::/0'] };
    const holder = new Holder(host, 'tidy', SPLIT, other, FULL);
    for (let i = 0; i < 3; i++) {
      if (i > 0) holder.next();
      await holder.applied();
    }
    assert.deepEqual(comparable(picture(host)), comparable(wanted));
    holder.next();
    assert.equal(await holder.says(), 'cleared');
  });

  test('a process that was killed is repaired by the next one, which it would have refused while alive', async () => {
    const before = picture(host);
    const holder = new Holder(host, 'tidy', FULL);
    await holder.applied();
    assert.notDeepEqual(picture(host), before);

    const journal = journalOf(host);
    assert.equal(statSync(journal).mode & 0o777, 0o600);
    assert.equal(statSync('/run/causeway').mode & 0o777, 0o700);
    const { owner } = JSON.parse(readFileSync(journal, 'utf8')) as { owner: { pid: number } };
    assert.equal(owner.pid, holder.child.pid);
    const [refused] = (await child(host, 'preflight')) as [{ code: string; context: object }];
    assert.equal(refused.code, 'platform.already-running');
    assert.deepEqual(refused.context, { pid: holder.child.pid, name: 'causeway0' });

    await holder.kill();
    assert.notDeepEqual(picture(host), before, 'the rules outlive the process');
    assert.deepEqual(await child(host, 'preflight'), ['ready']);
    assert.deepEqual(picture(host), before);
    assert.equal(existsSync(journal), false);
  });

  test('a process with the number of the killed one is not taken for it', async () => {
    const before = picture(host);
    const holder = new Holder(host, 'tidy', SPLIT);
    await holder.applied();
    await holder.kill();
    const journal = journalOf(host);
    const text = readFileSync(journal, 'utf8');
    writeFileSync(journal, text.replace(`"pid": ${holder.child.pid}`, `"pid": ${process.pid}`));
    assert.deepEqual(await child(host, 'preflight'), ['ready']);
    assert.deepEqual(picture(host), before);
  });

  test('a rule that is in the way is a failure that says so, and leaves no trace', async () => {
    host.ip('rule', 'add', 'pref', '15511', 'not', 'fwmark', '0xca75', 'lookup', '51510');
    const before = picture(host);
    const holder = new Holder(host, 'tidy', SPLIT);
    const said = (await holder.says()) as { code: string; context: Record<string, string> };
    assert.equal(said.code, 'platform.route-failed');
    assert.equal(said.context['detail'], 'RTNETLINK answers: File exists');
    assert.equal(existsSync(journalOf(host)), false);
    await holder.kill();
    // The rule that was in the way is the very one that undoing takes away; everything else is as before.
    const after = picture(host);
    assert.deepEqual({ ...after, rules: '' }, { ...before, rules: '' });
  });

  test('with IPv6 switched off an IPv6 address is an address failure, and leaves no trace', async () => {
    const alone = lab.namespace('four');
    alone.sysctl('net.ipv6.conf.default.disable_ipv6', 1);
    alone.sysctl('net.ipv6.conf.all.disable_ipv6', 1);
    const before = picture(alone);
    const holder = new Holder(alone, 'tidy', FULL);
    const said = (await holder.says()) as { code: string; context: Record<string, string> };
    assert.equal(said.code, 'platform.address-failed');
    assert.equal(said.context['address'], 'fd05::7');
    assert.equal(said.context['leftover'], undefined);
    assert.equal(existsSync(journalOf(alone)), false);
    await holder.kill();
    assert.deepEqual(picture(alone), before);
  });

  test('sockets fall back to another port when theirs is taken', async () => {
    const [[first, second], refused] = (await child(host, 'sockets')) as [[number, number], { code: string }];
    assert.equal(first, 4500);
    assert.notEqual(second, 4500);
    assert.equal(refused.code, 'platform.socket-failed');
  });

  test('names are looked up as the system does, from its hosts file here', async () => {
    const named = lab.namespace('named');
    named.etc('hosts', '192.0.2.7 gw.cw.example\n2001:db8::7 gw.cw.example\n');
    named.etc('resolv.conf', '# none\n');
    const [addresses] = (await child(named, 'resolve', 'gw.cw.example')) as [string[]];
    assert.deepEqual(addresses.toSorted(), ['192.0.2.7', '2001:db8::7']);
    assert.deepEqual(await child(named, 'resolve', '2001:DB8::0'), [['2001:db8::']]);
  });

  test('without root the first thing said is that', async () => {
    const argv = [
      '/usr/bin/setpriv',
      '--reuid',
      '65534',
      '--clear-groups',
      process.execPath,
      CHILD,
      'preflight',
    ];
    const { stdout, stderr } = await host.execAsync(argv);
    assert.equal((JSON.parse(stdout || '{}') as { code?: string }).code, 'platform.not-root', stderr);
  });
});

describe('a strict rp_filter', { skip: NetLab.unavailable() }, () => {
  const lab = NetLab.create('rpfilter');
  after(() => lab.destroy());

  test('does not drop what the gateway answers to marked packets, and is as before afterwards', async () => {
    const host = lab.namespace('host');
    const gateway = lab.namespace('gateway');
    lab.link(host, gateway, { addrA: ['192.168.7.2/24'], addrB: ['192.168.7.1/24'] });
    lab.route(host, 'default', 'via', '192.168.7.1');
    gateway.ip('address', 'add', '203.0.113.1/32', 'dev', 'lo');
    host.sysctl('net.ipv4.conf.all.rp_filter', 1);
    const before = picture(host);
    const echo = startEcho(gateway);
    await echo.ready;

    const holder = new Holder(host, 'tidy', {
      addresses: ['10.5.0.7'],
      routes: ['0.0.0.0/0'],
      gateway: '203.0.113.1',
    });
    await holder.applied();
    await askEcho(host);
    host.run(['/usr/sbin/nft', 'delete', 'table', 'inet', 'causeway_marks']);
    await assert.rejects(askEcho(host), 'without the marks the answer is dropped: the test would see that');
    holder.next();
    assert.equal(await holder.says(), 'cleared');
    await waitFor(() => holder.child.exitCode !== null, 5000, 'the holder to end by itself');
    assert.deepEqual(picture(host), before);
  });
});

const ASK = fileURLToPath(new URL('platform-echo-child.ts', import.meta.url));

function startEcho(ns: Namespace): { readonly ready: Promise<unknown> } {
  const echo = ns.spawn([process.execPath, ASK, 'answer'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { ready: new Promise((resolve) => echo.stdout?.once('data', resolve)) };
}

/** Asks the echo at 203.0.113.1 from a marked socket; rejects when no answer comes. */
async function askEcho(ns: Namespace): Promise<void> {
  const { status, stderr } = await ns.execAsync([process.execPath, ASK, 'ask'], { timeoutMs: 10_000 });
  assert.equal(status, 0, stderr);
}

/** Without the numbers of interfaces and what else grows with each device that was made. */
function comparable(pictured: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pictured).map(([name, text]) => [
      name,
      text
        .replace(/^\d+: /gm, '')
        .split('\n')
        .sort()
        .join('\n'),
    ]),
  );
}

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { NetLab, waitFor } from '../support/netns.ts';
import { Relay } from '../support/relay/relay.ts';
import { RelayProcess } from '../support/relay/spawn.ts';
import type { RelayConfig } from '../support/relay/types.ts';

const LOOPBACK = '127.0.0.1';

/** A gateway that echoes, on loopback, and knows where everything came from. */
interface Echo {
  readonly port: number;
  readonly socket: Socket;
  readonly seen: { readonly text: string; readonly port: number; readonly address: string }[];
}

async function bound(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  socket.setRecvBufferSize(4 * 1024 * 1024);
  t.after(() => socket.close());
  return socket;
}

async function echo(t: TestContext): Promise<Echo> {
  const socket = await bound(t);
  const seen: Echo['seen'] = [];
  socket.on('message', (octets, { address, port }) => {
    seen.push({ text: octets.toString(), address, port });
    socket.send(octets, port, address);
  });
  return { socket, port: socket.address().port, seen };
}

/** A relay in this process before an echoing gateway, and a client that writes down what comes back. */
async function rig(t: TestContext, config: Partial<RelayConfig> = {}) {
  const gateway = await echo(t);
  const relay = await Relay.open({
    doors: [{ listen: { address: LOOPBACK, port: 0 }, gateway: { address: LOOPBACK, port: gateway.port } }],
    ...config,
  });
  t.after(() => relay.close());
  const client = await bound(t);
  const got: string[] = [];
  client.on('message', (octets) => got.push(octets.toString()));
  const send = (text: string): void => client.send(text, relay.doors[0]?.port ?? 0, LOOPBACK);
  return { gateway, relay, client, got, send };
}

test('datagrams go up and down, from one place for as long as the mapping lives', async (t) => {
  const { gateway, got, send, relay } = await rig(t);
  for (const text of ['a', 'b', 'c']) send(text);
  await waitFor(() => got.length === 3, 2000, 'three echoes');
  assert.deepEqual(got, ['a', 'b', 'c']);
  assert.equal(new Set(gateway.seen.map(({ port }) => port)).size, 1);
  const { up, down, mappings } = await relay.handle({ command: 'counters' });
  assert.deepEqual([up.received, up.forwarded, up.receivedOctets], [3, 3, 3]);
  assert.deepEqual([down.received, down.forwarded], [3, 3]);
  assert.equal(mappings[0]?.port, gateway.seen[0]?.port);
});

test('two clients have two mappings, and each gets its own echoes', async (t) => {
  const { gateway, relay, got, send } = await rig(t);
  const other = await bound(t);
  const otherGot: string[] = [];
  other.on('message', (octets) => otherGot.push(octets.toString()));
  send('one');
  other.send('two', relay.doors[0]?.port ?? 0, LOOPBACK);
  await waitFor(() => got.length + otherGot.length === 2, 2000, 'two echoes');
  assert.deepEqual([got, otherGot], [['one'], ['two']]);
  assert.equal(new Set(gateway.seen.map(({ port }) => port)).size, 2);
});

test('after a rebinding the client comes from another port, and what is for the old one is dropped', async (t) => {
  const { gateway, relay, got, send } = await rig(t);
  send('before');
  await waitFor(() => got.length === 1, 2000, 'an echo');
  const old = gateway.seen[0]?.port ?? 0;
  await relay.handle({ command: 'rebind' });
  gateway.socket.send('to the old', old, LOOPBACK);
  await waitFor(
    async () => (await relay.handle({ command: 'counters' })).down.unmapped === 1,
    2000,
    'a datagram for a mapping that is gone',
  );
  send('after');
  await waitFor(() => got.length === 2, 2000, 'another echo');
  assert.deepEqual(got, ['before', 'after']);
  assert.notEqual(gateway.seen[1]?.port, old);
});

test('a rebinding of the address takes the next one', async (t) => {
  const { gateway, relay, got, send } = await rig(t, { outside: ['127.0.0.2', '127.0.0.3'] });
  for (const [index, address] of ['127.0.0.2', '127.0.0.3', '127.0.0.2'].entries()) {
    send(address);
    await waitFor(() => got.length === index + 1, 2000, `an echo to ${address}`);
    assert.equal(gateway.seen[index]?.address, address);
    await relay.handle({ command: 'rebind', address: true });
  }
});

test('a mapping is forgotten when nothing went up for the idle time, whatever comes down', async (t) => {
  const { gateway, got, send } = await rig(t, { idleMs: 150 });
  send('first');
  await waitFor(() => got.length === 1, 2000, 'an echo');
  const { port } = gateway.seen[0]!;
  for (let i = 0; i < 3; i++) {
    await sleep(80);
    gateway.socket.send(`unasked ${i}`, port, LOOPBACK);
  }
  await waitFor(() => got.includes('unasked 0'), 2000, 'what came in time');
  await sleep(50);
  send('later');
  await waitFor(() => got.includes('later'), 2000, 'an echo over a new mapping');
  assert.ok(!got.includes('unasked 2'));
  assert.notEqual(gateway.seen[1]?.port, port);
});

test('a dead path drops everything in the directions that are dead', async (t) => {
  const { gateway, relay, got, send } = await rig(t);
  await relay.handle({ command: 'block', up: false, down: true });
  send('heard');
  await waitFor(() => gateway.seen.length === 1, 2000, 'a datagram at the gateway');
  await relay.handle({ command: 'block', up: true, down: false });
  send('unheard');
  await waitFor(
    async () => (await relay.handle({ command: 'counters' })).up.blocked === 1,
    2000,
    'a blocked datagram',
  );
  await relay.handle({ command: 'block', up: false, down: false });
  send('again');
  await waitFor(() => got.length === 1, 2000, 'an echo');
  assert.deepEqual(got, ['again']);
  assert.deepEqual(
    gateway.seen.map(({ text }) => text),
    ['heard', 'again'],
  );
});

test('what befalls datagrams is what was asked for, and the same again for the same seed', async (t) => {
  const run = async (): Promise<string[]> => {
    const { gateway, relay, send } = await rig(t, {
      seed: 42,
      up: { loss: 0.3, duplication: 0.1, delayMs: 20, reordering: 0.2 },
    });
    for (let i = 0; i < 200; i++) send(String(i));
    const counters = async () => (await relay.handle({ command: 'counters' })).up;
    await waitFor(async () => (await counters()).received === 200, 2000, 'all datagrams');
    const { lost, duplicated, heldBack } = await counters();
    await waitFor(() => gateway.seen.length === 200 - lost + duplicated, 2000, 'those that are left');
    assert.ok(lost > 30 && lost < 90 && duplicated > 3 && heldBack > 10);
    return gateway.seen.map(({ text }) => text);
  };
  const first = await run();
  assert.notDeepEqual(
    first,
    first.toSorted((a, b) => Number(a) - Number(b)),
  );
  const byNumber = (texts: string[]): string[] => texts.toSorted((a, b) => Number(a) - Number(b));
  assert.deepEqual(byNumber(await run()), byNumber(first));
});

test(
  'a program in a namespace carries four thousand datagrams a second both ways',
  {
    skip: NetLab.unavailable(),
  },
  async (t) => {
    const lab = NetLab.create('relay');
    t.after(() => lab.destroy());
    const place = lab.namespace('one');
    const relay = await RelayProcess.start(place, {
      doors: [{ listen: { address: LOOPBACK, port: 4500 }, gateway: { address: LOOPBACK, port: 4501 } }],
    });
    const argv = [process.execPath, '-e', PUMP, '4500', '4501', '4000', '2'];
    const { status, stdout, stderr } = await place.execAsync(argv);
    assert.equal(status, 0, stderr);
    const { up, down } = await relay.counters();
    assert.deepEqual(JSON.parse(stdout), { sent: 8000, echoed: 8000 });
    assert.deepEqual([up.forwarded, down.forwarded], [8000, 8000]);
    assert.deepEqual((await relay.block()).mappings.length, 1);
    await relay.stop();
  },
);

/** Sends datagrams of 1,400 octets at a rate to the relay, and echoes them behind it. */
const PUMP = `
  const [relay, own, rate, seconds] = process.argv.slice(1).map(Number);
  const { createSocket } = require('node:dgram');
  const [gateway, client] = [createSocket('udp4'), createSocket('udp4')];
  const total = rate * seconds;
  let [sent, echoed] = [0, 0];
  const end = () => { console.log(JSON.stringify({ sent, echoed })); process.exit(0); };
  gateway.on('message', (octets, from) => gateway.send(octets, from.port, from.address));
  client.on('message', () => { echoed += 1; if (echoed === total) end(); });
  gateway.bind(own, '127.0.0.1', () => gateway.setRecvBufferSize(4e6));
  client.bind(0, '127.0.0.1', () => {
    client.setRecvBufferSize(4e6);
    client.connect(relay, '127.0.0.1');
  });
  client.on('connect', () => {
    const began = performance.now();
    const payload = Buffer.alloc(1400);
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - began) * rate) / 1000));
      for (; sent < due; sent += 1) client.send(payload);
      if (sent < total) return;
      clearInterval(timer);
      setTimeout(end, 2000);
    }, 1);
  });
`;

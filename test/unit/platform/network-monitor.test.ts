import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { concat } from '../../../core/lib/bytes.ts';
import type { LogLevel } from '../../../core/lib/ports.ts';
import { NO_NETWORK, type NetworkState } from '../../../core/net/network-state.ts';
import { openNetworkMonitor } from '../../../core/platform/linux/network-monitor.ts';
import { RouteMessage } from '../../../core/platform/linux/netlink/message.ts';
import type { NetworkMonitor } from '../../../core/platform/ports.ts';
import {
  addressBody,
  FakeKernel,
  FakeTimers,
  linkBody,
  message,
  routeBody,
  systemError,
} from './fake-kernel.ts';

interface Rig {
  readonly kernel: FakeKernel;
  readonly timers: FakeTimers;
  readonly monitor: NetworkMonitor;
  readonly told: NetworkState[];
  readonly logged: [LogLevel, string][];
}

/** A monitor over a laptop that is plugged in. */
function watch(t: TestContext): Rig {
  const kernel = new FakeKernel();
  kernel.plugIn();
  const timers = new FakeTimers();
  const logged: [LogLevel, string][] = [];
  const opened = openNetworkMonitor({
    log: (level, event) => logged.push([level, event]),
    open: kernel.open,
    timers,
  });
  assert.ok(opened.ok);
  const told: NetworkState[] = [];
  opened.value.changes((state) => told.push(state));
  t.after(() => opened.value.close());
  return { kernel, timers, monitor: opened.value, told, logged };
}

/** 'eth0: addresses, routes' of each link. */
function shape(state: NetworkState | undefined): string[] | undefined {
  return state?.links.map(({ name, addresses, routes }) => `${name}: ${addresses.length}, ${routes.length}`);
}

describe('what there is', () => {
  test('is links that can carry packets, with their addresses and routes, but not the loopback', (t) => {
    const { monitor, told } = watch(t);
    assert.deepEqual(shape(monitor.current()), ['eth0: 1, 2']);
    assert.deepEqual(told, []);
  });

  test('is without our own tunnel, and without routes of other tables', (t) => {
    const { kernel, monitor } = watch(t);
    kernel.links.push(linkBody(3, 'causeway0'), linkBody(4, 'causeway-lan'));
    kernel.addresses.push(addressBody(3, '10.0.0.1/32'));
    kernel.routes.push(routeBody(3, '10.0.0.0/8'), routeBody(2, '10.1.0.0/16', '192.0.2.1', 77));
    kernel.sayLink();
    assert.deepEqual(shape(monitor.current()), ['eth0: 1, 2', 'causeway-lan: 0, 0']);
  });

  test('leaves out a message that cannot be read, and nothing else', (t) => {
    const { kernel, monitor } = watch(t);
    kernel.addresses.unshift(Uint8Array.of(2, 24, 0), addressBody(2, '192.0.2.11/24'));
    kernel.sayLink();
    assert.deepEqual(shape(monitor.current()), ['eth0: 2, 2']);
  });
});

describe('a change', () => {
  test('is told once it has been quiet for twenty milliseconds', (t) => {
    const { kernel, timers, told, monitor } = watch(t);
    kernel.links = [];
    kernel.sayLink();
    timers.pass(19);
    kernel.sayLink();
    timers.pass(19);
    assert.deepEqual(told, []);
    timers.pass(1);
    assert.deepEqual(told, [NO_NETWORK]);
    assert.equal(monitor.current(), told[0]);
    timers.pass(10_000);
    assert.equal(told.length, 1);
    assert.equal(timers.pending, 0);
  });

  test('is told after a hundred milliseconds when it is never quiet', (t) => {
    const { kernel, timers, told } = watch(t);
    for (let ms = 0; ms < 300; ms += 10) {
      kernel.addresses.push(addressBody(2, `10.0.${ms >> 8}.${ms & 255}/32`));
      kernel.sayLink();
      timers.pass(10);
    }
    timers.pass(20);
    const addresses = told.map(({ links }) => links[0]?.addresses.length);
    assert.deepEqual(addresses, [11, 21, 31]);
  });

  test('of our own device is not looked at, and is again when its number is another’s', (t) => {
    const { kernel, monitor } = watch(t);
    const dumps = kernel.dumps;
    const { NEW_LINK, DEL_LINK, NEW_ADDRESS } = RouteMessage;
    kernel.say(
      message(NEW_LINK, linkBody(9, 'causeway0')),
      message(NEW_ADDRESS, addressBody(9, '10.0.0.7/32')),
    );
    monitor.current();
    kernel.say(message(DEL_LINK, linkBody(9, 'causeway0')));
    monitor.current();
    assert.equal(kernel.dumps, dumps);
    kernel.say(message(NEW_ADDRESS, addressBody(9, '192.0.2.11/24')));
    monitor.current();
    assert.ok(kernel.dumps > dumps);
  });

  test('that was lost is looked for, and ours may be another’s by then', (t) => {
    const { kernel, monitor } = watch(t);
    kernel.say(message(RouteMessage.NEW_LINK, linkBody(9, 'causeway0')));
    kernel.overflow();
    monitor.current();
    const dumps = kernel.dumps;
    kernel.say(message(RouteMessage.NEW_ADDRESS, addressBody(9, '192.0.2.11/24')));
    monitor.current();
    assert.ok(kernel.dumps > dumps);
  });

  test('that changes nothing is not told, and neither is one that was taken back', (t) => {
    const { kernel, timers, told } = watch(t);
    kernel.sayLink();
    timers.pass(1_000);
    kernel.links = [];
    kernel.sayLink();
    timers.pass(10);
    kernel.plugIn();
    kernel.sayLink();
    timers.pass(1_000);
    assert.deepEqual(told, []);
  });

  test('of a route in another table is not even looked at', (t) => {
    const { kernel, timers } = watch(t);
    const before = kernel.dumps;
    kernel.say(message(24, routeBody(2, '10.0.0.0/8', '192.0.2.1', 252)));
    kernel.say(message(25, routeBody(2, '10.0.0.0/8', '192.0.2.1', 255)));
    assert.equal(timers.pending, 0);
    kernel.say(message(25, routeBody(2, '10.0.0.0/8', '192.0.2.1')));
    timers.pass(20);
    assert.ok(kernel.dumps > before);
  });

  test('is known at once to whoever asks, before the loop had its turn, and told later all the same', (t) => {
    const { kernel, timers, monitor, told } = watch(t);
    kernel.links = [];
    kernel.sockets[0]?.wait(message(17, linkBody(2, 'eth0', 0)));
    assert.deepEqual(monitor.current(), NO_NETWORK);
    const dumps = kernel.dumps;
    assert.deepEqual(monitor.current(), NO_NETWORK);
    assert.equal(kernel.dumps, dumps, 'nothing was said in between');
    assert.deepEqual(told, []);
    timers.pass(20);
    assert.deepEqual(told, [NO_NETWORK]);
  });

  test('that is taken back is told when somebody has seen it in between', (t) => {
    const { kernel, timers, told, monitor } = watch(t);
    const { links } = kernel;
    kernel.links = [];
    kernel.sayLink();
    assert.deepEqual(monitor.current(), NO_NETWORK);
    kernel.links = links;
    kernel.sayLink();
    timers.pass(20);
    assert.deepEqual(told.map(shape), [['eth0: 1, 2']]);
    kernel.sayLink();
    timers.pass(20);
    assert.equal(told.length, 1);
  });

  test('is told to everybody who still listens', (t) => {
    const { kernel, timers, monitor } = watch(t);
    const heard: string[] = [];
    const second = { end: (): void => undefined };
    const first = monitor.changes(() => {
      heard.push('first');
      first();
      second.end();
    });
    second.end = monitor.changes(() => heard.push('second'));
    monitor.changes(() => heard.push('third'));
    kernel.links = [];
    kernel.sayLink();
    timers.pass(20);
    assert.deepEqual(heard, ['first', 'third']);
  });
});

describe('trouble', () => {
  test('messages that were lost, and octets that are none, make it look', (t) => {
    const { kernel, timers, told } = watch(t);
    kernel.links = [];
    kernel.overflow();
    timers.pass(20);
    assert.equal(told.length, 1);
    kernel.plugIn();
    kernel.say(Uint8Array.of(1, 2, 3));
    timers.pass(20);
    assert.deepEqual(told.map(shape), [[], ['eth0: 1, 2']]);
  });

  for (const mishap of ['interrupted', 'overflow'] as const) {
    test(`an answer with holes (${mishap}) is asked for again`, (t) => {
      const { kernel, timers, told } = watch(t);
      kernel.addresses.push(addressBody(2, '192.0.2.11/24'));
      kernel.mishaps.push(mishap, mishap);
      kernel.sayLink();
      timers.pass(20);
      assert.deepEqual(told.map(shape), [['eth0: 2, 2']]);
      assert.equal(kernel.mishaps.length, 0);
    });
  }

  test('an answer that is interrupted again and again is believed in the end', (t) => {
    const { kernel, timers, told } = watch(t);
    kernel.addresses.push(addressBody(2, '192.0.2.11/24'));
    kernel.mishaps.push(...Array.from({ length: 10 }, () => 'interrupted' as const));
    kernel.sayLink();
    timers.pass(20);
    assert.deepEqual(told.map(shape), [['eth0: 2, 2']]);
  });

  test('a family that the kernel does not have is a family without addresses', (t) => {
    const { kernel, timers, told, logged } = watch(t);
    kernel.addresses = [];
    kernel.mishaps.push('interrupted', { errno: 97 }, { errno: 95 }, { errno: 2 });
    kernel.sayLink();
    timers.pass(20);
    assert.equal(kernel.mishaps.length, 0);
    assert.equal(told.length, 1);
    assert.deepEqual(logged, [['debug', 'network-changed']]);
  });

  for (const mishap of ['unended', 'garbage', { errno: 12 }] as const) {
    test(`no answer (${JSON.stringify(mishap)}) leaves what was known, and is asked for again`, (t) => {
      const { kernel, timers, told, monitor, logged } = watch(t);
      kernel.links = [];
      kernel.mishaps.push(mishap);
      kernel.sayLink();
      timers.pass(20);
      assert.deepEqual(told, []);
      assert.deepEqual(shape(monitor.current()), ['eth0: 1, 2']);
      assert.deepEqual(logged, [['warn', 'network-unreadable']]);
      timers.pass(1_000);
      assert.deepEqual(told, [NO_NETWORK]);
    });
  }
});

describe('the end', () => {
  test('closes both sockets, and nothing is told any more', (t) => {
    const { kernel, timers, told, monitor } = watch(t);
    kernel.links = [];
    kernel.sayLink();
    monitor.close();
    assert.equal(timers.pending, 0);
    assert.deepEqual(
      kernel.sockets.map(({ closings }) => closings),
      [1, 1],
    );
    assert.deepEqual(shape(monitor.current()), ['eth0: 1, 2'], 'what was known last');
    assert.deepEqual(told, []);
  });

  test('is also that of a monitor that could not begin', () => {
    const log = (): void => undefined;
    const refusing = openNetworkMonitor({
      log,
      open: () => {
        throw systemError('EPERM', 'socket');
      },
    });
    assert.equal(!refusing.ok && refusing.error.code, 'platform.monitor-failed');
    assert.match(String(!refusing.ok && refusing.error.context['detail']), /EPERM/);
    const kernel = new FakeKernel();
    kernel.mishaps.push('unended');
    const mute = openNetworkMonitor({ log, open: kernel.open });
    assert.equal(!mute.ok && mute.error.code, 'platform.monitor-failed');
    assert.deepEqual(
      kernel.sockets.map(({ closings }) => closings),
      [1, 1],
    );
  });

  test('a flood gives others their turn', (t) => {
    const { kernel, timers } = watch(t);
    const socket = kernel.sockets[0];
    const link = message(16, linkBody(2, 'eth0'));
    for (let i = 0; i < 250; i++) socket?.wait(concat(link, link));
    socket?.arrive(link);
    let left = 0;
    while ((socket?.receive(new Uint8Array(1_000)) ?? 0) > 0) left++;
    assert.equal(left, 151);
    assert.equal(timers.pending, 1);
  });
});

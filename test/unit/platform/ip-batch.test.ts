import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { formatAddress } from '../../../core/net/address.ts';
import { formatPrefix } from '../../../core/net/prefix.ts';
import type { NetlinkPort } from '../../../core/platform/linux/netlink/dump.ts';
import { ipBatch } from '../../../core/platform/linux/netlink/ip-batch.ts';
import { readIpLine } from '../../../core/platform/linux/netlink/ip-line.ts';
import {
  Control,
  NATIVE_ORDER,
  RouteMessage,
  splitMessages,
  type NetlinkMessage,
} from '../../../core/platform/linux/netlink/message.ts';
import { readAddress, readRoute, type RouteValue } from '../../../core/platform/linux/netlink/values.ts';
import { doing, undoing, type Step } from '../../../core/platform/linux/steps.ts';
import { linkBody, message, systemError } from './fake-kernel.ts';

const DEVICE = 'causeway0';
const LINK = 7;
const BATCH = ['-batch', '-'];
const { errno } = constants;

/** A kernel that has one link, and refuses what a test says. */
class Kernel implements NetlinkPort {
  readonly changes: NetlinkMessage[] = [];
  closings = 0;
  readonly #refusals: readonly number[];
  readonly #waiting: (Uint8Array | Error)[] = [];
  isSilent = false;
  isBroken = false;

  /** `refusals`: the errno of each change, in order; none is 0. */
  constructor(refusals: readonly number[] = []) {
    this.#refusals = refusals;
  }

  send(octets: Uint8Array): void {
    if (this.isBroken) throw systemError('ENOBUFS', 'sendto');
    if (this.isSilent) return;
    const [request] = splitMessages(octets);
    assert.ok(request);
    const { sequence, body } = request;
    // Of an earlier request, and nobody's any more.
    this.#waiting.push(message(Control.ERROR, new Uint8Array(20), sequence - 1));
    if (request.type === RouteMessage.GET_LINK) {
      const isKnown = new TextDecoder().decode(body).includes(`${DEVICE}\0`);
      this.#waiting.push(
        isKnown
          ? message(RouteMessage.NEW_LINK, linkBody(LINK, DEVICE), sequence)
          : message(Control.ERROR, errorBody(errno.ENODEV), sequence),
      );
      return;
    }
    const error = this.#refusals[this.changes.length] ?? 0;
    this.changes.push({ ...request, body: body.slice() });
    this.#waiting.push(message(Control.ERROR, errorBody(error), sequence));
  }

  receive(into: Uint8Array): number {
    const next = this.#waiting.shift();
    if (next instanceof Error) throw next;
    into.set(next ?? new Uint8Array(0));
    return next?.length ?? 0;
  }

  onReadable(): void {
    throw new Error('nobody waits for an answer that is there');
  }

  close(): void {
    this.closings++;
  }
}

function errorBody(error: number): Uint8Array {
  const body = new Uint8Array(20);
  new DataView(body.buffer).setInt32(0, -error, NATIVE_ORDER === 'little');
  return body;
}

function run(kernel: Kernel, lines: readonly string[], args = BATCH): ReturnType<typeof ipBatch> {
  return ipBatch(args, `${lines.join('\n')}\n`, () => kernel);
}

function hopsText({ hops }: RouteValue): string {
  return hops.map((hop) => `${hop.link}${hop.gateway ? ' via a gateway' : ''}`).join(' ');
}

const STEPS: readonly Step[] = [
  { kind: 'link', device: DEVICE, mtu: 1400 },
  { kind: 'link', device: DEVICE, mtu: 1200 },
  { kind: 'address', device: DEVICE, address: '10.5.0.7' },
  { kind: 'address', device: DEVICE, address: 'fd05::7' },
  { kind: 'route', device: DEVICE, prefix: '10.0.0.0/8', source: '10.5.0.7' },
  { kind: 'route', device: DEVICE, prefix: '::/0', source: undefined },
  { kind: 'exception', prefix: '198.51.100.80/32' },
  { kind: 'exception', prefix: '2001:db8::7/128' },
  { kind: 'main-first', family: 4, to: '192.168.0.0/16' },
  { kind: 'main-first', family: 6, to: 'fc00::/7' },
  { kind: 'tunnel-rule', family: 4, mark: 0xca75 },
  { kind: 'tunnel-rule', family: 6, mark: 0xca75 },
  { kind: 'marked-route', device: DEVICE, family: 6, source: 'fd05::7' },
  { kind: 'marked-rule', family: 4, mark: 0xca76 },
];

describe('a batch of ip over rtnetlink', () => {
  test('understands every line that a step is carried out or undone by', () => {
    for (const step of STEPS) {
      for (const action of [doing(step), undoing(step)]) {
        assert.equal(action.kind, 'ip');
        for (const line of action.lines)
          assert.ok(readIpLine(line, action.family === 6 ? 6 : 4), `${step.kind}: ${line}`);
      }
    }
  });

  test('asks for what the lines say, in their order, and closes its socket', () => {
    const kernel = new Kernel();
    const lines = [
      'address add 10.5.0.7/32 dev causeway0 noprefixroute',
      'route replace 10.0.0.0/8 dev causeway0 table 51510 src 10.5.0.7',
      'route replace fd00::/8 dev causeway0 table 254',
    ];
    assert.deepEqual(run(kernel, lines), { status: 0, stderr: '' });
    const [address, four, six] = kernel.changes;
    assert.ok(address && four && six);
    const put = readAddress(address.body);
    assert.equal(put && `${formatAddress(put.address)}/${put.prefixLength} ${put.link}`, '10.5.0.7/32 7');
    const told = [four, six].map(({ body }) => readRoute(body));
    assert.deepEqual(
      told.map((route) => route && `${formatPrefix(route.destination)} ${route.table} ${hopsText(route)}`),
      ['10.0.0.0/8 51510 7', 'fd00::/8 254 7'],
    );
    const source = told[0]?.preferredSource;
    assert.equal(source && formatAddress(source), '10.5.0.7');
    assert.equal(kernel.closings, 1);
  });

  test('stops at what is refused, and tells the line as ip does', () => {
    const kernel = new Kernel([0, errno.EEXIST]);
    const rule = 'rule add pref 15511 not fwmark 0xca75 lookup 51510';
    assert.deepEqual(run(kernel, ['link set dev causeway0 up', rule, rule]), {
      status: 1,
      stderr: 'RTNETLINK answers: File exists\nCommand failed -:2\n',
    });
    assert.equal(kernel.changes.length, 2);
  });

  test('goes on behind what is refused when it is forced to', () => {
    const kernel = new Kernel([errno.ESRCH, 0, 4095]);
    const lines = [
      'route del 10.0.0.0/8 dev causeway0 table 51510',
      'link set dev causeway0 down',
      'address del 10.5.0.7/32 dev causeway0',
      'address del 10.5.0.7/32 dev causeway1',
    ];
    assert.deepEqual(run(kernel, lines, ['-6', '-force', '-batch', '-']), {
      status: 1,
      stderr: [
        'RTNETLINK answers: No such process\nCommand failed -:1',
        'RTNETLINK answers: errno 4095\nCommand failed -:3',
        'Cannot find device "causeway1"\nCommand failed -:4\n',
      ].join('\n'),
    });
    assert.equal(kernel.changes.length, 3);
  });

  test('does nothing when there is a line or an argument that it does not know', () => {
    const never = (): never => assert.fail('a socket was opened');
    const known = 'link set dev causeway0 up\n';
    for (const line of [
      'link show lo',
      'link set dev causeway0 mtu 1400 promisc on',
      'address add nowhere dev causeway0 noprefixroute',
      'route del 10.0.0.0/8 dev causeway0 table 51510 src 10.5.0.7',
      'route replace 10.0.0.0/8 dev causeway0 table 51510 src nobody',
      'rule add pref 15510 to fc00::/7 lookup main suppress_prefixlength 0',
    ])
      assert.equal(ipBatch(BATCH, `${known}${line}\n`, never), undefined, line);
    assert.equal(ipBatch(['-batch', 'file'], known, never), undefined);
    assert.equal(ipBatch(['link', 'show'], known, never), undefined);
  });

  test('fails when the kernel says nothing, or cannot be asked', () => {
    const silent = new Kernel();
    silent.isSilent = true;
    const rule = 'rule del pref 15511 not fwmark 0xca75 lookup 51510';
    assert.match(run(silent, [rule])?.stderr ?? '', /^RTNETLINK does not answer\nCommand failed -:1$/m);
    const broken = new Kernel();
    broken.isBroken = true;
    assert.match(run(broken, [rule])?.stderr ?? '', /^Cannot talk to rtnetlink: ENOBUFS/);
    assert.equal(broken.closings, 1);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equalBytes } from '../../core/lib/bytes.ts';
import { decodeMessage } from '../../core/wire/decode.ts';
import { proves } from '../conformance/tag.ts';
import { address } from '../support/gateway/index.ts';
import type { Faults } from '../support/gateway/index.ts';
import { Pair } from '../support/pair.ts';

function paired(faults: Faults, more: ConstructorParameters<typeof Pair>[0] = {}): Pair {
  return new Pair({ ...more, gateway: { ...more.gateway, faults } }).connect();
}

describe('NAT detection', () => {
  const SEEN = { address: address('198.51.100.9'), port: 31337 };

  test(
    'no NAT is found where there is none, and ours is announced so that ESP is encapsulated',
    proves(['RFC7296-2.23-1', 'does']),
    () => {
      const pair = new Pair({ gateway: { encap: false } }).connect().settle();
      assert.deepEqual(pair.event('initiated')?.nat, { supported: true, local: false, remote: false });
      const init = pair.gatewayEvents.find((event) => event.kind === 'init');
      assert.equal(init?.natClient, true);
      assert.equal(pair.event('established')?.child.udpEncap, true);
    },
  );

  test('a NAT before us is found', proves(['RFC7296-2.23-1', 'does'], ['RFC7296-2.23-x2', 'does']), () => {
    const pair = new Pair({ gateway: { encap: false }, seenAs: SEEN }).connect().settle();
    assert.deepEqual(pair.event('initiated')?.nat, { supported: true, local: true, remote: false });
    assert.equal(pair.event('established')?.child.udpEncap, true);
  });

  test('a NAT before the gateway is found', proves('RFC7296-2.23-1', 'does'), () => {
    const pair = paired({ pretendNat: 'gateway' }, { gateway: { encap: false } }).settle();
    assert.equal(pair.event('initiated')?.nat.remote, true);
  });

  test(
    'everything after IKE_SA_INIT goes to port 4500 behind a marker of four zeros',
    proves(
      ['RFC7296-2.23-2', 'does'],
      ['RFC7296-2.23-3', 'does'],
      ['RFC7296-2.23-8', 'does'],
      ['RFC7296-2.23-x13', 'does'],
      ['RFC7296-2.23-9', 'does'],
      ['RFC7296-3.1-x4', 'does'],
      ['RFC7296-3.1-x5', 'does'],
    ),
    () => {
      const pair = new Pair().connect().stepToGateway().stepToClient();
      const [auth] = pair.toGateway;
      assert.equal(auth?.transport, 'nat');
      assert.equal(auth.remote.port, 4500);
      assert.ok(equalBytes(auth.payload.subarray(0, 4), new Uint8Array(4)));
      assert.equal(decodeMessage(auth.payload.subarray(4), undefined).kind, 'unprotected-error');
    },
  );

  test(
    'a gateway that knows no NAT traversal is left: it could not take ESP in UDP',
    proves(['RFC7296-2.23-9', 'refuses'], ['RFC7296-2.23-7', 'refuses']),
    () => {
      const pair = paired({ omitInit: ['N'] }).settle();
      assert.equal(pair.event('closed'), undefined, 'not at once');
      pair.advance(1_000);
      assert.equal(pair.event('initiated'), undefined);
      assert.equal(pair.failureCode, 'peer.no-nat-traversal');
      assert.equal(pair.event('closed')?.failure?.context['gateway'], '203.0.113.1');
    },
  );

  test('an answer that lost its NAT detection on the way does not stop the genuine one', () => {
    const pair = paired({ omitInit: ['N'] }).settle();
    assert.equal(pair.event('initiated'), undefined);
    const genuine = new Pair().connect().stepToGateway().toClient[0];
    assert.ok(genuine);
    pair.giveClient(genuine);
    assert.ok(pair.event('initiated'));
  });

  test('an answer from another address, or on another port of ours, is none', () => {
    const pair = new Pair().connect().stepToGateway();
    const [answer] = pair.toClient.splice(0);
    const local = { address: address('192.0.2.7'), port: 500 };
    const from = (text: string, transport: 'ike' | 'nat'): void =>
      pair.session.handleDatagram(
        { octets: answer!.octets, transport, path: 0, local, remote: { address: address(text), port: 500 } },
        pair.now,
      );
    from('203.0.113.2', 'ike');
    from('203.0.113.1', 'nat');
    assert.deepEqual(pair.session.takeEvents(), []);
    pair.giveClient(answer!);
    assert.ok(pair.event('initiated'));
  });
});

describe('silence', () => {
  test(
    'the request is repeated, bit for bit, with pauses that grow, and then given up',
    proves(
      ['RFC7296-2.1-7', 'does'],
      ['RFC7296-2.1-8', 'does'],
      ['RFC7296-2.2-1', 'does'],
      ['RFC7296-2.4-13', 'does'],
      ['RFC7296-2.3-x1', 'does'],
      ['RFC7296-2.1-5', 'does'],
    ),
    () => {
      const pair = new Pair().connect();
      const start = pair.now;
      const times: number[] = [];
      const [first] = pair.toGateway.splice(0);
      for (let i = 0; i < 1000 && !pair.session.closed; i++) {
        pair.advance(100);
        for (const datagram of pair.toGateway.splice(0)) {
          assert.deepEqual(datagram.payload, first?.payload);
          times.push(pair.now - start);
        }
      }
      assert.ok(times.length >= 5, `${times.length} repetitions`);
      const pauses = times.map((time, i) => time - (times[i - 1] ?? 0));
      for (let i = 1; i < 4; i++) assert.ok(pauses[i]! > pauses[i - 1]!, String(pauses));
      assert.equal(pair.failureCode, 'timeout.init');
      assert.deepEqual(pair.event('closed')?.failure?.context, {
        gateway: '203.0.113.1',
        port: 500,
        seconds: 30,
        tries: times.length + 1,
      });
    },
  );

  test(
    'one report of the network that nobody listens there concludes nothing',
    proves(['RFC7296-2.4-3', 'does'], ['RFC7296-2.4-11', 'does']),
    () => {
      const pair = new Pair().connect();
      pair.session.noteUnreachable('port', pair.now);
      pair.advance(5_000);
      assert.equal(pair.event('closed'), undefined);
      assert.ok(pair.settle().event('established'));
    },
  );

  test('a port that is refused again and again is given up early, and named', () => {
    const pair = new Pair().connect();
    pair.toGateway.splice(0);
    for (let i = 0; i < 50 && !pair.session.closed; i++) {
      pair.advance(100);
      if (pair.toGateway.splice(0).length > 0) pair.session.noteUnreachable('port', pair.now);
    }
    assert.equal(pair.failureCode, 'network.port-closed');
  });

  test('a request that was lost, or its answer, only costs time', () => {
    for (const faults of [{ dropReceived: [0] }, { drop: [0] }]) {
      const pair = new Pair({ gateway: { faults } }).connect().settle();
      assert.equal(pair.event('initiated'), undefined);
      assert.ok(pair.advance(600).settle().event('established'));
    }
  });
});

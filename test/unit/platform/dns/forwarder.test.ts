import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, decode, type DecodedPacket, encode, type Packet } from 'dns-packet';
import { formatAddress } from '../../../../core/net/address.ts';
import type { NameAnswer } from '../../../../core/net/dns/answers.ts';
import { withId } from '../../../../core/net/dns/message.ts';
import { Forwarder, type ForwarderPlan } from '../../../../core/platform/dns-forwarder/forwarder.ts';
import type { Ask, Transport } from '../../../../core/platform/dns-forwarder/upstream.ts';
import { address } from './plans.ts';

const PLAN: ForwarderPlan = {
  servers: [address('10.1.0.53'), address('10.1.0.54')],
  formerServers: [address('192.168.7.1')],
  matchDomains: ['corp.example'],
  searchDomains: [],
  fullTunnel: false,
};

/** A question that is on its way. */
interface Asked {
  readonly to: string;
  readonly way: string;
  readonly transport: Transport;
  readonly id: number;
  readonly octets: Uint8Array;
  cancelled: boolean;
  /** Octets from the server: whether they were taken for the answer. */
  readonly reply: (octets: Uint8Array) => boolean;
  readonly fail: () => void;
}

function rig(
  plan: Partial<ForwarderPlan> = {},
  onAnswers?: (answers: readonly NameAnswer[]) => void | Promise<void>,
) {
  const asked: Asked[] = [];
  const told: NameAnswer[] = [];
  const timers: { readonly at: number; readonly callback: () => void }[] = [];
  let now = 0;
  let seed = 0;
  const forwarder = new Forwarder(
    {
      upstream: { ask: (request) => begin(request) },
      random: (length) => Uint8Array.from({ length }, () => (seed += 37) & 0xff),
      after: (delayMs, callback) => {
        const own = { at: now + delayMs, callback };
        timers.push(own);
        return () => void timers.splice(timers.indexOf(own), timers.includes(own) ? 1 : 0);
      },
      onAnswers: onAnswers ?? ((answers) => void told.push(...answers)),
      log: () => undefined,
    },
    { ...PLAN, ...plan },
  );
  function begin({ server, way, transport, query, accept, done }: Ask): () => void {
    const own: Asked = {
      to: formatAddress(server),
      way,
      transport,
      id: (query[0]! << 8) | query[1]!,
      octets: query,
      cancelled: false,
      reply: (octets) => {
        const taken = accept(octets);
        if (taken) done(octets);
        return taken;
      },
      fail: () => done(undefined),
    };
    asked.push(own);
    return () => (own.cancelled = true);
  }
  const pass = (ms: number): void => {
    now += ms;
    for (const due of timers.filter(({ at }) => at <= now)) {
      if (!timers.includes(due)) continue;
      timers.splice(timers.indexOf(due), 1);
      due.callback();
    }
  };
  return { forwarder, asked, told, pass };
}

function query(name: string, more: Partial<Packet> = {}): Uint8Array {
  return encode({ type: 'query', id: 4711, flags: 0x100, questions: [{ type: 'A', name }], ...more });
}

function reply(to: Asked, answers: readonly Answer[] = [], flags = 0x180): Uint8Array {
  const { questions = [] } = decode(Buffer.from(to.octets));
  return encode({ type: 'response', id: to.id, flags, questions, answers: [...answers] });
}

function a(name: string, data: string, ttl = 60): Answer {
  return { type: 'A', name, ttl, data };
}

function seen(octets: Uint8Array | undefined): {
  id: number;
  code: string;
  truncated: boolean;
  data: unknown[];
} {
  assert.ok(octets);
  const message: DecodedPacket & { readonly rcode?: string } = decode(Buffer.from(octets));
  return {
    id: message.id ?? 0,
    code: message.rcode ?? '',
    truncated: message.flag_tc,
    data: (message.answers ?? []).map((each) => 'data' in each && each.data),
  };
}

const SERVFAIL = 0x182;
const NXDOMAIN = 0x183;

describe('a question', () => {
  test('goes to whom it concerns, and the answer comes back with its own id', async () => {
    const { forwarder, asked } = rig();
    const corp = forwarder.answer(query('www.corp.example'), 'udp');
    const other = forwarder.answer(query('www.example', { id: 4712 }), 'tcp');
    assert.deepEqual(
      asked.map(({ to, way, transport }) => [to, way, transport]),
      [
        ['10.1.0.53', 'tunnel', 'udp'],
        ['192.168.7.1', 'former', 'tcp'],
      ],
    );
    assert.ok(asked.every(({ id }) => id !== 4711 && id !== 4712));
    asked[0]?.reply(reply(asked[0], [a('www.corp.example', '10.2.0.1')]));
    asked[1]?.reply(reply(asked[1], [a('www.example', '192.0.2.1')]));
    assert.deepEqual(seen(await corp), { id: 4711, code: 'NOERROR', truncated: false, data: ['10.2.0.1'] });
    assert.deepEqual(seen(await other), { id: 4712, code: 'NOERROR', truncated: false, data: ['192.0.2.1'] });
  });

  test('of the tunnel is asked of nobody else, whatever its servers say', async () => {
    const { forwarder, asked, pass } = rig();
    const answer = forwarder.answer(query('www.corp.example'), 'udp');
    asked[0]?.reply(reply(asked[0], [], SERVFAIL));
    asked[1]?.fail();
    assert.deepEqual(
      asked.map(({ to }) => to),
      ['10.1.0.53', '10.1.0.54'],
    );
    assert.equal(seen(await answer).code, 'SERVFAIL');
    const full = rig({ fullTunnel: true });
    void full.forwarder.answer(query('www.example'), 'udp');
    full.pass(4_400);
    assert.deepEqual([...new Set(full.asked.map(({ way }) => way))], ['tunnel']);
    pass(10_000);
  });

  test('that is lost is sent again, with another id, and the first answer counts', async () => {
    const { forwarder, asked, pass } = rig();
    const answer = forwarder.answer(query('www.corp.example'), 'udp');
    pass(1_000);
    pass(1_000);
    assert.deepEqual(
      asked.map(({ to }) => to),
      ['10.1.0.53', '10.1.0.54', '10.1.0.53'],
    );
    assert.equal(new Set(asked.map(({ id }) => id)).size, 3);
    asked[1]?.reply(reply(asked[1], [], NXDOMAIN));
    assert.equal(seen(await answer).code, 'NXDOMAIN');
    assert.deepEqual(
      asked.map(({ cancelled }) => cancelled),
      [true, false, true],
    );
  });

  test('that nobody answers fails before the C library asks again', async () => {
    const { forwarder, pass, asked } = rig();
    const answer = forwarder.answer(query('www.example'), 'udp');
    for (let i = 0; i < 9; i++) pass(500);
    assert.equal(seen(await answer).code, 'SERVFAIL');
    assert.ok(asked.every(({ cancelled }) => cancelled));
  });

  test('that there is nobody to ask for fails at once', async () => {
    const { forwarder, asked } = rig({ formerServers: [] });
    assert.equal(seen(await forwarder.answer(query('www.example'), 'udp')).code, 'SERVFAIL');
    assert.equal(asked.length, 0);
  });

  test('that several ask at the same time goes out once (RFC 5452 section 5)', async () => {
    const { forwarder, asked } = rig();
    const ids = [1, 2, 3];
    const answers = ids.map((id) => forwarder.answer(withId(query('www.corp.example'), id), 'udp'));
    assert.equal(asked.length, 1);
    asked[0]?.reply(reply(asked[0], [a('www.corp.example', '10.2.0.1')]));
    assert.deepEqual(
      (await Promise.all(answers)).map((octets) => seen(octets).id),
      ids,
    );
    void forwarder.answer(query('www.corp.example'), 'udp');
    assert.equal(asked.length, 2, 'later it is asked anew');
  });

  test('is refused when there are too many, and when it is none', async () => {
    const { forwarder, asked } = rig();
    for (let i = 0; i < 512; i++) void forwarder.answer(query(`n${i}.example`), 'udp');
    assert.equal(asked.length, 512);
    assert.equal(seen(await forwarder.answer(query('one.more.example'), 'udp')).code, 'SERVFAIL');
    assert.equal(seen(await forwarder.answer(query('x.example', { questions: [] }), 'udp')).code, 'FORMERR');
    assert.equal(await forwarder.answer(Uint8Array.of(1, 2, 3), 'udp'), undefined);
    assert.equal(asked.length, 512);
    forwarder.close();
    assert.ok(asked.every(({ cancelled }) => cancelled));
  });
});

describe('an answer', () => {
  test('that is forged is passed over: another id, another question, no answer at all', async () => {
    const { forwarder, asked } = rig();
    const answer = forwarder.answer(query('www.corp.example'), 'udp');
    const [first] = asked;
    assert.ok(first);
    const forged = reply(first, [a('www.corp.example', '6.6.6.6')]);
    const other = rig();
    void other.forwarder.answer(query('www.corp.example.evil.test'), 'udp');
    for (const octets of [
      withId(forged, first.id ^ 1),
      withId(reply(other.asked[0]!), first.id),
      first.octets,
      forged.subarray(0, 30),
      new Uint8Array(0),
    ]) {
      assert.equal(first.reply(octets), false);
    }
    assert.equal(first.reply(reply(first, [a('www.corp.example', '10.2.0.1')])), true);
    assert.deepEqual(seen(await answer).data, ['10.2.0.1']);
  });

  test('is known to whoever follows names before any program has it', async () => {
    let release = (): void => undefined;
    const told: NameAnswer[] = [];
    const { forwarder, asked } = rig({}, (answers) => {
      told.push(...answers);
      return new Promise((resolve) => (release = resolve));
    });
    let isAnswered = false;
    const answer = forwarder.answer(query('www.corp.example'), 'udp').then((octets) => {
      isAnswered = true;
      return octets;
    });
    const cname: Answer = { type: 'CNAME', name: 'www.corp.example', ttl: 30, data: 'cdn.example' };
    asked[0]?.reply(reply(asked[0], [cname, a('cdn.example', '203.0.113.9')]));
    for (let i = 0; i < 20; i++) await Promise.resolve();
    assert.deepEqual(
      told.map((each) => ({ ...each, address: formatAddress(each.address) })),
      [{ name: 'www.corp.example', aliases: ['cdn.example'], address: '203.0.113.9', ttlSeconds: 30 }],
    );
    assert.equal(isAnswered, false, 'not before it is known');
    release();
    assert.deepEqual(seen(await answer).data, ['cdn.example', '203.0.113.9']);
  });

  test('that whoever follows names could not take is not given out', async () => {
    const failing = rig({}, () => Promise.reject(new Error('no rules')));
    const failed = failing.forwarder.answer(query('www.corp.example'), 'udp');
    failing.asked[0]?.reply(reply(failing.asked[0], [a('www.corp.example', '10.2.0.1')]));
    assert.deepEqual(seen(await failed), { id: 4711, code: 'SERVFAIL', truncated: false, data: [] });
    const slow = rig({}, () => new Promise(() => undefined));
    const late = slow.forwarder.answer(query('www.corp.example'), 'udp');
    slow.asked[0]?.reply(reply(slow.asked[0], [a('www.corp.example', '10.2.0.1')]));
    for (let i = 0; i < 20; i++) await Promise.resolve();
    slow.pass(2_000);
    assert.equal(seen(await late).code, 'SERVFAIL');
  });

  test('that is too long for UDP is one that says so, and gives away no addresses', async () => {
    const { forwarder, asked, told } = rig();
    const many = Array.from({ length: 40 }, (_, i) => a('www.corp.example', `10.2.0.${i}`));
    const cut = forwarder.answer(query('www.corp.example'), 'udp');
    asked[0]?.reply(reply(asked[0], [a('www.corp.example', '10.2.0.1')], 0x380));
    const long = forwarder.answer(query('www.corp.example'), 'udp');
    await cut;
    const again = forwarder.answer(query('www.corp.example'), 'udp');
    asked[1]?.reply(reply(asked[1], many));
    for (const each of [await cut, await long, await again]) {
      assert.deepEqual(seen(each), { id: 4711, code: 'NOERROR', truncated: true, data: [] });
    }
    assert.deepEqual(told, []);
    const whole = forwarder.answer(query('www.corp.example'), 'tcp');
    asked.at(-1)?.reply(reply(asked.at(-1)!, many));
    assert.equal(seen(await whole).data.length, 40);
    assert.equal(told.length, 40);
  });
});

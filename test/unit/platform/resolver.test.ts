import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '../../../core/net/address.ts';
import { resolveHost, type Lookup } from '../../../core/platform/resolver.ts';

function answers(...addresses: readonly string[]): Lookup {
  return () => Promise.resolve(addresses.map((address) => ({ address })));
}

function fails(code: string): Lookup {
  return () => Promise.reject(Object.assign(new Error(code), { code }));
}

const neverAsked: Lookup = () => assert.fail('no name to look up');

test('an address in text is its own answer, and nobody is asked', async () => {
  for (const text of ['192.0.2.1', '2001:db8::1']) {
    const found = await resolveHost(text, { lookup: neverAsked });
    assert.deepEqual(found.ok && found.value.map(formatAddress), [text]);
  }
});

test('addresses of both families come in the order of the system, each once, without link-local zones', async () => {
  const lookup = answers('2001:db8::1', '192.0.2.1', '2001:db8::1', 'fe80::1%eth0', '192.0.2.2');
  const found = await resolveHost('gw.example', { lookup });
  assert.deepEqual(found.ok && found.value.map(formatAddress), ['2001:db8::1', '192.0.2.1', '192.0.2.2']);
});

test('a name that does not exist is told from a name server that does not answer', async () => {
  const codes = {
    ENOTFOUND: 'network.name-unknown',
    ENODATA: 'network.name-unknown',
    EAI_AGAIN: 'network.name-lookup-failed',
    EAI_FAIL: 'network.name-lookup-failed',
    ERR_INVALID_ARG_VALUE: 'network.name-lookup-failed',
  };
  for (const [code, expected] of Object.entries(codes)) {
    const found = await resolveHost('gw.example', { lookup: fails(code) });
    assert.ok(!found.ok);
    assert.equal(found.error.code, expected);
    assert.deepEqual(found.error.context, { host: 'gw.example', detail: code });
  }
});

test('a name without a usable address is unknown', async () => {
  for (const lookup of [answers(), answers('fe80::1%eth0')]) {
    const found = await resolveHost('gw.example', { lookup });
    assert.equal(!found.ok && found.error.code, 'network.name-unknown');
  }
});

test('a resolver that does not come back fails when the time is over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const found = resolveHost('gw.example', { lookup: () => new Promise(() => undefined), timeoutMs: 5000 });
  t.mock.timers.tick(5000);
  const result = await found;
  assert.ok(!result.ok);
  assert.equal(result.error.code, 'network.name-lookup-failed');
  assert.equal(result.error.context['detail'], 'ETIMEDOUT');
});

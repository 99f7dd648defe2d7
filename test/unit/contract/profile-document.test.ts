import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseProfile, PROFILE_KEYS } from '../../../core/contract/profile.ts';
import { CERTIFICATE, PRIVATE_KEY } from './samples.ts';

const contract = new URL('../../../core/contract/', import.meta.url);
const document = readFileSync(new URL('profile.md', contract), 'utf8');
const example: unknown = JSON.parse(readFileSync(new URL('profile.example.json', contract), 'utf8'));

/** Every key of a profile as a dotted path. */
const paths = Object.entries(PROFILE_KEYS).flatMap(([place, keys]) =>
  keys.map((key) => (place === '' ? key : `${place}.${key}`)),
);

function pathsOf(value: unknown, place = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => pathsOf(one, place)))];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = place === '' ? key : `${place}.${key}`;
    return [path, ...pathsOf(inner, path)];
  });
}

test('the example profile parses', () => {
  const result = parseProfile(example);
  assert.ok(result.ok, result.ok ? '' : result.error.join('\n'));
});

test('the example profile has every key that a user with a password can set', () => {
  const others = ['user.certificate', 'user.privateKey', 'user.identity'];
  assert.deepEqual(pathsOf(example).sort(), paths.filter((path) => !others.includes(path)).sort());
});

test('the document has a row for every key, and none for a key that does not exist', () => {
  const rows = [...document.matchAll(/^\| `([A-Za-z0-9.]+)` \|/gm)].map(([, path]) => path ?? '');
  assert.deepEqual([...rows].sort(), [...paths].sort());
});

test('every profile in the document parses', () => {
  const blocks = [...document.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  assert.equal(blocks.length, 5);
  for (const block of blocks) {
    const value: unknown = JSON.parse(block, (key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && 'file' in inner
        ? key === 'privateKey'
          ? PRIVATE_KEY
          : CERTIFICATE
        : inner,
    );
    const result = parseProfile(value);
    assert.ok(result.ok, result.ok ? '' : result.error.join('\n'));
  }
});

test('the defaults in the document are those of the schema', () => {
  const result = parseProfile({
    version: 1,
    name: 'x',
    gateway: { address: 'a.example' },
    user: { method: 'eap-mschapv2', username: 'alice' },
  });
  assert.ok(result.ok);
  const {
    gateway,
    tunnel,
    dns,
    liveness,
    retransmit,
    reconnect,
    onDemand,
    rekey,
    mobike,
    fragmentation,
    automatic,
  } = result.value;
  const defaults: Record<string, unknown> = {
    'gateway.ikePort': gateway.ikePort,
    'gateway.natPort': gateway.natPort,
    'gateway.authorities': gateway.authorities,
    'tunnel.remote': tunnel.remote,
    'tunnel.addresses': tunnel.addresses,
    'dns.use': dns.use,
    'onDemand.enabled': onDemand.enabled,
    'onDemand.idleSeconds': onDemand.idleSeconds,
    'liveness.intervalSeconds': liveness.intervalSeconds,
    'retransmit.timeoutSeconds': retransmit.timeoutSeconds,
    'gateway.alternatives': gateway.alternatives,
    'reconnect.enabled': reconnect.enabled,
    'rekey.childMinutes': rekey.childMinutes,
    'rekey.ikeMinutes': rekey.ikeMinutes,
    'rekey.pfs': rekey.pfs,
    mobike,
    'fragmentation.octets': fragmentation.octets,
    'automatic.connect': automatic.connect,
    'automatic.beacons': automatic.beacons,
    'automatic.beacons.port': 443,
    'automatic.onTrusted': automatic.onTrusted,
  };
  for (const [path, value] of Object.entries(defaults)) {
    const row = document.split('\n').find((line) => line.startsWith(`| \`${path}\` |`)) ?? '';
    const cell = row.split(' | ')[2] ?? '';
    assert.deepEqual(JSON.parse(cell.replaceAll('`', '')), value, path);
  }
});

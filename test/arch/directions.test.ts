import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAYERS } from './layers.ts';
import { importsOf, sourcesBelow } from './sources.ts';

const sources = sourcesBelow(['core', 'electron', 'renderer']);

function roomOf(path: string): string | undefined {
  return Object.keys(LAYERS).find((room) => path.startsWith(`${room}/`));
}

/** Why one import is not allowed, or undefined. */
function offence(path: string, imported: string): string | undefined {
  if (/^(test|build)\//.test(imported)) return `${path} imports ${imported}: nothing imports test or build`;
  const from = roomOf(path);
  if (from === undefined) return `${path} is in no room of test/arch/layers.ts`;
  // The addon is a package of the workspace, and may be named as one.
  const target = imported === 'node-tun' ? 'core/node-tun/index.ts' : imported;
  const to = roomOf(target);
  if (to === undefined || to === from) return undefined;
  const allowed = (LAYERS[from] ?? []).some((layer) => target === layer || target.startsWith(`${layer}/`));
  return allowed ? undefined : `${path} imports ${imported}: ${from} may not import ${to}`;
}

test('every import follows the direction rules of the house', () => {
  const offences = sources.flatMap((source) =>
    importsOf(source)
      .map((imported) => offence(source.path, imported))
      .filter((found) => found !== undefined),
  );
  assert.deepEqual(offences, []);
});

test('the direction rules themselves have no cycle between rooms', () => {
  const open = new Set<string>();
  const done = new Set<string>();
  const visit = (room: string, path: readonly string[]): void => {
    if (done.has(room)) return;
    assert.ok(!open.has(room), `a cycle of rooms: ${[...path, room].join(' -> ')}`);
    open.add(room);
    for (const next of LAYERS[room] ?? []) if (next in LAYERS) visit(next, [...path, room]);
    open.delete(room);
    done.add(room);
  };
  for (const room of Object.keys(LAYERS)) visit(room, []);
  assert.equal(done.size, Object.keys(LAYERS).length);
});

test('a file that breaks a rule is found', () => {
  assert.match(offence('core/wire/message.ts', 'core/crypto/aead.ts') ?? '', /may not import core\/crypto/);
  assert.match(
    offence('core/vpn/tunnel.ts', 'core/platform/linux/tun.ts') ?? '',
    /may not import core\/platform/,
  );
  assert.equal(offence('core/vpn/tunnel.ts', 'core/platform/ports.ts'), undefined);
  assert.match(offence('core/lib/bytes.ts', 'test/support/netns.ts') ?? '', /nothing imports test/);
});

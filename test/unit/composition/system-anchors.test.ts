import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemAnchors } from '../../../core/composition/system-anchors.ts';
import { CERTIFICATE } from '../contract/samples.ts';
import { temporaryFolder } from '../cli/temporary.ts';

const folder = temporaryFolder();
const missing = join(folder, 'missing.pem');
const empty = join(folder, 'empty.pem');
const good = join(folder, 'good.pem');
writeFileSync(empty, '# nothing yet\n');
writeFileSync(good, CERTIFICATE + CERTIFICATE);

function read(...bundles: readonly string[]): { anchors: number; told: readonly string[] } {
  const told: string[] = [];
  const anchors = systemAnchors((level, event) => told.push(`${level} ${event}`), bundles).length;
  return { anchors, told };
}

test('the first bundle that can be used is the store of the machine', () => {
  assert.deepEqual(read(missing, good, empty), { anchors: 2, told: [] });
  assert.deepEqual(read(empty, good), { anchors: 2, told: ['warn system-store-unusable'] });
});

test('a machine without a store trusts nobody, and the log says so', () => {
  assert.deepEqual(read(missing), { anchors: 0, told: ['warn system-store-missing'] });
});

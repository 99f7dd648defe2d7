/**
 * The program as the set-up builds it, a start-up snapshot, beside the sources that it is made from: it must do the
 * same. What a connection does is tested from the sources; here it is made once, and the demo makes it again.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { buildProgram, snapshotsOf } from '../../build/program.ts';
import { Stage } from '../demo/stage.ts';
import { NetLab } from '../support/netns.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = [process.execPath, join(ROOT, 'core/cli/main.ts')];
const EXAMPLE = join(ROOT, 'core/contract/profile.example.json');
const skip = NetLab.unavailable();

const folder = mkdtempSync(join(tmpdir(), 'cw-program-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function outcome(argv: readonly string[]): object {
  const [file = '', ...args] = argv;
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000 });
  return { status, stdout, stderr };
}

const bad = join(folder, 'bad profile.json');
writeFileSync(bad, '{"version": 1, "name": "Office", "gatewey": {}}');

for (const args of [
  ['--version'],
  ['--help'],
  ['conect', "it's"],
  ['check', EXAMPLE],
  ['check', bad],
  ['connect', join(folder, 'missing.json')],
  ['up', '--help'],
  ['up', '--password-fd', 'secret'],
  ['status', '--socket', join(folder, 'nowhere')],
  ['policy', 'show', 'Office', '--socket', join(folder, 'nowhere')],
  ['completion', 'bash'],
]) {
  test(`the program does with '${args.map((arg) => basename(arg)).join(' ')}' what the sources do`, async () => {
    const { file } = await buildProgram();
    assert.deepEqual(outcome([file, ...args]), outcome([...SOURCES, ...args]));
  });
}

test(
  'the program connects and ends in order, and draws other random octets each time',
  { skip },
  async () => {
    const stage = new Stage('program');
    const spis = new Set<string>();
    let starts = 0;
    try {
      await stage.start();
      while (starts++ < 2) {
        const client = stage.connect();
        spis.add((await client.connected()).spis.in);
        assert.equal(await client.disconnect(), 0);
      }
      assert.equal(spis.size, 2);
    } finally {
      await stage.takeDown();
    }
  },
);

test('the program is built anew only when something changed, and can be built elsewhere', async () => {
  const first = await buildProgram({ outDirectory: folder });
  assert.equal(first.built, true);
  assert.deepEqual(outcome([first.file, '--version']), outcome([...SOURCES, '--version']));
  const numbers = (): number[] => snapshotsOf('causeway').map((name) => statSync(join(folder, name)).ino);
  const [client, whole] = numbers();
  assert.equal((await buildProgram({ outDirectory: folder })).built, false);
  assert.deepEqual(numbers(), [client, whole]);
  assert.equal((await buildProgram({ outDirectory: folder, force: true })).built, true);
  assert.ok(!numbers().includes(client ?? 0) && !numbers().includes(whole ?? 0));
});

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKeyLog } from '../../../core/cli/key-log.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const asRoot = { skip: process.getuid?.() !== 0 };

function refusal(path: string, userId = 0): string {
  const result = openKeyLog(path, userId);
  assert.ok(!result.ok);
  assert.equal(result.error.code, 'config.keylog-refused');
  return String(result.error.context['detail']);
}

test('only root may have keys written', () => {
  const path = join(folder, 'mine');
  assert.equal(refusal(path, 1000), 'only root may have keys written');
  assert.throws(() => statSync(path), { code: 'ENOENT' });
});

test('a new file is for root alone, and later lines are added to it', asRoot, () => {
  const path = join(folder, 'keys');
  const umask = process.umask(0);
  for (const line of ['first', 'second']) {
    const log = openKeyLog(path, 0);
    assert.ok(log.ok);
    log.value.write(line);
    log.value.close();
  }
  process.umask(umask);
  assert.equal(readFileSync(path, 'utf8'), 'first\nsecond\n');
  assert.equal(statSync(path).mode & 0o7777, 0o600);
});

test('a file that another user could read or swap is refused and stays as it was', asRoot, () => {
  const path = join(folder, 'other');
  const fresh = (): void => {
    rmSync(path, { force: true });
    writeFileSync(path, 'x', { mode: 0o600 });
  };
  fresh();
  chmodSync(path, 0o640);
  assert.match(refusal(path), /mode must be 0600/);
  fresh();
  chownSync(path, 65534, 65534);
  assert.match(refusal(path), /another user/);
  fresh();
  linkSync(path, join(folder, 'second-name'));
  assert.match(refusal(path), /second name/);
  assert.equal(readFileSync(path, 'utf8'), 'x');
});

test('links, folders and devices are refused', asRoot, () => {
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'target'), link);
  assert.match(refusal(link), /symbolic link/);
  assert.match(refusal(folder), /EISDIR/);
  assert.match(refusal('/dev/null'), /not a regular file/);
  assert.match(refusal(join(folder, 'no', 'such', 'folder')), /ENOENT/);
});

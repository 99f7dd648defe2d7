import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Failure } from '../../../core/lib/failure.ts';
import type { Result } from '../../../core/lib/result.ts';
import { silent } from '../../../core/lib/ports.ts';
import { ProfileStore } from '../../../core/daemon/profile-store.ts';
import { issue, makeCa } from '../../support/pki-factory.ts';

const ALICE = 1000;
const BOB = 1001;
const contents = (name: string): Record<string, unknown> => ({
  version: 1,
  name,
  gateway: { address: 'vpn.example.com' },
  user: { method: 'eap-mschapv2', username: 'alice' },
});

function code(outcome: Result<unknown, Failure>): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

describe('the profiles', () => {
  let directory = '';
  let store: ProfileStore;
  let next = 0;
  let random: (length: number) => Uint8Array;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cw-profiles-'));
    mkdirSync(join(directory, 'system'), { mode: 0o755 });
    next = 0;
    random = (length) => new Uint8Array(length).fill(++next);
    store = new ProfileStore({
      systemDirectory: join(directory, 'system'),
      stateDirectory: join(directory, 'state'),
      owner: process.getuid?.() ?? 0,
      random: (length) => random(length),
      log: silent,
    });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function system(name: string, value: unknown): string {
    const path = join(directory, 'system', name);
    writeFileSync(path, JSON.stringify(value), { mode: 0o644 });
    return path;
  }

  function added(uid: number, name: string): string {
    const written = store.write(uid, undefined, contents(name));
    assert.ok(written.ok);
    return written.value.id;
  }

  test('of a user are the user’s alone, those of the machine everybody’s', () => {
    system('office.json', contents('Office'));
    const id = added(ALICE, 'Home');
    assert.deepEqual(
      store.list(ALICE).map(({ id: one, name, origin }) => [one, name, origin]),
      [
        ['system.office', 'Office', 'system'],
        [id, 'Home', 'user'],
      ],
    );
    assert.deepEqual(
      store.list(BOB).map(({ name }) => name),
      ['Office'],
    );
    assert.equal(code(store.read(BOB, id)), 'config.profile-unknown');
    assert.equal(code(store.remove(BOB, id)), 'config.profile-unknown');
    assert.equal(code(store.write(BOB, id, contents('Mine'))), 'config.profile-unknown');
  });

  test('are kept as they were written, in files that nobody else can read', () => {
    const id = added(ALICE, 'Home');
    const found = store.read(ALICE, id);
    assert.ok(found.ok);
    assert.deepEqual(found.value.contents, contents('Home'));
    const file = join(directory, 'state', 'profiles', `${ALICE}`, `${id}.json`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(join(file, '..')), [`${id}.json`]);
  });

  test('can be replaced and removed, the machine’s cannot', () => {
    system('office.json', contents('Office'));
    const id = added(ALICE, 'Home');
    assert.equal(code(store.write(ALICE, id, contents('Cottage'))), 'ok');
    assert.deepEqual(
      store.list(ALICE).map(({ name }) => name),
      ['Office', 'Cottage'],
    );
    assert.equal(code(store.remove(ALICE, id)), 'ok');
    assert.equal(code(store.read(ALICE, id)), 'config.profile-unknown');
    assert.equal(code(store.write(ALICE, 'system.office', contents('Mine'))), 'contract.denied');
    assert.equal(code(store.remove(ALICE, 'system.office')), 'contract.denied');
  });

  test('are read as they are now, however often they were read before', () => {
    const path = system('office.json', contents('Office'));
    const nameOf = (): string => {
      const found = store.read(ALICE, 'system.office');
      return found.ok ? found.value.profile.name : found.error.code;
    };
    assert.deepEqual([nameOf(), nameOf()], ['Office', 'Office']);
    system('office.json', contents('Another'));
    assert.equal(nameOf(), 'Another');
    writeFileSync(path, '{');
    assert.equal(nameOf(), 'config.profile-not-json');
    chmodSync(path, 0o666);
    assert.equal(nameOf(), 'config.profile-unreadable');
    rmSync(path);
    assert.equal(nameOf(), 'config.profile-unknown');
  });

  test('with mistakes are refused with every problem', () => {
    const outcome = store.write(ALICE, undefined, { version: 1, name: '', gateway: {}, more: 1 });
    assert.ok(!outcome.ok);
    assert.equal(outcome.error.code, 'config.profile-invalid');
    assert.ok((outcome.error.context['problems'] as readonly string[]).length >= 3);
    assert.deepEqual(store.list(ALICE), []);
  });

  test('have a policy for each user, empty until it is written', () => {
    system('office.json', contents('Office'));
    const policy = {
      version: 1 as const,
      rules: [{ action: 'block' as const, to: ['192.0.2.1'] }],
      otherwise: 'gateway' as const,
    };
    assert.equal(code(store.writePolicy(ALICE, 'system.office', policy)), 'ok');
    assert.deepEqual(store.policy(ALICE, 'system.office'), { ok: true, value: policy });
    assert.deepEqual(store.policy(BOB, 'system.office'), {
      ok: true,
      value: { version: 1, rules: [], otherwise: 'gateway' },
    });
    const id = added(ALICE, 'Home');
    assert.equal(code(store.writePolicy(ALICE, id, policy)), 'ok');
    store.remove(ALICE, id);
    assert.equal(code(store.policy(ALICE, id)), 'config.profile-unknown');
    assert.equal(code(store.writePolicy(BOB, id, policy)), 'config.profile-unknown');
  });

  test('of the machine bring what IT fixed of their policy, those of a user nothing', () => {
    system('office.json', contents('Office'));
    const fixed = { version: 1 as const, rules: [{ action: 'protect' as const, to: ['10.0.0.0/8'] }] };
    assert.deepEqual(store.fixedPolicy(ALICE, 'system.office'), {
      ok: true,
      value: { version: 1, rules: [] },
    });
    const path = system('office.policy', { ...fixed, otherwise: 'block' });
    assert.deepEqual(store.fixedPolicy(ALICE, 'system.office'), {
      ok: true,
      value: { ...fixed, otherwise: 'block' },
    });
    assert.deepEqual(
      store.list(ALICE).map(({ name }) => name),
      ['Office'],
    );
    const id = added(ALICE, 'Home');
    system(`${id}.policy`, fixed);
    assert.deepEqual(store.fixedPolicy(ALICE, id), { ok: true, value: { version: 1, rules: [] } });
    system('office.policy', { ...fixed, otherwise: 'nothing' });
    assert.equal(code(store.fixedPolicy(ALICE, 'system.office')), 'config.fixed-policy-invalid');
    writeFileSync(path, '{');
    assert.equal(code(store.fixedPolicy(ALICE, 'system.office')), 'config.fixed-policy-invalid');
    chmodSync(path, 0o666);
    assert.equal(code(store.fixedPolicy(ALICE, 'system.office')), 'config.profile-unreadable');
  });

  test('are found by no id that is a path (path games)', () => {
    writeFileSync(join(directory, 'secret.json'), JSON.stringify(contents('Secret')));
    added(ALICE, 'Home');
    for (const id of [
      '../secret',
      'system.../secret',
      'system.',
      'system.a/b',
      '',
      '.',
      '/etc/passwd',
      `${'0'.repeat(16)}\n`,
      '0'.repeat(15),
      'system.A',
    ]) {
      assert.equal(code(store.read(ALICE, id)), 'config.profile-unknown', id);
      assert.notEqual(code(store.write(ALICE, id, contents('x'))), 'ok', id);
      assert.notEqual(code(store.remove(ALICE, id)), 'ok', id);
    }
  });

  test('of the machine that are links, or that others can write, are not read (symlink games)', () => {
    const good = system('good.json', contents('Good'));
    symlinkSync(good, join(directory, 'system', 'link.json'));
    chmodSync(system('open.json', contents('Open')), 0o666);
    mkdirSync(join(directory, 'system', 'folder.json'));
    assert.deepEqual(
      store.list(ALICE).map(({ name }) => name),
      ['Good'],
    );
    assert.equal(code(store.read(ALICE, 'system.link')), 'config.profile-unreadable');
    assert.equal(code(store.read(ALICE, 'system.open')), 'config.profile-unreadable');
    assert.equal(code(store.read(ALICE, 'system.folder')), 'config.profile-unreadable');
  });

  test('go into no directory that somebody else prepared', () => {
    mkdirSync(join(directory, 'elsewhere'), { mode: 0o777 });
    chmodSync(join(directory, 'elsewhere'), 0o777);
    symlinkSync(join(directory, 'elsewhere'), join(directory, 'state'));
    assert.equal(code(store.write(ALICE, undefined, contents('Home'))), 'platform.not-saved');
    assert.deepEqual(readdirSync(join(directory, 'elsewhere')), []);
  });

  test('of one user fill no disk, and leave room for everybody else (quota)', () => {
    const big = { ...contents('Big'), gateway: { address: 'vpn.example.com', authorities: 'x'.repeat(100) } };
    assert.equal(code(store.write(ALICE, undefined, big)), 'config.profile-invalid');
    // Good for whoever reads it, and long: lines of a certificate that have nothing in them.
    const certificate = issue(makeCa({ name: 'CA', key: 'p256' }), { subject: 'CN=x', key: 'p256' }).pem;
    const long = (name: string): Record<string, unknown> => ({
      ...contents(name),
      gateway: {
        address: 'vpn.example.com',
        authorities: [...certificate.split('\n'), ...new Array<string>(120_000).fill('')],
      },
    });
    let written = 0;
    while (code(store.write(ALICE, undefined, long(`Long ${written}`))) === 'ok') written += 1;
    assert.ok(written > 1 && written < 20, `${written}`);
    const refused = store.write(ALICE, undefined, contents('One more'));
    assert.ok(refused.ok, 'a short one still has room');
    assert.equal(code(store.write(ALICE, undefined, long('Too long'))), 'config.too-many-profiles');
    assert.ok(store.write(BOB, undefined, long('Of Bob')).ok);
    for (const { id } of store.list(ALICE)) assert.ok(store.remove(ALICE, id).ok);
    assert.ok(store.write(ALICE, undefined, long('Again')).ok);
  });

  test('of one user are so many at most, and those that were not finished do not count', () => {
    random = (length) =>
      Uint8Array.from({ length }, (_, at) => (at === 0 ? ++next : at === 1 ? next >> 8 : 7));
    const place = join(directory, 'state', 'profiles', `${ALICE}`);
    added(ALICE, 'First');
    for (let i = 0; i < 300; i++) writeFileSync(join(place, `.${i}.json.new`), '{');
    let count = 1;
    while (code(store.write(ALICE, undefined, contents('More'))) === 'ok') count += 1;
    assert.equal(count, 200);
    assert.equal(readdirSync(place).length, 200);
  });
});

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { failure, type Failure } from '../../../../core/lib/failure.ts';
import type { Result } from '../../../../core/lib/result.ts';
import { placeFor, RunGroups } from '../../../../core/platform/linux/apps/run-groups.ts';

const SESSION = 'user.slice/user-1000.slice/session-2.scope';
const ALICE = { pid: 77, uid: 1000 };

describe('the place of a program that is started as one of an application', () => {
  test('is in the unit of whoever starts it, however deep that is in it', () => {
    assert.equal(placeFor(`/${SESSION}`, 'work'), `/${SESSION}/causeway-app-work`);
    assert.equal(placeFor(`/${SESSION}/a/b`, 'work'), `/${SESSION}/causeway-app-work`);
    assert.equal(placeFor(`/${SESSION}/causeway-app-play`, 'work'), `/${SESSION}/causeway-app-work`);
    assert.equal(placeFor('/', 'work'), '/causeway-app-work');
    assert.equal(placeFor('/causeway-app-play', 'work'), '/causeway-app-work');
  });

  test('is nowhere above what we see, or beyond what the firewall knows', () => {
    for (const path of ['/../other', '/a b', '/x.slice/a"b', `/${'s.slice/'.repeat(8)}x.scope`])
      assert.throws(() => placeFor(path, 'work'), /control group/);
  });
});

describe('a process that asks to be one of an application', () => {
  let directory = '';
  let refreshed: Result<void, Failure>;
  let onRefresh: () => void;
  let groups: RunGroups;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cw-groups-'));
    mkdirSync(join(directory, 'cgroup', SESSION), { recursive: true });
    live(77, 1000, 4711);
    refreshed = { ok: true, value: undefined };
    onRefresh = () => undefined;
    groups = new RunGroups({
      hierarchy: { root: join(directory, 'cgroup'), prefix: '' },
      proc: join(directory, 'proc'),
      refresh: () => {
        onRefresh();
        return Promise.resolve(refreshed);
      },
    });
  });
  afterEach(() => {
    groups.close();
    rmSync(directory, { recursive: true });
  });

  /** A process as /proc shows it. */
  function live(pid: number, uid: number, startTicks: number): void {
    const place = join(directory, 'proc', `${pid}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'stat'), `${pid} (a) b) S ${'0 '.repeat(18)}${startTicks} 0\n`);
    writeFileSync(join(place, 'status'), `Name:\ta\nUid:\t${uid}\t0\t0\t0\n`);
    writeFileSync(join(place, 'cgroup'), `1:name=systemd:/x\n0::/${SESSION}\n`);
  }

  const group = (): string => join(directory, 'cgroup', SESSION, 'causeway-app-work');
  const moved = (): string | undefined =>
    existsSync(join(group(), 'cgroup.procs'))
      ? readFileSync(join(group(), 'cgroup.procs'), 'utf8')
      : undefined;
  const entering = async (): Promise<string> => {
    const done = await groups.enter(ALICE, 'work.service');
    return done.ok ? 'in' : `${done.error.code}: ${String(done.error.context['detail'])}`;
  };

  test('is moved when the rules know its group, and not before', async () => {
    onRefresh = () => {
      assert.ok(existsSync(group()));
      assert.equal(moved(), undefined);
      assert.equal(groups.sweep(), true, 'it is not taken away for being empty');
    };
    const before = process.umask(0o077);
    assert.equal(await entering(), 'in');
    process.umask(before);
    assert.equal(moved(), '77');
    assert.equal(statSync(group()).mode & 0o777, 0o755);
  });

  test('stays where it is when the rules cannot know it', async () => {
    refreshed = { ok: false, error: failure('platform.firewall-failed', { detail: 'no' }) };
    assert.equal(await entering(), 'platform.firewall-failed: no');
    assert.equal(moved(), undefined);
    assert.equal(groups.sweep(), false);
    assert.ok(!existsSync(group()));
  });

  test('is not another one that has its number now (confused deputy)', async () => {
    live(77, 0, 4711);
    assert.equal(await entering(), 'platform.program-not-moved: it is not there any more');
    live(77, 1000, 4711);
    onRefresh = () => live(77, 1000, 9999);
    assert.equal(await entering(), 'platform.program-not-moved: it ended meanwhile');
    assert.equal(moved(), undefined);
  });

  test('is told when there are no control groups', async () => {
    const none = new RunGroups({ hierarchy: undefined, refresh: () => Promise.resolve(refreshed) });
    const done = await none.enter(ALICE, 'work');
    assert.equal(done.ok || done.error.code, 'platform.no-programs');
  });

  test('takes away what is empty, however often it is asked for more', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const left = (): number =>
      readdirSync(join(directory, 'cgroup', SESSION)).filter((name) => name.startsWith('causeway-app-'))
        .length;
    refreshed = { ok: false, error: failure('platform.firewall-failed', { detail: 'busy' }) };
    await groups.enter(ALICE, 'first');
    t.mock.timers.tick(40_000);
    await groups.enter(ALICE, 'second');
    assert.equal(left(), 2);
    t.mock.timers.tick(20_000);
    assert.equal(left(), 0);
    for (let i = 0; i < 100; i++) await groups.enter(ALICE, `work-${i}`);
    assert.ok(left() <= 33, `${left()}`);
  });
});

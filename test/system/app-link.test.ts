/** How the app stands with its service, over a real socket: found, lost, of another version, not to be trusted. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { DaemonLink, type DaemonView } from '../../electron/main/daemon-link.ts';
import { CALM, FAKE_PROFILE, FakeService, type FakeServiceOptions } from '../support/fake-service.ts';

const ME = process.getuid?.() ?? 0;

let service: FakeService;
let link: DaemonLink;
let views: DaemonView[];
let pauses: number[];
let wake: () => void;

async function begin(options: FakeServiceOptions = {}, ownerUid = ME): Promise<void> {
  service = await FakeService.start(options);
  link = new DaemonLink({
    path: service.socketPath,
    ownerUid,
    version: '0.1.0',
    after: (ms, callback) => {
      pauses.push(ms);
      // What waits for a retry need not wait in a test; other times are those of a greeting or a call.
      const timer = setTimeout(callback, ms === 1000 ? 10 : ms);
      return () => clearTimeout(timer);
    },
    onView: (view) => {
      views.push(view);
      wake();
    },
  });
  link.start();
}

async function until(fits: (view: DaemonView) => boolean): Promise<DaemonView> {
  for (;;) {
    const found = views.findLast(fits);
    if (found && found === views.at(-1)) return found;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

beforeEach(() => {
  [views, pauses, wake] = [[], [], () => undefined];
});
afterEach(async () => {
  link.end();
  await service.close();
});

test('a service that is there is watched, and its lists are read', async () => {
  await begin();
  const view = await until(({ profiles, machine }) => profiles.length > 0 && machine !== null);
  assert.equal(view.link, 'ready');
  assert.equal(view.version, '0.1.0');
  assert.deepEqual(view.profiles, [FAKE_PROFILE]);
});

test('a service that is killed is missed at once, and found again within moments', async () => {
  await begin();
  await until(({ link: is }) => is === 'ready');
  await service.stop();
  const lost = await until(({ link: is }) => is === 'absent');
  assert.equal(lost.status, null);
  assert.equal((await link.call('connection.down', {})).ok, false);
  await service.listen();
  await until(({ link: is, profiles }) => is === 'ready' && profiles.length > 0);
  assert.ok(pauses.every((ms) => ms <= 30_000));
});

test('looking in vain again and again is told once', async () => {
  await begin();
  await until(({ link: is }) => is === 'ready');
  await service.stop();
  await until(({ link: is }) => is === 'absent');
  const told = views.length;
  const tries = (): number => pauses.filter((ms) => ms === 1000).length;
  const before = tries();
  while (tries() < before + 3) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(views.length, told);
});

for (const [theirs, appIsNewer, words] of [
  ['0.0.9', true, 'an older service'],
  ['0.2.0', false, 'a newer service'],
] as const) {
  test(`${words} without a version of the protocol in common is told by its version`, async () => {
    const failure = { code: 'contract.version', context: { server: `causewayd ${theirs}` } };
    await begin({ greeting: { type: 'bye', failure } });
    const view = await until(({ link: is }) => is === 'other-version');
    assert.equal(view.version, theirs);
    assert.equal(view.appIsNewer, appIsNewer);
  });

  test(`${words} whose status this app cannot read is told by its version`, async () => {
    await begin({ greeting: { type: 'hello', version: 1, server: `causewayd ${theirs}` } });
    await until(({ link: is }) => is === 'ready');
    service.tell({ ...CALM, mood: 'calm' });
    const view = await until(({ link: is }) => is === 'other-version');
    assert.equal(view.version, theirs);
    assert.equal(view.appIsNewer, appIsNewer);
    assert.equal(view.status, null);
  });
}

test('a service that says goodbye by a reason that this app has no word for is of another version', async () => {
  await begin({ greeting: { type: 'bye', failure: { code: 'contract.from-the-future', context: {} } } });
  const view = await until(({ link: is }) => is === 'other-version');
  assert.equal(view.appIsNewer, undefined);
});

test('a service of the same version that is not understood is not called older or newer', async () => {
  await begin();
  await until(({ link: is }) => is === 'ready');
  service.tell({ nothing: 'of ours' });
  assert.equal((await until(({ link: is }) => is === 'other-version')).appIsNewer, undefined);
});

test('nothing is said to a socket that is not the administrator’s', async () => {
  await begin({}, ME + 1);
  await until(({ link: is }) => is === 'untrusted');
  assert.deepEqual(service.calls, []);
});

/** The app on a desktop, over a service that says what a test wants said: tray, notifications, keyring, one instance. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ConnectionStatus } from '../../core/contract/daemon-api.ts';
import type { AppState } from '../../core/contract/gui-api.ts';
import { DAEMON_GROUP } from '../support/daemon.ts';
import { CALM, FAKE_PROFILE, FakeService } from '../support/fake-service.ts';
import { waitFor } from '../support/netns.ts';
import { type RunningApp, startApp } from './support/app.ts';
import { Desktop, desktopMissing, type DesktopOptions, EMPLOYEE_UID } from './support/desktop.ts';

const skip = desktopMissing();
const SECRET = 'a secret that no file may have';
const OPEN = { group: DAEMON_GROUP, mode: 0o660 };

let service: FakeService;
let desktop: Desktop;
let app: RunningApp;

async function open(options: DesktopOptions, args: readonly string[] = []): Promise<void> {
  service = await FakeService.start(OPEN);
  desktop = await Desktop.open(options);
  app = await startApp(desktop, { socketPath: service.socketPath, args });
}

async function close(): Promise<void> {
  await app.close();
  await desktop.close();
  await service.close();
}

function connection(change: Partial<ConnectionStatus>): ConnectionStatus {
  const { id, name } = FAKE_PROFILE;
  return {
    profile: { id, name },
    isYours: true,
    startedAt: 1000,
    state: 'connecting',
    since: 1000,
    warnings: [],
    ...change,
  };
}

function tell(change: Partial<ConnectionStatus> | null, more: object = {}): void {
  service.tell({ ...CALM, connection: change && connection(change), ...more });
}

function ask(startedAt: number): void {
  const need = {
    id: startedAt,
    what: 'password',
    rejected: false,
    profile: 'Office',
    until: Date.now() + 60_000,
  } as const;
  tell({ startedAt, state: 'asking', need });
}

function state(): Promise<AppState> {
  return app.page.evaluate(
    'new Promise((done) => { const end = causeway.onState((state) => { done(state); setTimeout(() => end()); }); })',
  );
}

function isVisible(): Promise<boolean> {
  return app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() === true);
}

/** Starts the app once more, and waits for its end. */
function startAgain(...args: readonly string[]): Promise<number | null> {
  const command = desktop.wrapper({ CAUSEWAY_SOCKET: service.socketPath });
  const child = spawn(command, [desktop.appDirectory, '--disable-gpu', ...args], { stdio: 'ignore' });
  return new Promise((resolve) => child.once('exit', resolve));
}

describe('on a desktop with a panel and a keyring', { skip }, () => {
  before(() => open({}));
  after(close);

  test('closing the window leaves the app in the tray, which brings it back', async () => {
    await waitFor(isVisible, 10_000, 'the window');
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await waitFor(async () => !(await isVisible()), 5000, 'a window that is hidden');
    await desktop.panel.click('Open Causeway');
    await waitFor(isVisible, 5000, 'the window');
    assert.equal((await state()).trayMissing, false);
  });

  test('a second start shows the window of the first, and ends', async () => {
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    assert.equal(await startAgain(), 0);
    await waitFor(isVisible, 5000, 'the window');
  });

  test('a link is shown as what it would become, and nothing is done before somebody says so', async () => {
    const profile = { version: 1, name: 'From a link', gateway: { address: 'vpn.example.net' } };
    const contents = { ...profile, user: { method: 'eap-mschapv2', username: 'alice' } };
    const text = Buffer.from(JSON.stringify(contents)).toString('base64url');
    await startAgain(`causeway://import#${text}`);
    await app.page.getByRole('dialog').getByText('From a link').first().waitFor();
    assert.equal((await state()).proposal?.profile['name'], 'From a link');
    assert.ok(service.calls.every(({ name }) => name !== 'profile.write'));
    await app.page.evaluate('causeway.dropProposal({})');
    await app.page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('people are told what they have to know while they look elsewhere, and nothing else', async () => {
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    const steps: (Partial<ConnectionStatus> | null)[] = [
      { state: 'connecting' },
      { state: 'connected' },
      { state: 'roaming' },
      { state: 'connected' },
      { state: 'reconnecting', attempt: 1 },
      { state: 'connected' },
      { state: 'disconnecting' },
      null,
    ];
    const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 60));
    for (const step of steps) {
      tell(step);
      await pause();
    }
    ask(2000);
    const told = async (): Promise<string[]> => (await desktop.panel.notes()).map(({ title }) => title);
    await waitFor(async () => (await told()).includes('Office needs your answer'), 5000, 'the last note');
    tell(null);
    const titles = await told();
    const expected = [
      'Connected to Office',
      'Office is interrupted',
      'Connected to Office',
      'Office needs your answer',
    ];
    assert.deepEqual(titles, expected);
  });

  test('starting at login is an entry of the desktop, which goes again', async () => {
    const entry = join(desktop.env['HOME'] ?? '', '.config/autostart/causeway.desktop');
    const { settings } = await state();
    const write = (launchAtLogin: boolean): Promise<unknown> =>
      app.page.evaluate(`causeway.writeAppSettings(${JSON.stringify({ ...settings, launchAtLogin })})`);
    await write(true);
    assert.match(readFileSync(entry, 'utf8'), /^Exec=.*electron.* --hidden$/m);
    await write(false);
    assert.ok(!existsSync(entry));
  });

  test('a report is shown before it is saved, and saved where somebody says', async () => {
    const place = join(desktop.env['HOME'] ?? '', 'report.json');
    service.answers.set('diagnostics', { made: '2026-01-01T00:00:00Z', parts: [], pseudonyms: {} });
    await app.electron.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, place);
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show());
    await app.page.getByRole('button', { name: 'Activity' }).click();
    await app.page.getByRole('button', { name: 'Make a report' }).click();
    await app.page.getByRole('dialog').getByText('2026-01-01T00:00:00Z').waitFor();
    assert.ok(!existsSync(place));
    await app.page.getByRole('button', { name: 'Save …' }).click();
    await app.page.getByText('The report is saved.').waitFor();
    assert.equal((JSON.parse(readFileSync(place, 'utf8')) as { made: string }).made, '2026-01-01T00:00:00Z');
  });

  test('the keyring is named, and that it is gone is said when it is', async () => {
    await waitFor(async () => (await state()).keychain.state === 'ready', 5000, 'the keyring');
    assert.equal((await state()).keychain.backend, 'GNOME Keyring');
    await desktop.endKeyring();
    await waitFor(async () => (await state()).keychain.state === 'absent', 5000, 'no keyring');
    ask(3000);
    const dialog = app.page.getByRole('dialog');
    await dialog.getByText('You will be asked every time', { exact: false }).waitFor();
    await dialog.getByRole('textbox').fill(SECRET);
    await dialog.getByRole('button', { name: 'Go on' }).click();
    assert.equal((await service.call('need.answer')).secret, SECRET);
    tell({ startedAt: 3000, state: 'connected' });
    tell(null);
    assert.deepEqual(desktop.filesWith(SECRET), []);
  });
});

describe('a service that cannot be talked to is named for what it is:', { skip }, () => {
  before(() => open({ keyring: 'none' }));
  after(close);

  const hello = (server: string): object => ({
    type: 'bye',
    failure: { code: 'contract.version', context: { server } },
  });
  const cases = [
    [
      'an older one',
      { ...OPEN, greeting: hello('causewayd 0.0.1') },
      'The service (0.0.1) is older than this app',
    ],
    ['a newer one', { ...OPEN, greeting: hello('causewayd 99.0.0') }, 'is older than the service (99.0.0)'],
    ['somebody else’s', { ...OPEN, owner: EMPLOYEE_UID }, 'does not belong to the administrator'],
    ['one for others', { group: 0, mode: 0o660 }, 'you are not in it'],
  ] as const;
  for (const [what, options, text] of cases) {
    test(what, async () => {
      const retry = (): Promise<unknown> => app.page.evaluate('causeway.retryService({})');
      await service.stop();
      await retry();
      await app.page.getByText('The service of Causeway is not running').waitFor();
      await service.listen(options as Parameters<FakeService['listen']>[0]);
      await retry();
      await app.page.getByText(text).waitFor();
      assert.ok(!service.calls.some(({ name }) => !['profile.list', 'settings.read'].includes(name)));
    });
  }

  test('and one that is back is at work again', async () => {
    await service.stop();
    await service.listen(OPEN);
    await app.page.getByRole('button', { name: 'Try again' }).click();
    await app.page.getByText('Disconnected', { exact: true }).first().waitFor();
  });
});

describe('on a desktop whose panel went, and without a keyring', { skip }, () => {
  before(() => open({ keyring: 'none' }));
  after(close);

  test('the window does not stay hidden, and says why it is there', async () => {
    await waitFor(isVisible, 10_000, 'the window');
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    await desktop.panel.close();
    await waitFor(async () => (await state()).trayMissing, 5000, 'no tray');
    await waitFor(isVisible, 10_000, 'a window that can be found');
    await app.page.getByRole('button', { name: 'Settings' }).click();
    await app.page.getByText('This desktop shows no tray icons.', { exact: false }).waitFor();
  });

  test('a password is asked for every time, which is said', async () => {
    ask(1000);
    await app.page.getByText('no keychain that Causeway could use', { exact: false }).waitFor();
    assert.equal((await state()).keychain.state, 'absent');
  });

  test('closing the window ends the app', async () => {
    const ended = new Promise((resolve) => app.electron.process().once('exit', resolve));
    await app.electron.evaluate(({ BrowserWindow }) =>
      setImmediate(() => BrowserWindow.getAllWindows()[0]?.close()),
    );
    await ended;
  });
});

describe('on a desktop whose keyring is locked', { skip }, () => {
  before(() => open({ keyring: 'locked', panel: false }));
  after(close);

  test('that is said, nobody is made to unlock it, and what it does not take is written nowhere else', async () => {
    ask(1000);
    const dialog = app.page.getByRole('dialog');
    const remember = dialog.getByRole('switch', { name: 'which is locked', exact: false });
    await remember.waitFor();
    assert.equal(await remember.isChecked(), false);
    await dialog.getByText('which is locked', { exact: false }).click();
    await dialog.getByRole('textbox').fill(SECRET);
    await dialog.getByRole('button', { name: 'Go on' }).click();
    assert.equal((await service.call('need.answer')).secret, SECRET);
    tell({ state: 'connected' });
    await app.page.getByText('Your answer was not remembered').waitFor({ timeout: 40_000 });
    assert.equal((await state()).profiles[0]?.secretSaved, false);
    assert.doesNotMatch(JSON.stringify(await state()), new RegExp(SECRET));
    assert.deepEqual(desktop.filesWith(SECRET), []);
  });
});

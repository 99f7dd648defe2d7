/** The app as an employee has it: a real Electron, a real keyring and a real service, against a strongSwan. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AppState } from '../../core/contract/gui-api.ts';
import type { PolicyInput } from '../../core/contract/policy.ts';
import { LAN_HOST } from '../interop/lab.ts';
import {
  BY_PASSWORD,
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
  type Office,
} from '../interop/office.ts';
import { assertDownload, assertNoPing, assertPings, startWebHost } from '../interop/traffic.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { NetLab, waitFor } from '../support/netns.ts';
import { type RunningApp, startApp } from './support/app.ts';
import { Desktop, desktopMissing } from './support/desktop.ts';

const skip = NetLab.unavailable() || desktopMissing();
const PAGE_OCTETS = 100_000;

let office: Office;
let web: ChildProcess;
let daemon: DaemonProcess;
let desktop: Desktop;
let app: RunningApp;

before(async () => {
  if (skip !== false) return;
  office = await openOffice('gui');
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
    ike: ['aes256gcm16-prfsha384-ecp384'],
    esp: ['aes256gcm16'],
  });
  web = await startWebHost(office.net.lan);
  daemon = await DaemonProcess.start(office.net.client);
  desktop = await Desktop.open();
});
after(async () => {
  if (skip !== false) return;
  await app.close();
  await desktop.close();
  await daemon.end();
  await daemon.destroy();
  web.kill();
  await office.close();
});

function state(): Promise<AppState> {
  return app.page.evaluate(
    'new Promise((done) => { const end = causeway.onState((state) => { done(state); setTimeout(() => end()); }); })',
  );
}

function says(text: string): Promise<void> {
  return app.page.getByText(text, { exact: true }).first().waitFor();
}

async function answer(password: string): Promise<void> {
  await app.page.getByRole('textbox', { name: 'Password' }).fill(password);
  await app.page.getByRole('button', { name: 'Go on' }).click();
}

function inKeyring(): string {
  return desktop.run(['/usr/bin/secret-tool', 'search', '--all', 'service', 'Causeway']).text;
}

/** The rules of the one profile, as the editor of the window writes them. */
async function writeRules(rules: PolicyInput['rules']): Promise<void> {
  const [profile] = (await state()).profiles;
  const params = { profile: profile?.id, policy: { version: 1, rules } };
  const written = await app.page.evaluate<{ ok: boolean }>(`causeway.writePolicy(${JSON.stringify(params)})`);
  assert.equal(written.ok, true, JSON.stringify(written));
}

test('the first start says that there is no profile', { skip }, async () => {
  app = await startApp(desktop, { socketPath: daemon.socketPath });
  await app.page.getByText('There is no profile yet').waitFor();
  assert.equal((await state()).keychain.backend, 'GNOME Keyring');
});

test(
  'a file becomes a profile once its owner has seen what is in it, and the tray offers it',
  { skip },
  async () => {
    const file = join(desktop.directory, 'office.json');
    writeFileSync(file, JSON.stringify(passwordProfile()), { mode: 0o644 });
    await app.electron.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
    }, file);
    await app.page.getByRole('button', { name: 'Profiles' }).click();
    await app.page.getByRole('button', { name: 'Import a file …' }).first().click();
    await app.page.getByRole('dialog').getByText('192.0.2.1').first().waitFor();
    assert.deepEqual((await state()).profiles, []);
    await app.page.getByRole('dialog').getByRole('button', { name: 'Add it', exact: true }).click();
    await waitFor(async () => (await state()).profiles.length === 1, 5000, 'the profile');
    await app.page.getByRole('button', { name: 'Connection' }).click();
    const { menu = [] } = await desktop.panel.tray();
    assert.ok(
      menu.some(({ label, enabled }) => label === 'Connect Office' && enabled),
      JSON.stringify(menu),
    );
  },
);

test(
  'a wrong password is said to be wrong and not kept, the right one is, and nowhere else',
  { skip },
  async () => {
    await app.page.getByRole('button', { name: 'Connect', exact: true }).click();
    await answer('not the password');
    await says('The user name or the password is wrong');
    assert.doesNotMatch(inKeyring(), /not the password/);
    await app.page.getByRole('button', { name: 'Connect', exact: true }).click();
    await answer(USER.password);
    await says('Connected');
    await waitFor(async () => (await state()).profiles[0]?.secretSaved === true, 5000, 'the keyring');
    assert.match(inKeyring(), new RegExp(USER.password));
    assert.deepEqual(desktop.filesWith(USER.password), []);
    assert.doesNotMatch(JSON.stringify(await state()), new RegExp(USER.password));
    assert.doesNotMatch(commandLinesAndEnvironments(), new RegExp(USER.password));
    assert.doesNotMatch(daemon.said(), new RegExp(USER.password));
  },
);

test('a page comes through the tunnel', { skip }, async () => {
  await assertDownload(office.net.client, LAN_HOST, PAGE_OCTETS);
});

test('a rule that is edited holds at once, and no longer when it is gone', { skip }, async () => {
  await writeRules([{ action: 'block', to: [`${LAN_HOST}/32`] }]);
  await assertNoPing(office.net.client, LAN_HOST);
  await writeRules([]);
  await assertPings(office.net.client, LAN_HOST);
  assert.equal((await state()).status?.connection?.state, 'connected');
});

test('a computer that gets another address keeps its connection', { skip }, async () => {
  const before = (await state()).status?.connection;
  const { client } = office.net;
  client.exec(['ip', 'addr', 'add', '192.0.2.77/24', 'dev', 'direct']);
  client.exec(['ip', 'addr', 'del', '192.0.2.2/24', 'dev', 'direct']);
  client.exec(['ip', 'addr', 'add', '192.0.2.77/24', 'dev', 'direct']);
  await waitFor(
    async () => (await client.execAsync(['ping', '-n', '-q', '-c', '1', '-W', '1', LAN_HOST])).status === 0,
    20_000,
    'the office at the new address',
  );
  await says('Connected');
  const now = (await state()).status?.connection;
  assert.equal(now?.startedAt, before?.startedAt);
  assert.deepEqual(now?.facts?.addresses, before?.facts?.addresses);
  await waitFor(
    () => office.gateway.charon.log().includes('192.0.2.77'),
    10_000,
    'the gateway to hear of it',
  );
});

test(
  'the tray disconnects, connects again without asking, and tells nothing that nobody needs',
  { skip },
  async () => {
    await desktop.panel.click('Disconnect Office');
    await says('Disconnected');
    const before = (await desktop.panel.notes()).length;
    await desktop.panel.click('Connect Office');
    await says('Connected');
    const notes = (await desktop.panel.notes()).slice(before).map(({ title }) => title);
    assert.deepEqual(
      notes.filter((title) => title !== 'Connected to Office'),
      [],
    );
  },
);

test(
  'a service that is killed is missed and told of, and at work again when it is back',
  { skip },
  async () => {
    await daemon.end('SIGKILL');
    await says('The service of Causeway is not running');
    const { menu = [] } = await desktop.panel.tray();
    assert.ok(menu.some(({ label }) => label === 'The service of Causeway cannot be reached'));
    await daemon.start();
    await says('Disconnected');
    await desktop.panel.click('Connect Office');
    await says('Connected');
    await assertPings(office.net.client, LAN_HOST);
  },
);

test('who quits stays connected, and finds that again', { skip }, async () => {
  assert.deepEqual(app.said, []);
  const ended = new Promise((resolve) => app.electron.process().once('exit', resolve));
  await desktop.panel.click('Quit, and stay connected');
  await ended;
  await assertPings(office.net.client, LAN_HOST);
  app = await startApp(desktop, { socketPath: daemon.socketPath });
  await says('Connected');
  await app.page.getByRole('button', { name: 'Disconnect', exact: true }).click();
  await says('Disconnected');
  await assertNoPing(office.net.client, LAN_HOST);
});

test('a password that is forgotten is gone from the keyring, and asked for again', { skip }, async () => {
  const [profile] = (await state()).profiles;
  await app.page.evaluate(`causeway.forgetSecret({ profile: '${profile?.id ?? ''}' })`);
  assert.doesNotMatch(inKeyring(), new RegExp(USER.password));
  await app.page.getByRole('button', { name: 'Connect', exact: true }).click();
  await app.page.getByRole('textbox', { name: 'Password' }).waitFor();
  await app.page.getByRole('button', { name: 'Stop connecting' }).click();
  await app.page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(app.said, []);
});

/** Of every process that there is. */
function commandLinesAndEnvironments(): string {
  const texts = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`));
  return texts
    .map((path) => {
      try {
        return readFileSync(path, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

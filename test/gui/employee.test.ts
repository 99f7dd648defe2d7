/** The app as an employee has it: a real Electron, a real keyring and a real service, against a strongSwan. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertPings } from '../interop/traffic.ts';
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
import { DaemonProcess } from '../support/daemon.ts';
import { NetLab } from '../support/netns.ts';
import { type RunningApp, startApp } from './support/app.ts';
import { Desktop, desktopMissing } from './support/desktop.ts';

const skip = NetLab.unavailable() || desktopMissing();

let office: Office;
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
  daemon = await DaemonProcess.start(office.net.client);
  desktop = await Desktop.open();
});
after(async () => {
  if (skip !== false) return;
  await app.close();
  await desktop.close();
  await daemon.end();
  await daemon.destroy();
  await office.close();
});

test('the first start says that there is no profile', { skip }, async () => {
  app = await startApp(desktop, { socketPath: daemon.socketPath });
  await app.page.getByText('There is no profile yet').waitFor();
});

test('a profile that is written appears, and the tray offers it', { skip }, async () => {
  const { page } = app;
  const written = await page.evaluate(
    (contents) =>
      (
        globalThis as unknown as { causeway: { writeProfile(p: unknown): Promise<unknown> } }
      ).causeway.writeProfile({
        contents,
      }),
    passwordProfile() as unknown as Record<string, unknown>,
  );
  assert.equal((written as { ok: boolean }).ok, true, JSON.stringify(written));
  await page.getByRole('button', { name: 'Connect', exact: true }).waitFor();
  const { menu = [] } = await desktop.panel.tray();
  assert.ok(
    menu.some(({ label, enabled }) => label === 'Connect Office' && enabled),
    JSON.stringify(menu),
  );
});

test('the password is asked for, remembered in the keyring, and the tunnel carries', { skip }, async () => {
  const { page } = app;
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('textbox', { name: 'Password' }).fill(USER.password);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('Connected', { exact: true }).first().waitFor();
  await assertPings(office.net.client, LAN_HOST);
  const found = desktop.run(['/usr/bin/secret-tool', 'search', '--all', 'service', 'Causeway']);
  assert.match(found.text, /correct horse battery staple/);
});

test('the tray disconnects, connects again without asking, and disconnects', { skip }, async () => {
  const { page } = app;
  await desktop.panel.click('Disconnect Office');
  await page.getByText('Disconnected', { exact: true }).first().waitFor();
  await desktop.panel.click('Connect Office');
  await page.getByText('Connected', { exact: true }).first().waitFor();
  await desktop.panel.click('Disconnect Office');
  await page.getByText('Disconnected', { exact: true }).first().waitFor();
  assert.deepEqual(app.said, []);
});

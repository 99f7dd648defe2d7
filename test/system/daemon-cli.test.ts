/** The command line as a client of the service, by a user who is not root, on a terminal. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { profileSchema } from '../../core/contract/profile.ts';
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
import { assertPings } from '../interop/traffic.ts';
import { DAEMON_GROUP, DaemonProcess } from '../support/daemon.ts';
import { NetLab } from '../support/netns.ts';

const CLI = join(import.meta.dirname, '../../core/cli/main.ts');
const TYPIST = join(import.meta.dirname, '../support/typist.py');
const EMPLOYEE = 64_125;

describe('the command line and the service', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let daemon: DaemonProcess | undefined;

  before(async () => {
    office = await openOffice('dcli');
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
    daemon = await DaemonProcess.start(office.net.client);
    writeFileSync(join(daemon.directory, 'office.json'), JSON.stringify(passwordProfile()), { mode: 0o644 });
    const demand = passwordProfile({ name: 'Demand', onDemand: { enabled: true } });
    writeFileSync(join(daemon.directory, 'demand.json'), JSON.stringify(demand), { mode: 0o644 });
  });
  after(async () => {
    await daemon?.end();
    await daemon?.destroy();
    await office.close();
  });

  function running(): DaemonProcess {
    assert.ok(daemon);
    return daemon;
  }

  /** A command of the employee, who types what the script says. */
  function causeway(
    words: string,
    script: readonly (readonly [string, string])[] = [],
  ): Promise<{ readonly status: number | null; readonly text: string }> {
    const argv = [process.execPath, CLI, ...words.split(' '), '--socket', running().socketPath];
    const child = spawn('/usr/bin/env', ['python3', TYPIST, JSON.stringify(script), ...argv], {
      uid: EMPLOYEE,
      gid: DAEMON_GROUP,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return new Promise((resolve) => {
      child.once('close', (status) => resolve({ status, text: text.replaceAll('\r\n', '\n') }));
    });
  }

  /** The same for a program, which has the password in a descriptor and no terminal. */
  function upWith(password: string): Promise<{ readonly status: number | null; readonly text: string }> {
    const words = ['up', 'Office', '--password-fd', '3', '--socket', running().socketPath];
    const child = spawn(process.execPath, [CLI, ...words], {
      uid: EMPLOYEE,
      gid: DAEMON_GROUP,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    let text = '';
    for (const output of [child.stdout, child.stderr])
      output?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    (child.stdio[3] as Writable).end(`${password}\n`);
    return new Promise((resolve) => {
      child.once('close', (status) => resolve({ status, text }));
    });
  }

  test('takes an employee from an import to the office and back', async () => {
    const none = await causeway('profile list');
    assert.match(none.text, /There are no profiles yet/);
    const imported = await causeway(`profile import ${join(running().directory, 'office.json')}`);
    assert.match(imported.text, /^Office is added \([0-9a-f]{16}\)\.$/m);
    const up = await causeway('up', [[`Password for ${USER.name} at Office: `, `${USER.password}\r`]]);
    assert.equal(up.status, 0, up.text);
    assert.match(up.text, /Connected to Office/);
    assert.ok(!up.text.includes(USER.password));
    await assertPings(office.net.client, LAN_HOST);
    const status = await causeway('status');
    assert.match(status.text, /^Connected to Office for 00:00:/m);
    assert.match(status.text, /gateway +gateway\.test at 192\.0\.2\.1/);
    assert.equal((await causeway('doctor')).status, 0);
    assert.match((await causeway('down')).text, /Disconnected\./);
    assert.match((await causeway('status')).text, /Not connected\./);
  });

  test('tells a wrong password in words, asks again, and exits as connect does', async () => {
    const up = await causeway('up', [
      ['Office: ', 'wrong\r'],
      ['was not accepted', 'wrong too\r'],
      ['was not accepted', '\u0004'],
    ]);
    assert.equal(up.status, 7, up.text);
    assert.match(up.text, /password/i);
  });

  test('connects by a profile of strongSwan, and opens a store of keys with what is typed', async () => {
    const { directory } = running();
    const { gateway } = profileSchema.parse(passwordProfile());
    const sswan = {
      uuid: '0d9ed6e5-4b0e-4ef9-9d0f-7c4f6c1d2f11',
      name: 'From Android',
      type: 'ikev2-eap',
      remote: {
        addr: gateway.address,
        id: gateway.identity,
        cert: gateway.authorities.replaceAll(/-----[^-]+-----|\s/g, ''),
      },
      local: { eap_id: USER.name },
      apps: ['com.example.mail'],
    };
    writeFileSync(join(directory, 'office.sswan'), JSON.stringify(sswan), { mode: 0o644 });
    const imported = await causeway(`profile import ${join(directory, 'office.sswan')}`);
    assert.equal(imported.status, 0, imported.text);
    assert.match(imported.text, /not honoured \S* apps: /);
    assert.match(imported.text, /^From Android is added/m);
    const id = /\(([0-9a-f]{16})\)/.exec(imported.text)?.[1] ?? '';
    const up = await causeway(`up ${id}`, [['From Android: ', `${USER.password}\r`]]);
    assert.equal(up.status, 0, up.text);
    await assertPings(office.net.client, LAN_HOST);
    await causeway('down');
    await causeway(`profile remove ${id}`);

    const store = join(directory, 'alice.p12');
    copyFileSync(join(import.meta.dirname, '../unit/import/samples/modern.p12'), store);
    chmodSync(store, 0o644);
    const opened = await causeway(`profile import ${store}`, [
      ['Passphrase of ', 'wrong\r'],
      ['That does not open it', 'Grüße 1\r'],
    ]);
    assert.equal(opened.status, 3, opened.text);
    assert.match(opened.text, /gateway\.address: is\s+missing/);
    assert.ok(!opened.text.includes('Grüße 1'));
  });

  test('takes the password from a descriptor, once, and asks nobody when it is wrong', async () => {
    const up = await upWith(USER.password);
    assert.equal(up.status, 0, up.text);
    assert.match(up.text, /Connected to Office/);
    await assertPings(office.net.client, LAN_HOST);
    assert.match((await causeway('down')).text, /Disconnected\./);
    const wrong = await upWith('wrong');
    assert.equal(wrong.status, 7, wrong.text);
    assert.match((await causeway('status')).text, /Not connected\./);
    const missing = await upWith('');
    assert.equal(missing.status, 3, missing.text);
    assert.match(missing.text, /it is empty/);
  });

  test('makes a connection ready, and takes its password once something needs it', async () => {
    await causeway(`profile import ${join(running().directory, 'demand.json')}`);
    const ready = await causeway('up Demand');
    assert.equal(ready.status, 0, ready.text);
    assert.match(ready.text, /Ready for Demand: it connects when something needs it\./);
    const waiting = office.net.client.execAsync(['ping', '-n', '-c', '1', '-W', '9', LAN_HOST]);
    let status = '';
    for (let i = 0; i < 20 && !/Waiting for an answer/.test(status); i++)
      status = (await causeway('status')).text;
    assert.match(status, /Waiting for an answer to sign in to Demand; give it with: causeway up/);
    const up = await causeway('up Demand', [['Demand: ', `${USER.password}\r`]]);
    assert.equal(up.status, 0, up.text);
    assert.match(up.text, /Connected to Demand/);
    assert.equal((await waiting).status, 0);
    assert.match((await causeway('down')).text, /Disconnected\./);
    await causeway('profile remove Demand');
  });

  test('leaves nothing running when a person changes their mind', async () => {
    const up = await causeway('up', [['Office: ', '\u0003']]);
    assert.equal(up.status, 130, up.text);
    assert.match((await causeway('status')).text, /Not connected\./);
  });

  test('shows, writes and explains a policy, and tells who may change the machine', async () => {
    const file = join(running().directory, 'policy.json');
    const rules = [{ action: 'block', to: ['192.0.2.0/24'], protocol: 'tcp', ports: ['25'] }];
    writeFileSync(file, JSON.stringify({ version: 1, rules }), { mode: 0o644 });
    const set = await causeway(`policy set Office ${file}`);
    assert.equal(set.status, 0, set.text);
    assert.match(set.text, /The policy of Office is written\./);
    assert.match((await causeway('policy show Office')).text, /"block"/);
    assert.match((await causeway('policy lint Office')).text, /Nothing in it is odd\./);
    const told = await causeway('policy explain Office 192.0.2.7:tcp/25');
    assert.match(told.text, /^With protocol 6, ports 25 it goes nowhere, by rule 1\.$/m);
    assert.match((await causeway('policy explain Office 192.0.2.7:tcp/80')).text, /through the tunnel/);
    assert.match((await causeway('policy explain Office a_b')).text, /is\s+no\s+address\s+or\s+name/);
    writeFileSync(file, JSON.stringify({ version: 1, rules: [{ action: 'block', to: ['gateway.test'] }] }));
    assert.equal((await causeway(`policy set Office ${file}`)).status, 0);
    const named = await causeway('policy explain Office gateway.test:tcp/443');
    assert.match(named.text, /^It is 192\.0\.2\.1\.\nRule 1 speaks of it\.\nName servers: whoever/m);
    assert.match(named.text, /^It goes nowhere, by rule 1\.$/m);
    assert.match((await causeway('settings')).text, /kill-switch +off/);
    assert.match((await causeway('settings kill-switch always')).text, /You may not do that/);
    assert.match((await causeway('settings kill-switch maybe')).text, /off,\s+session\s+or\s+always/);
  });

  test('says what it cannot do', async () => {
    const unknown = await causeway('up Nowhere');
    assert.equal(unknown.status, 3);
    assert.match(unknown.text, /There is no such profile/);
    const logs = await causeway('logs');
    assert.match(logs.text, /You may not do that/);
  });
});

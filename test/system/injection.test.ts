/**
 * Config options that run code as root, and newlines in configurations that are generated: every text of a profile, as
 * the schema has them, with whatever ended one thing and began another elsewhere. Most of it is no profile; what is one
 * is connected with, and nothing of it is found in what the service runs, tells the kernel or writes.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseProfile, profileSchema, type ProfileInput } from '../../core/contract/profile.ts';
import { hasControlCharacters } from '../../core/contract/text-forms.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { LAN_HOST } from '../interop/lab.ts';
import {
  byCertificate,
  certificateProfile,
  openOffice,
  passwordProfile,
  pskProfile,
  serverCertificate,
  USER,
  userCertificate,
  type Office,
} from '../interop/office.ts';
import { assertPings } from '../interop/traffic.ts';
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { effectsIn, under } from '../support/effects.ts';
import { INJECTIONS, MARK, withInjection } from '../support/injections.ts';
import { pictureOf } from '../support/machine-picture.ts';
import { NetLab } from '../support/netns.ts';
import { textFieldsOf } from '../support/zod-arbitrary.ts';

const PEM = /^(gateway\.authorities|user\.certificate|user\.privateKey)(\[\])?$/;
/** What people or gateways are called by: text that means nothing to a machine. */
const FREE = [
  ...['name', 'user.username', 'user.eapIdentity', 'user.ikeIdentity', 'user.identity'],
  ...['gateway.identity', 'gateway.alternatives[].identity'],
];

const more: Partial<ProfileInput> = {
  ike: { proposals: ['aes256gcm16-prfsha384-ecp384'] },
  esp: { proposals: ['aes256gcm16'] },
  tunnel: { addresses: ['ipv4'], remote: ['10.50.0.0/24'] },
  dns: { servers: ['10.50.0.53'], domains: ['office.test'], searchDomains: ['office.test'] },
  automatic: { beacons: [{ host: 'beacon.office.test', pins: [`${'A'.repeat(43)}=`] }] },
};

/** Profiles in which, together, every text field has a value; `split`: PEM as lists of lines. */
function examples(split: boolean): ProfileInput[] {
  const lines = (text: unknown): unknown =>
    split && typeof text === 'string' && text.includes('BEGIN') ? text.split('\n') : text;
  const own = certificateProfile(userCertificate('p256'), more);
  const byPassword = passwordProfile({
    ...more,
    user: {
      method: 'eap-mschapv2',
      username: 'alice',
      eapIdentity: 'alice',
      ikeIdentity: 'alice@office.test',
    },
  });
  const gateway = { ...own.gateway, alternatives: [{ address: 'other.test', identity: 'other.test' }] };
  const texts = { ...gateway, authorities: lines(gateway.authorities) } as ProfileInput['gateway'];
  const user = Object.fromEntries(Object.entries(own.user).map(([name, value]) => [name, lines(value)]));
  return [
    { ...own, gateway: texts, user: user as ProfileInput['user'] },
    { ...byPassword, gateway: texts },
    pskProfile(more),
  ];
}

/** The profiles with this in this field: those that are profiles at all. */
function accepted(field: string, injection: string): ProfileInput[] {
  return [...examples(false), ...examples(true)].flatMap((profile) =>
    (['before', 'behind'] as const).flatMap((where) => {
      let changed: unknown;
      try {
        changed = withInjection(profile, field, injection, where);
      } catch {
        return [];
      }
      return parseProfile(changed).ok ? [changed as ProfileInput] : [];
    }),
  );
}

describe('text of a profile that would be a command elsewhere', () => {
  const fields = textFieldsOf(profileSchema);

  test('every text field of the schema is tried', () => {
    for (const field of fields) {
      const isThere = [...examples(false), ...examples(true)].some((profile) => {
        try {
          return withInjection(profile, field, MARK, 'behind') !== undefined;
        } catch {
          return false;
        }
      });
      assert.ok(isThere, `an example needs a value at ${field}`);
    }
    for (const profile of [...examples(false), ...examples(true)])
      assert.deepEqual(parseProfile(profile).ok || parseProfile(profile), true);
  });

  test('newline injection: no field but PEM takes a control character or the end of a line', () => {
    for (const injection of INJECTIONS.filter((text) => hasControlCharacters(text))) {
      for (const field of fields.filter((one) => !PEM.test(one)))
        assert.deepEqual(accepted(field, injection), [], `${field}: ${JSON.stringify(injection)}`);
    }
  });

  test('shell and option injection: only names of people and gateways take more than what they are', () => {
    const taking = fields.filter((field) => INJECTIONS.some((text) => accepted(field, text).length > 0));
    assert.deepEqual(
      taking.filter((field) => !PEM.test(field) && !FREE.includes(field)),
      [],
    );
  });

  test('what stands around certificates in PEM goes nowhere', () => {
    for (const field of fields.filter((one) => PEM.test(one))) {
      for (const injection of INJECTIONS) {
        for (const profile of accepted(field, injection)) {
          const parsed = parseProfile(profile);
          assert.ok(parsed.ok);
          // Kept as it is written, and read by nobody but the parser of PEM.
          assert.ok(JSON.stringify(parsed.value).includes('BEGIN'));
        }
      }
    }
  });
});

describe('a profile that would be a command elsewhere', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  before(async () => {
    office = await openOffice('inject');
  });
  after(() => office.close());

  test('config options that run code as root: its words are found in nothing that the service does', async () => {
    const words = INJECTIONS.filter((text) => !hasControlCharacters(text)).join('');
    const name = words.slice(0, 100);
    const username = `alice${words}`.slice(0, 250);
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: { auth: 'eap-mschapv2', users: [{ name: username, password: USER.password }] },
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
      dns: ['10.50.0.53'],
    });
    const { client: machine } = office.net;
    const untouched = pictureOf(machine);
    const daemon = DaemonProcess.create(machine);
    const record = join(daemon.directory, 'effects');
    try {
      await daemon.start(under({ record }));
      const client = await daemon.client();
      const watch = new StatusWatch(client);
      assert.ok((await client.call('settings.write', { killSwitch: 'session', lan: true })).ok);
      const user = {
        method: 'eap-mschapv2' as const,
        username,
        eapIdentity: username,
        ikeIdentity: `email:${username}`,
      };
      const contents = passwordProfile({ ...more, name, user, automatic: {} });
      const written = await client.call('profile.write', { contents });
      assert.ok(written.ok, JSON.stringify(written));
      const profile = written.value.id;
      const note = { note: words.slice(0, 200) };
      const rules = [{ action: 'block' as const, to: ['192.0.2.99/32'], ...note }];
      assert.ok((await client.call('policy.write', { profile, policy: { version: 1, rules } })).ok);
      assert.ok((await client.call('connection.up', { profile })).ok);
      const { connection } = await watch.until((status) => status.connection?.need !== undefined, 'a need');
      const need = connection?.need?.id ?? 0;
      assert.ok((await client.call('need.answer', { need }, SecretBytes.ofText(USER.password))).ok);
      await watch.until(
        (status) => status.connection?.facts !== undefined || status.lastFailure !== undefined,
        `a connection\n${daemon.said()}`,
      );
      await assertPings(machine, LAN_HOST);
      assert.ok((await client.call('connection.down', {})).ok);
      client.close();
      assert.equal(await daemon.end(), 0);

      const effects = effectsIn(record);
      assert.ok(effects.some(({ what }) => what.startsWith('netlink')));
      assert.ok(effects.some(({ input }) => input?.includes('table inet causeway')));
      const touched = effects.filter((effect) => JSON.stringify(effect).includes(MARK));
      assert.ok(touched.length > 0, 'the profile itself was written');
      for (const { what, input = '' } of touched) {
        assert.match(what, /^writeFileSync \d+$/);
        // JSON, in which nothing of it is more than a value.
        const value = JSON.parse(input) as { name?: string; rules?: { note: string }[] };
        assert.ok(value.name === name || value.rules?.[0]?.note === note.note, input);
      }
      for (const line of daemon
        .said()
        .split('\n')
        .filter((one) => one !== ''))
        assert.match(line, /^\S+Z (warn|info|debug) [a-z0-9-]+( \{.*\})?$/);
      assert.deepEqual(pictureOf(machine), untouched);
      assert.equal(existsSync(`/tmp/${MARK}`), false);
    } finally {
      await daemon.end();
      await daemon.destroy();
    }
  });
});

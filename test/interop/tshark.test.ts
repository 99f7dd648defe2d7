import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encryptedIke, esp, judge, problemsOf, wasRead, type JudgedPacket } from '../support/tshark.ts';
import { DIRECT_V6, LAN_HOST, LAN_HOST_V6 } from './lab.ts';
import {
  BY_PASSWORD,
  BY_USER_CERTIFICATE,
  byCertificate,
  certificateProfile,
  gatewayAt,
  openOffice,
  passwordProfile,
  serverCertificate,
  userCertificate,
  type Office,
} from './office.ts';
import { assertPings } from './traffic.ts';

/*
 * What Causeway sends, read by tshark with the keys of Causeway's key log. strongSwan's answers are in the same
 * captures, so what is judged is a whole conversation.
 */

let office: Office;
let directory: string;
before(async () => {
  office = await openOffice('tshark');
  directory = mkdtempSync(join(tmpdir(), 'cw-capture-'));
});
after(async () => {
  await office.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Conversation {
  readonly packets: readonly JudgedPacket[];
  readonly captureFile: string;
  readonly keyLog: string;
}

/** Captures a connection with pings over both families, from the first message to the last. */
async function converse(profile: ReturnType<typeof passwordProfile>): Promise<Conversation> {
  const captureFile = join(directory, 'ike-and-esp.pcap');
  const keyLogFile = join(directory, 'keys.log');
  rmSync(keyLogFile, { force: true });
  const filter = 'udp port 500 or udp port 4500 or esp';
  const capture = await office.net.lab.capture(office.net.client, 'direct', captureFile, filter);
  try {
    await office.during(
      profile,
      async () => {
        await assertPings(office.net.client, LAN_HOST);
        await assertPings(office.net.client, LAN_HOST_V6);
      },
      { args: ['--keylog', keyLogFile] },
    );
  } finally {
    await capture.stop();
  }
  assert.equal(statSync(keyLogFile).mode & 0o077, 0, 'others may read the key log');
  const keyLog = readFileSync(keyLogFile, 'utf8');
  return { packets: await judge(captureFile, keyLog), captureFile, keyLog };
}

/** Everything in the capture was decrypted, checked and found well-formed. */
function assertFaultless(packets: readonly JudgedPacket[]): void {
  assert.deepEqual(problemsOf(packets), []);
  const ike = encryptedIke(packets);
  const data = esp(packets);
  assert.ok(ike.length >= 4, `${ike.length} encrypted IKE messages`);
  assert.ok(data.length >= 12, `${data.length} ESP packets`);
  const unread = [...ike, ...data].filter((packet) => !wasRead(packet));
  assert.deepEqual(
    unread.map(({ text }) => text),
    [],
    'tshark could not read these',
  );
  assert.equal(data.filter(({ layers }) => /icmp/.test(layers.join(':'))).length, data.length);
}

const SUITES: readonly (readonly [ike: string, esp: string])[] = [
  ['aes256gcm16-prfsha384-ecp384', 'aes256gcm16'],
  ['aes128gcm16-prfsha256-x25519', 'aes128gcm16'],
  ['aes128-sha256-modp2048', 'aes128-sha256'],
  ['aes256-sha384-ecp521', 'aes256-sha384'],
  ['aes256-sha512-modp3072', 'aes256-sha512'],
  ['aes128-sha1-modp2048', 'aes128-sha1'],
];

for (const [ike, espWords] of SUITES) {
  test(`tshark reads every message and packet of ${ike} with ${espWords} and finds nothing wrong`, async () => {
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: [ike],
      esp: [espWords],
    });
    const { packets } = await converse(
      passwordProfile({ ike: { proposals: [ike] }, esp: { proposals: [espWords] } }),
    );
    assertFaultless(packets);
  });
}

test('tshark finds nothing wrong with a plain profile, certificates and an IPv6 path', async () => {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('rsa2048')),
    client: BY_USER_CERTIFICATE(),
    ike: ['aes256gcm16-prfsha256-ecp256'],
    esp: ['aes256gcm16'],
  });
  const profile = certificateProfile(userCertificate('p256'), { gateway: gatewayAt(DIRECT_V6) });
  const { packets } = await converse(profile);
  assertFaultless(packets);
});

test('the judge is not blind: with a wrong key, or none, it reads nothing and says so', async () => {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
    ike: ['aes128-sha256-modp2048'],
    esp: ['aes128-sha256'],
  });
  const { captureFile, keyLog } = await converse(passwordProfile());
  const wrong = keyLog.replace(/[0-9a-f]{64}/g, (key) =>
    key.replace(/./, (digit) => (digit === '0' ? '1' : '0')),
  );
  const misread = await judge(captureFile, wrong);
  assert.notDeepEqual(problemsOf(misread), []);
  const unread = await judge(captureFile, '');
  assert.equal([...encryptedIke(unread), ...esp(unread)].some(wasRead), false);
});

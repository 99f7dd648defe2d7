import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextFields, failedEvent, sentence } from '../../../core/contract/failure-text.ts';
import { connectionEventSchema } from '../../../core/contract/snapshot.ts';
import { failure, FAILURES, type FailureCode } from '../../../core/lib/failure.ts';

const codes = Object.keys(FAILURES) as FailureCode[];

function whole(code: FailureCode, context: Record<string, string> = {}): string {
  const { title, why, next } = sentence(failure(code, context));
  return `${title}\n${why}\n${next}`;
}

test('every failure code has a title, a reason and a next step, with nothing known about it', () => {
  for (const code of codes) {
    const { title, why, next, who } = sentence(failure(code));
    assert.match(title, /^[A-Z].{9,79}[^.]$/, `title of ${code}: ${title}`);
    assert.match(why, /^[A-Z/].{20,}[.:]$/su, `why of ${code}: ${why}`);
    assert.match(next, /^[A-Z].{15,}[.)a-zN]$/su, `next of ${code}: ${next}`);
    assert.ok(['user', 'it', 'network', 'makers'].includes(who));
  }
});

test('no words say undefined, null or leave a gap, however much of the context is known', () => {
  for (const code of codes) {
    const fields = contextFields(code);
    for (let known = 0; known < 2 ** fields.length; known++) {
      const context = Object.fromEntries(
        fields.filter((_, index) => (known >> index) & 1).map((field) => [field, 'VALUE']),
      );
      const text = whole(code, context);
      assert.doesNotMatch(
        text,
        /undefined|null|NaN|\[object|\(\)| {2}| [.,:;)]|\( |\.\.|,,|:\./,
        `${code}: ${text}`,
      );
    }
  }
});

test('every context field that a sentence claims to use is shown', () => {
  for (const code of codes) {
    const fields = contextFields(code);
    const context = Object.fromEntries(fields.map((field, index) => [field, `fact${index}x`]));
    for (const [index, field] of fields.entries())
      assert.ok(whole(code, context).includes(`fact${index}x`), `${code} does not show ${field}`);
  }
});

test('no two failures have the same words', () => {
  assert.equal(new Set(codes.map((code) => whole(code))).size, codes.length);
});

/** Words of the trade that a person cannot be expected to know, and what must stand near their first use. */
const JARGON: Readonly<Record<string, RegExp>> = {
  '(?!NET_ADMIN)[A-Z]+_[A-Z_]+': /\([A-Z_]+\)/,
  RADIUS: /password/,
  TUN: /network packets/,
  'Diffie-Hellman|nonce|SPI\\b|SA\\b|CHILD_SA|IKE_AUTH|IKE_SA_INIT|payload|DPD|SAN\\b|EKU|MSK': /^$/,
  DNS: /name service \(DNS\)/,
  IKEv2: /protocol|version/,
};

test('no sentence uses a word of the trade without saying what it is', () => {
  for (const code of codes) {
    const { title, why, next } = sentence(failure(code));
    const text = `${title}. ${why} ${next}`;
    for (const [word, explained] of Object.entries(JARGON)) {
      if (new RegExp(`\\b(${word})`).test(text))
        assert.match(text, explained, `${code}: ${word} in: ${text}`);
    }
  }
});

test('a refused proposal shows what was offered and where it was configured', () => {
  const { why, next } = sentence(
    failure('peer.no-proposal-chosen', {
      gateway: 'vpn.example.com',
      offered: ['aes256gcm16-prfsha384-ecp384', 'aes128-sha256-modp2048'],
      configured: ['aes256gcm16-prfsha384-ecp384'],
    }),
  );
  assert.match(why, /offered aes256gcm16-prfsha384-ecp384, aes128-sha256-modp2048/);
  assert.match(why, /from ike\.proposals in the profile: aes256gcm16-prfsha384-ecp384/);
  assert.match(next, /Correct ike\.proposals/);
});

test('a certificate for another name shows both names', () => {
  const { why } = sentence(
    failure('auth.gateway-wrong-name', { wanted: 'vpn.example.com', found: ['gw.example.com', '192.0.2.1'] }),
  );
  assert.match(why, /expects vpn\.example\.com.*made out for gw\.example\.com, 192\.0\.2\.1\./);
});

test('dates are shown as dates, and an impossible one does no harm', () => {
  const now = Date.UTC(2026, 10, 21, 4, 58);
  const { why } = sentence(failure('auth.gateway-expired', { notAfter: Date.UTC(2026, 0, 2, 3, 4), now }));
  assert.match(why, /valid until 2026-01-02 03:04 UTC; the clock of this machine says 2026-11-21 04:58 UTC/);
  assert.match(sentence(failure('auth.gateway-expired', { notAfter: 1e99 })).why, /an unreadable date/);
});

test('a gateway’s own words are quoted without control characters and not at any length', () => {
  const { why } = sentence(
    failure('auth.wrong-password', { user: 'alice', code: 691, message: `\u001b[31m${'x'.repeat(5000)}` }),
  );
  assert.match(why, /password of alice\. The gateway says: "\?\[31mx+\.\.\." \(code 691\)\.$/);
  assert.ok(why.length < 600);
});

test('one second and one try are not plural', () => {
  assert.match(
    sentence(failure('timeout.init', { seconds: 1, tries: 1 })).why,
    /asked 1 time over 1 second on/,
  );
  assert.match(
    sentence(failure('timeout.init', { seconds: 60, tries: 5 })).why,
    /asked 5 times over 60 seconds on/,
  );
});

test('the problems of a profile stand on lines of their own', () => {
  const { why } = sentence(
    failure('config.profile-invalid', { file: 'office.json', problems: ['a: x', 'b: y'] }),
  );
  assert.equal(why, 'office.json says:\na: x\nb: y');
});

test('the event of a failure is one that watchers understand', () => {
  for (const code of codes) {
    const event = failedEvent(failure(code, { gateway: 'x', offered: ['a'], user: undefined }), 12.5);
    assert.deepEqual(connectionEventSchema.parse(JSON.parse(JSON.stringify(event))), event);
    assert.equal('user' in event.failure.context, false);
  }
});

test('a refused change is said to be put back only when it was', () => {
  for (const code of ['platform.route-failed', 'platform.address-failed'] as const) {
    assert.match(sentence(failure(code)).why, /was put back\.$/);
    const { why } = sentence(failure(code, { leftover: 'Device or resource busy' }));
    assert.doesNotMatch(why, /was put back/);
    assert.match(why, /refused as well: Device or resource busy\./);
  }
});

import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { utf8 } from '../../core/lib/bytes.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { decodeEap, EapCode, encodeEap } from '../../core/wire/eap.ts';
import { decodeMsChapRequest } from '../../core/eap/mschapv2-packet.ts';
import { msChapSecrets } from '../../core/eap/mschapv2-secrets.ts';
import { EapPeer } from '../../core/eap/peer.ts';
import { utf16OfUtf8 } from '../../core/eap/utf16.ts';

const octets = fc.uint8Array({ maxLength: 200 });

function newPeer(): EapPeer {
  return new EapPeer({ identity: 'alice', random: (length) => new Uint8Array(length).fill(7) });
}

function credentials(): { password: SecretBytes } {
  return { password: SecretBytes.ofText('secret') };
}

test('any octets are decoded as MS-CHAPv2 or refused with a reason, never with another error', () => {
  fc.assert(
    fc.property(octets, fc.constantFrom(1, 3, 4, undefined), (data, opCode) => {
      if (opCode !== undefined && data.length > 0) data[0] = opCode;
      const decoded = decodeMsChapRequest(data);
      assert.equal(typeof (decoded.ok ? decoded.value.kind : decoded.error.reason), 'string');
    }),
    { numRuns: 1000 },
  );
});

/** Messages that look enough like EAP to get somewhere, and some that do not. */
const message = fc.oneof(
  octets,
  fc
    .record({
      code: fc.constantFrom(EapCode.REQUEST, EapCode.RESPONSE),
      identifier: fc.integer({ min: 0, max: 5 }),
      type: fc.constantFrom(0, 1, 2, 3, 4, 26, 26, 26, 254),
      data: octets,
    })
    .map(encodeEap),
  fc
    .record({
      code: fc.constantFrom(EapCode.SUCCESS, EapCode.FAILURE),
      identifier: fc.integer({ min: 0, max: 5 }),
    })
    .map((packet) => encodeEap({ ...packet, data: new Uint8Array(0) })),
);

test('no sequence of messages from a gateway that does not know the password ends in success', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
      const peer = newPeer();
      for (const one of messages) {
        const outcome = peer.handle(one, credentials());
        assert.notEqual(outcome.kind, 'success');
        if (outcome.kind !== 'reply') continue;
        const reply = decodeEap(outcome.message);
        assert.ok(reply.ok);
        assert.equal(reply.value.code, EapCode.RESPONSE);
        assert.equal(reply.value.identifier, one[1]);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a gateway with the password succeeds whatever the names, passwords, challenges and identifiers are', () => {
  const text = fc.string({ unit: 'binary', maxLength: 24 }).filter((value) => value.isWellFormed());
  fc.assert(
    fc.property(
      text,
      text,
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.nat(255),
      (user, secret, challenge, id) => {
        const peerChallenge = new Uint8Array(16).fill(9);
        const peer = new EapPeer({ identity: user, random: () => peerChallenge.slice() });
        const password = SecretBytes.ofText(secret);
        const { authenticatorResponse, msk } = msChapSecrets({
          authenticatorChallenge: challenge,
          peerChallenge,
          userName: user,
          password,
        });
        const request = (identifier: number, data: Uint8Array): Uint8Array =>
          encodeEap({ code: EapCode.REQUEST, identifier, type: 26, data });
        const challengeData = Uint8Array.of(1, id, 0, 21, 16, ...challenge);
        assert.equal(peer.handle(request(id, challengeData), { password }).kind, 'reply');
        const next = (id + 1) % 256;
        const successData = Uint8Array.of(3, id, 0, 46, ...authenticatorResponse);
        assert.equal(peer.handle(request(next, successData), { password }).kind, 'reply');
        const outcome = peer.handle(
          encodeEap({ code: EapCode.SUCCESS, identifier: next, data: new Uint8Array(0) }),
          {},
        );
        assert.ok(outcome.kind === 'success');
        assert.equal(outcome.msk?.equals(msk), true);
      },
    ),
    { numRuns: 100 },
  );
});

test('UTF-16 of any text is what the runtime makes of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const wellFormed = text.toWellFormed();
      const made = utf16OfUtf8(utf8(wellFormed));
      assert.equal(Buffer.from(made).toString('utf16le'), wellFormed);
    }),
  );
});

test('UTF-16 of any octets never fails, and reads them as UTF-8 exactly when they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (any) => {
      const asUtf8 = new TextDecoder('utf-8', { ignoreBOM: true }).decode(any);
      const isUtf8 = Buffer.from(utf8(asUtf8)).equals(any);
      const wanted = isUtf8 ? asUtf8 : Buffer.from(any).toString('latin1');
      assert.equal(Buffer.from(utf16OfUtf8(any)).toString('utf16le'), wanted);
    }),
    { numRuns: 1000 },
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aead } from '../../../core/crypto/aead.ts';
import { blockCipher } from '../../../core/crypto/block-cipher.ts';
import { integrity } from '../../../core/crypto/integrity.ts';
import { deriveIkeKeys, type IkeKeys } from '../../../core/ike/key-schedule.ts';
import { sessionProtection, type SessionProtection } from '../../../core/ike/protection.ts';
import type { IkeSuite } from '../../../core/ike/suite.ts';
import { concat, toHex } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { proves } from '../../conformance/tag.ts';
import { seededRandom } from '../../support/gateway/index.ts';
import { IKE_WORDS, suiteOf } from './suites.ts';

interface Ends {
  readonly ours: SessionProtection;
  /** The other end: what it seals, `ours.inbound` opens. */
  readonly theirs: SessionProtection;
  readonly suite: IkeSuite;
  readonly keys: IkeKeys;
}

function ends(words: string): Ends {
  const suite = suiteOf(words);
  const random = seededRandom(words);
  const inputs = { nonceI: random(32), nonceR: random(32), initiatorSpi: random(8), responderSpi: random(8) };
  const keys = deriveIkeKeys(suite, new SecretBytes(random(32)), inputs);
  return {
    ours: sessionProtection(suite, keys, 'initiator', random),
    theirs: sessionProtection(suite, keys, 'responder', random),
    suite,
    keys,
  };
}

const associated = seededRandom('associated')(32);
const GCM = 'aes256gcm16-prfsha256-x25519';
const CBC = 'aes128-sha256-x25519';

for (const words of IKE_WORDS) {
  describe(`the Encrypted payload with ${words}`, () => {
    test(
      'what one end seals the other opens, for every length, in as many octets as announced',
      proves(['RFC7296-3.14-4', 'does'], ['RFC7296-3.14-x3', 'does'], ['RFC7296-3.14-x2', 'does']),
      () => {
        const { ours, theirs, suite } = ends(words);
        const block = suite.cipher.kind === 'cbc' ? suite.cipher.cipher.blockLength : 1;
        const overhead =
          suite.cipher.kind === 'cbc'
            ? suite.cipher.cipher.ivLength + suite.cipher.integrity.icvLength
            : suite.cipher.cipher.ivLength + suite.cipher.cipher.icvLength;
        for (let length = 0; length < 70; length++) {
          const plaintext = seededRandom(String(length))(length);
          const body = ours.outbound.seal(associated, plaintext);
          assert.equal(body.length, ours.outbound.sealedLength(length));
          assert.equal((body.length - overhead) % block, 0);
          assert.deepEqual(theirs.inbound.open(associated, body), plaintext);
        }
      },
    );

    test(
      'a changed octet anywhere, in the message or before it, opens to nothing',
      proves(['RFC7296-1.2-3', 'refuses'], ['RFC7296-3.14-x2', 'refuses'], ['RFC7296-3.14-x3', 'refuses']),
      () => {
        const { ours, theirs } = ends(words);
        const body = theirs.outbound.seal(associated, seededRandom('plain')(40));
        for (let at = 0; at < body.length; at++) {
          assert.equal(ours.inbound.open(associated, flipped(body, at)), undefined, `body ${at}`);
        }
        for (let at = 0; at < associated.length; at++) {
          assert.equal(ours.inbound.open(flipped(associated, at), body), undefined, `associated ${at}`);
        }
        assert.ok(ours.inbound.open(associated, body));
      },
    );

    test(
      'a body that is cut off, lengthened or empty opens to nothing',
      proves('RFC7296-3.14-4', 'refuses'),
      () => {
        const { ours, theirs } = ends(words);
        const body = theirs.outbound.seal(associated, seededRandom('plain')(40));
        for (let length = 0; length < body.length; length++) {
          assert.equal(ours.inbound.open(associated, body.subarray(0, length)), undefined, String(length));
        }
        for (const more of [1, 16]) {
          assert.equal(ours.inbound.open(associated, concat(body, new Uint8Array(more))), undefined);
        }
      },
    );

    test(
      'each direction has its own keys: a message of ours that comes back is nobody’s',
      proves(['RFC7296-2.14-x2', 'refuses'], ['RFC7296-2.14-x5', 'refuses']),
      () => {
        const { ours } = ends(words);
        assert.equal(
          ours.inbound.open(associated, ours.outbound.seal(associated, new Uint8Array(9))),
          undefined,
        );
      },
    );

    test(
      'the same plaintext never looks the same twice',
      proves(['RFC7296-3.14-2', 'does'], ['RFC5282-3.1-2', 'does']),
      () => {
        const { ours, suite } = ends(words);
        const ivLength =
          suite.cipher.kind === 'aead' ? suite.cipher.cipher.ivLength : suite.cipher.cipher.ivLength;
        const ivs = new Set<string>();
        for (let i = 0; i < 500; i++) {
          ivs.add(toHex(ours.outbound.seal(associated, Uint8Array.of(1, 2, 3)).subarray(0, ivLength)));
        }
        assert.equal(ivs.size, 500);
      },
    );
  });
}

function flipped(octets: Uint8Array, at: number): Uint8Array {
  return octets.map((octet, i) => (i === at ? octet ^ 0x10 : octet));
}

describe('what the algorithms themselves say', () => {
  test(
    'with GCM: salt and IV are the nonce, in that order, and the ICV covers what stands before the IV',
    proves(['RFC5282-4-1', 'does'], ['RFC5282-3-1', 'does']),
    () => {
      const { ours, suite, keys } = ends(GCM);
      assert.ok(suite.cipher.kind === 'aead');
      const { keyLength, saltLength, ivLength } = suite.cipher.cipher;
      const secret = keys.skEi.reveal();
      const plaintext = Uint8Array.of(5, 6, 7);
      const body = ours.outbound.seal(associated, plaintext);
      const nonce = concat(secret.slice(keyLength, keyLength + saltLength), body.slice(0, ivLength));
      const key = aead(suite.cipher.cipher.id, 256)!.create(secret.slice(0, keyLength));
      const opened = key.open(nonce, associated, body.slice(ivLength));
      assert.deepEqual(opened, concat(plaintext, Uint8Array.of(0)));
    },
  );

  test(
    'with GCM: any amount of padding up to 255 octets, of any contents, is taken off',
    proves(['RFC5282-3-1', 'does'], ['RFC5282-3-1', 'refuses'], ['RFC7296-3.14-5', 'does']),
    () => {
      const { ours, suite, keys } = ends(GCM);
      assert.ok(suite.cipher.kind === 'aead');
      const { keyLength } = suite.cipher.cipher;
      const secret = keys.skEr.reveal();
      const key = suite.cipher.cipher.create(secret.slice(0, keyLength));
      const iv = new Uint8Array(8).fill(9);
      const nonce = concat(secret.slice(keyLength), iv);
      const sealed = (padded: Uint8Array): Uint8Array => concat(iv, key.seal(nonce, associated, padded));
      for (let padding = 0; padding <= 255; padding++) {
        const padded = concat(
          Uint8Array.of(1, 2),
          new Uint8Array(padding).fill(0xa5),
          Uint8Array.of(padding),
        );
        assert.deepEqual(ours.inbound.open(associated, sealed(padded)), Uint8Array.of(1, 2));
      }
      assert.equal(ours.inbound.open(associated, sealed(Uint8Array.of(1, 2, 3))), undefined);
      assert.deepEqual(ours.inbound.open(associated, sealed(Uint8Array.of(0))), new Uint8Array(0));
    },
  );

  test(
    'with CBC: any padding that fits the block is taken off, a Pad Length beyond the payload is refused',
    proves(['RFC7296-3.14-5', 'does'], ['RFC7296-3.14-5', 'refuses']),
    () => {
      const { ours, keys } = ends(CBC);
      const cipher = blockCipher(12, 128)!.create(keys.skEr.reveal());
      const mac = integrity(12)!.create(keys.skAr.reveal());
      const iv = new Uint8Array(16).fill(3);
      const sealed = (padded: Uint8Array): Uint8Array => {
        const covered = concat(iv, cipher.encrypt(iv, padded));
        return concat(covered, mac.compute(associated, covered));
      };
      for (let blocks = 1; blocks <= 16; blocks++) {
        const padding = 16 * blocks - 3;
        const padded = concat(
          Uint8Array.of(1, 2),
          new Uint8Array(padding).fill(0x5a),
          Uint8Array.of(padding),
        );
        assert.deepEqual(ours.inbound.open(associated, sealed(padded)), Uint8Array.of(1, 2));
      }
      const beyond = new Uint8Array(32).fill(32);
      assert.equal(ours.inbound.open(associated, sealed(beyond)), undefined);
    },
  );

  test(
    'with CBC: the IV is drawn from the random source for every message',
    proves('RFC7296-3.14-2', 'does'),
    () => {
      const suite = suiteOf(CBC);
      const { keys } = ends(CBC);
      const drawn: string[] = [];
      const source = seededRandom('iv');
      const random = (length: number): Uint8Array => {
        const octets = source(length);
        drawn.push(toHex(octets));
        return octets;
      };
      const { outbound } = sessionProtection(suite, keys, 'initiator', random);
      const sent = [1, 2, 3].map(() => toHex(outbound.seal(associated, new Uint8Array(5)).subarray(0, 16)));
      assert.deepEqual(sent, drawn);
    },
  );
});

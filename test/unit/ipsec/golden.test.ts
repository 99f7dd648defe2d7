/**
 * ESP packets that others published: RFC 7634 appendix A, draft-mcgrew-gcm-test-01 section 4, RFC 3602 section 4.
 * Values only; each is the whole packet from the SPI to the ICV.
 */
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, fromHex, readU32, toHex } from '../../../core/lib/bytes.ts';
import { newTransform } from '../../../core/ipsec/suite.ts';
import { proves } from '../../conformance/tag.ts';
import { octetsOf, selector } from '../net/packets.ts';
import { counted, engineWith, laptopChild, openAll, sealAll, seeded } from './pair.ts';
import { openRun } from './transforms.ts';

const CHACHA_KEYMAT = fromHex(`808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3`);
const CHACHA_ESP = fromHex(`01020304 00000005 1011121314151617
  24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb
  61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da
  9165b82829f641e0 76aaa8266b7fb0f7b11b369907e1ad43`);
const CHACHA_PING = fromHex(`45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10
  0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b
  2c2d2e2f3031323334353637`);

test(
  'the engine opens the ESP packet of RFC 7634 appendix A',
  proves(
    ['RFC7634-2-x1', 'does'],
    ['RFC7634-2-x3', 'does'],
    ['RFC7634-2-x4', 'does'],
    ['RFC7634-2-x5', 'does'],
    ['RFC7634-2.1-x1', 'does'],
  ),
  () => {
    const engine = engineWith([
      laptopChild(
        { encr: 28, esn: false },
        {
          spiIn: 0x01020304,
          keyIn: CHACHA_KEYMAT,
          local: [selector('192.0.2.5/32')],
          remote: [selector('198.51.100.0/24')],
        },
      ),
    ]);
    assert.deepEqual(openAll(engine, [CHACHA_ESP]), [CHACHA_PING]);
    assert.deepEqual(counted(engine), { 'packets-in': 1, 'octets-in': 84 });
  },
);

interface GcmCase {
  readonly key: string;
  readonly salt: string;
  /** The high half of an extended sequence number, where there is one. */
  readonly high?: number;
  readonly esp: string;
  readonly plaintext: string;
}

const GCM_CASES: readonly GcmCase[] = [
  {
    key: '4c80cdefbb5d10da906ac73c3613a634',
    salt: '2e443b68',
    high: 0x87654321,
    esp: `00004321 00000000 4956ed7e3b244cfe fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34
      cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732459018148f6cbe722fd04796562dfdb4`,
    plaintext: `45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f7564700373
      69700963796265726369747902646b000021000101020201`,
  },
  {
    key: 'feffe9928665731c6d6a8f9467308308',
    salt: 'cafebabe',
    esp: `0000a5f8 0000000a facedbaddecaf888 deb22cd9b07c72c16e3a65beeb8df304a5a5897d33ae530f1ba76d5d114d2a5c
      3de81827c10e9a4f51330d0eec416642cfbb85a5b47e48a4ec3b9ba95d918bd183b70d3aa8bc6ee4c309e9d85a41ad4a`,
    plaintext: `4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d001000001000000000000037369700963796265
      726369747902646b00000100010001`,
  },
  {
    key: 'abbccddef00112233445566778899aababbccddef00112233445566778899aab',
    salt: '11223344',
    esp: `4a2cbfe3 00000002 0102030405060708 ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763
      748a637985771d347f0545659f14e99def842d8eb335f4eecfdbf831824b4c4915956c96`,
    plaintext: `4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b40101040201020201`,
  },
  {
    key: '3de09874b388e6491988d0c3607eae1f',
    salt: '57690e43',
    high: 0x10101010,
    esp: `42f67e3f 10101010 4e280000a2fca1a3 fba2caa4853cf9f0f22cb10d86dd83b0fec75691cf1a04b00d1138ec9c357917
      65acbd8701ad79845bf9fe3fba487bc91755e6662b4c8d0d1f5e22739530320ae0d731cc978ecafaeae88f00e80d6e48`,
    plaintext: `4500003c99c300008001cb7c40679318010101010800085c02004300616263646566676869 6a6b6c6d6e6f707172737475
      767761626364656667686901020201`,
  },
  {
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c',
    salt: 'cafebabe',
    esp: `0000a5f8 0000000a facedbaddecaf888 a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0
      315b27452144cc7795457b9652037f5318027b5b4cd7a636`,
    plaintext: '45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e501016d075680001',
  },
  {
    key: 'abbccddef00112233445566778899aababbccddef00112233445566778899aab',
    salt: '73616c74',
    high: 0x156f3126,
    esp: `17405e67 dd0db99b 616e640169766563 f2d69ecdbd5a0d5b8d5ef38bad4da58d1f278fde98ef67549d524a3018d9a57f
      f4d3a31ce673119e451626c2415771e3b7eebca614c89b35`,
    plaintext: '45080028732c00004006e9f90a0106120a01038f06b88023dd6bafbecb71260250101f646d540001',
  },
  {
    key: '7d773d00c144c525ac619d18c84a3f47',
    salt: 'd9664267',
    esp: '335467ae ffffffff 43457e9182443bc6 437f866bcb3f699fe9b0822bac961c4504bef270',
    plaintext: '01020201',
  },
  {
    key: '6c6567616c697a656d6172696a75616e61616e64646f69746265666f72656961',
    salt: '7475726e',
    high: 0xffffffff,
    esp: `796b6963 ffffffff 333021696765746d f97ab2aa356d8edce17644ac8c78e25dd24dedbb29ebf1b64a274b39b49c3a86
      4cd3d78ca4ae68a32b42458fb57dbe821dcc63b9d0937ba2945f669368661a329fb4c053`,
    plaintext: `45000030da3a00008001df3bc0a80005c0a800010800c6cd02000700616263646566676869 6a6b6c6d6e6f70717273740
      1020201`,
  },
];

test(
  'AES-GCM opens the ESP packets of draft-mcgrew-gcm-test, with and without extended numbers',
  proves(
    ['RFC4106-5-x1', 'does'],
    ['RFC4106-3.1-x1', 'does'],
    ['RFC4106-6-x1', 'does'],
    ['RFC4106-8.1-x1', 'does'],
    ['RFC4303-2.2.1-1', 'does'],
  ),
  () => {
    for (const { key, salt, high, esp, plaintext } of GCM_CASES) {
      const suite = { encr: 20, keyBits: key.length * 4, esn: high !== undefined };
      const transform = newTransform(suite, fromHex(key + salt), undefined, seeded(1));
      const [opened] = openRun(transform, [{ esp: fromHex(esp), sequenceHigh: high ?? 0 }]);
      assert.ok(opened, esp);
      assert.equal(toHex(opened), toHex(fromHex(plaintext)));
    }
  },
);

test(
  'AES-GCM refuses those packets when the half of the number that is not sent differs',
  proves('RFC4106-5-x1', 'refuses'),
  () => {
    for (const { key, salt, high, esp } of GCM_CASES) {
      if (high === undefined) continue;
      const suite = { encr: 20, keyBits: key.length * 4, esn: true };
      const transform = newTransform(suite, fromHex(key + salt), undefined, seeded(1));
      assert.deepEqual(openRun(transform, [{ esp: fromHex(esp), sequenceHigh: high ^ 1 }]), [undefined]);
    }
  },
);

/** Case 7: a ping in tunnel mode, sealed with sequence number 2. */
const CBC_KEY = fromHex('0123456789abcdef0123456789abcdef');
const CBC_IV = fromHex('f4e765244f6407adf13dc1380f673f37');
const CBC_ESP = fromHex(`00008765 00000002 f4e765244f6407adf13dc1380f673f37
  773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8e4ecaec78ac53aad7a0f022b859243c6
  47752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d`);
const CBC_PING = fromHex(`450000540904 00004001f988c0a87b03c0a87bc808009f76a90a0100b49c083d02a2040008090a0b
  0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637`);

test(
  'the engine seals and opens the packet of RFC 3602 case 7, octet for octet',
  proves(['RFC4303-2.4-x3', 'does'], ['RFC4303-3.4.4.1-1', 'does']),
  () => {
    const macKey = seeded(3)(32);
    const icv = createHmac('sha256', macKey).update(CBC_ESP).digest().subarray(0, 16);
    const whole = concat(CBC_ESP, icv);
    assert.equal(readU32(whole), 0x8765);
    const child = laptopChild(
      { encr: 12, keyBits: 128, integ: 12, esn: false },
      {
        spiIn: 0x8765,
        spiOut: 0x8765,
        keyIn: CBC_KEY,
        keyOut: CBC_KEY,
        integIn: macKey,
        integOut: macKey,
        local: [selector('192.168.123.0/24')],
        remote: [selector('192.168.123.0/24')],
        // Limits of its own, so that none is drawn at random.
        limits: {},
      },
    );
    // The first packet takes the first sixteen octets for its IV, the one of the example takes the next.
    const random = (length: number): Uint8Array =>
      concat(new Uint8Array(16), CBC_IV, new Uint8Array(length - 32));
    const engine = engineWith([child], { random });
    assert.deepEqual(CBC_PING.subarray(12, 16), octetsOf('192.168.123.3'));
    const [, second] = sealAll(engine, [CBC_PING, CBC_PING]);
    assert.deepEqual(second, whole);
    assert.deepEqual(openAll(engine, [whole]), [CBC_PING]);
  },
);

/**
 * What the ESP engine costs a packet, and how much of that is not the cipher itself.
 * `node test/bench/esp-engine.ts [--json]` prints, for each suite and for seal and open, packets a second,
 * microseconds a packet, the same for the bare node:crypto calls that the packet needs, and the ratio of both.
 * Engine and bare calls take turns within each round, and the best round of each counts.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
  type CipherGCMTypes,
} from 'node:crypto';
import { parseAddress } from '../../core/net/address.ts';
import { appendPacket, newBatch, type Batch } from '../../core/net/batch.ts';
import { selectorOfPrefix, type Selector } from '../../core/net/selector.ts';
import { EspEngine } from '../../core/ipsec/engine.ts';
import { keyLengths, type EspSuite } from '../../core/ipsec/suite.ts';

const PACKET_LENGTH = 1400;
const BATCH_SIZE = 64;
const BATCHES_PER_ROUND = 250;
const ROUNDS = 7;
const SLOT = 2048;

interface Contender {
  readonly name: string;
  readonly suite: EspSuite;
  /** One packet's worth of node:crypto calls. */
  readonly bareSeal: () => void;
  readonly bareOpen: () => void;
}

interface Row {
  readonly suite: string;
  readonly direction: 'seal' | 'open';
  readonly packetsPerSecond: number;
  readonly microseconds: number;
  readonly bareMicroseconds: number;
  readonly ratio: number;
}

function bareAead(name: CipherGCMTypes, keyLength: number): Pick<Contender, 'bareSeal' | 'bareOpen'> {
  const key = randomBytes(keyLength);
  const nonce = randomBytes(12);
  const associated = randomBytes(8);
  // The packet, its trailer and the padding before it.
  const plaintext = randomBytes(PACKET_LENGTH + 4);
  const options = { authTagLength: 16 };
  const sealer = createCipheriv(name, key, nonce, options).setAAD(associated);
  const sealed = sealer.update(plaintext);
  sealer.final();
  const tag = sealer.getAuthTag();
  return {
    bareSeal: () => {
      const cipher = createCipheriv(name, key, nonce, options).setAAD(associated);
      cipher.update(plaintext);
      cipher.final();
      cipher.getAuthTag();
    },
    bareOpen: () => {
      const decipher = createDecipheriv(name, key, nonce, options).setAAD(associated);
      decipher.setAuthTag(tag);
      decipher.update(sealed);
      decipher.final();
    },
  };
}

function bareCbc(keyBits: number, hash: string): Pick<Contender, 'bareSeal' | 'bareOpen'> {
  const name = `aes-${keyBits}-cbc`;
  const key = randomBytes(keyBits / 8);
  const macKey = randomBytes(32);
  const iv = randomBytes(16);
  const plaintext = randomBytes(Math.ceil((PACKET_LENGTH + 2) / 16) * 16);
  const authenticated = randomBytes(8 + 16 + plaintext.length);
  const tag = createHmac(hash, macKey).update(authenticated).digest();
  return {
    bareSeal: () => {
      createCipheriv(name, key, iv).setAutoPadding(false).update(plaintext);
      createHmac(hash, macKey).update(authenticated).digest();
    },
    bareOpen: () => {
      timingSafeEqual(createHmac(hash, macKey).update(authenticated).digest(), tag);
      createDecipheriv(name, key, iv).setAutoPadding(false).update(plaintext);
    },
  };
}

const CHACHA = 'chacha20-poly1305' as CipherGCMTypes;

const CONTENDERS: readonly Contender[] = [
  { name: 'aes128gcm16', suite: { encr: 20, keyBits: 128, esn: false }, ...bareAead('aes-128-gcm', 16) },
  { name: 'aes256gcm16', suite: { encr: 20, keyBits: 256, esn: false }, ...bareAead('aes-256-gcm', 32) },
  { name: 'aes256gcm16-esn', suite: { encr: 20, keyBits: 256, esn: true }, ...bareAead('aes-256-gcm', 32) },
  { name: 'chacha20poly1305', suite: { encr: 28, esn: false }, ...bareAead(CHACHA, 32) },
  {
    name: 'aes128-sha1',
    suite: { encr: 12, keyBits: 128, integ: 2, esn: false },
    ...bareCbc(128, 'sha1'),
  },
  {
    name: 'aes256-sha256',
    suite: { encr: 12, keyBits: 256, integ: 12, esn: false },
    ...bareCbc(256, 'sha256'),
  },
  {
    name: 'aes256-sha512',
    suite: { encr: 12, keyBits: 256, integ: 14, esn: false },
    ...bareCbc(256, 'sha512'),
  },
];

function prefix(text: string, length: number): readonly Selector[] {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(text);
  return [selectorOfPrefix({ address, length })];
}

/** Two engines that speak to each other: `sender` has a laptop's policy, `receiver` the mirror of it. */
function pair(suite: EspSuite): { sender: EspEngine; receiver: EspEngine } {
  const lengths = keyLengths(suite);
  if (lengths === undefined) throw new Error('an unknown suite');
  const laptop = prefix('10.0.0.1', 32);
  const office = prefix('10.0.0.0', 8);
  const [keyA, keyB] = [randomBytes(lengths.encr), randomBytes(lengths.encr)];
  const [integA, integB] = [randomBytes(lengths.integ), randomBytes(lengths.integ)];
  const make = (spiIn: number, spiOut: number, mirrored: boolean): EspEngine => {
    const engine = new EspEngine({ random: (length) => randomBytes(length) });
    const sides = mirrored ? { local: office, remote: laptop } : { local: laptop, remote: office };
    engine.install({
      childId: 1,
      spiIn,
      spiOut,
      suite,
      keyIn: mirrored ? keyA : keyB,
      keyOut: mirrored ? keyB : keyA,
      integIn: mirrored ? integA : integB,
      integOut: mirrored ? integB : integA,
      ...sides,
      udpEncap: true,
    });
    engine.setPolicies([{ action: 'protect', childId: 1, ...sides }]);
    return engine;
  };
  return { sender: make(0x1000, 0x2000, false), receiver: make(0x2000, 0x1000, true) };
}

/** A batch of TCP segments of one flow. */
function packets(): Batch {
  const batch = newBatch(BATCH_SIZE, SLOT, 64);
  const packet = new Uint8Array(randomBytes(PACKET_LENGTH));
  packet.set([0x45, 0, PACKET_LENGTH >>> 8, PACKET_LENGTH & 0xff, 0, 0, 0x40, 0, 64, 6, 0, 0]);
  packet.set([10, 0, 0, 1, 10, 1, 2, 3], 12);
  for (let i = 0; i < BATCH_SIZE; i++) appendPacket(batch, packet);
  return batch;
}

function microsecondsSince(start: bigint, count: number): number {
  return Number(process.hrtime.bigint() - start) / 1000 / count;
}

function timeBare(call: () => void): number {
  const count = BATCH_SIZE * BATCHES_PER_ROUND;
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) call();
  return microsecondsSince(start, count);
}

function measure({ name, suite, bareSeal, bareOpen }: Contender): Row[] {
  const { sender, receiver } = pair(suite);
  const plain = packets();
  const sealed = newBatch(BATCH_SIZE, SLOT, 64);
  const opened = newBatch(BATCH_SIZE, SLOT, 64);
  const best = { seal: Infinity, open: Infinity, bareSeal: Infinity, bareOpen: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    let seal = 0n;
    let open = 0n;
    for (let i = 0; i < BATCHES_PER_ROUND; i++) {
      const start = process.hrtime.bigint();
      sender.outbound(plain, sealed, 0);
      const middle = process.hrtime.bigint();
      const arrived = receiver.inbound(sealed, opened, 0);
      seal += middle - start;
      open += process.hrtime.bigint() - middle;
      if (arrived !== BATCH_SIZE) throw new Error(`only ${arrived} packets of ${BATCH_SIZE} arrived`);
    }
    const count = 1000 * BATCH_SIZE * BATCHES_PER_ROUND;
    best.seal = Math.min(best.seal, Number(seal) / count);
    best.open = Math.min(best.open, Number(open) / count);
    best.bareSeal = Math.min(best.bareSeal, timeBare(bareSeal));
    best.bareOpen = Math.min(best.bareOpen, timeBare(bareOpen));
  }
  const row = (direction: 'seal' | 'open', microseconds: number, bareMicroseconds: number): Row => ({
    suite: name,
    direction,
    packetsPerSecond: Math.round(1e6 / microseconds),
    microseconds,
    bareMicroseconds,
    ratio: microseconds / bareMicroseconds,
  });
  return [row('seal', best.seal, best.bareSeal), row('open', best.open, best.bareOpen)];
}

const rows = CONTENDERS.flatMap(measure);
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ packetLength: PACKET_LENGTH, batchSize: BATCH_SIZE, rows }, undefined, 2));
} else {
  console.log(`${PACKET_LENGTH}-octet packets in batches of ${BATCH_SIZE}`);
  for (const r of rows) {
    console.log(
      `${r.suite.padEnd(18)} ${r.direction}  ${String(r.packetsPerSecond).padStart(8)} packets/s  ` +
        `${r.microseconds.toFixed(2)} us (bare ${r.bareMicroseconds.toFixed(2)} us, ratio ${r.ratio.toFixed(2)})`,
    );
  }
}

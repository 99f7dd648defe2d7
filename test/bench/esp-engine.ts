/**
 * What the ESP engine costs a packet, and how much of that is not the cipher itself.
 * `node test/bench/esp-engine.ts [--json]` prints, for each suite and for seal and open, packets a second on one
 * core, microseconds a packet, the same for the bare node:crypto calls that the packet needs, and the ratio of both.
 * Engine and bare calls take turns batch by batch. What counts is the mean of the faster three quarters of all
 * batches: the others mostly waited for a processor that had something else to do.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
  type CipherGCMTypes,
} from 'node:crypto';
import { appendPacket, newBatch, type Batch } from '../../core/net/batch.ts';
import type { EspSuite } from '../../core/ipsec/suite.ts';
import { enginePair } from '../unit/ipsec/pair.ts';
import { packet } from '../unit/net/packets.ts';

const PACKET_LENGTH = 1400;
const BATCH_SIZE = 64;
const BATCHES = 1000;
/** Batches before that, for the compiler. */
const WARM_UP = 200;
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

/** A batch of TCP segments of one flow. */
function packets(): Batch {
  const batch = newBatch(BATCH_SIZE, SLOT, 64);
  const segment = packet({
    source: '10.0.0.1',
    destination: '10.1.2.3',
    protocol: 6,
    payload: new Uint8Array(randomBytes(PACKET_LENGTH - 20)),
  });
  for (let i = 0; i < BATCH_SIZE; i++) appendPacket(batch, segment);
  return batch;
}

function timed(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1000;
}

/** Microseconds a packet. */
function typical(batchTimes: readonly number[]): number {
  const kept = batchTimes.toSorted((a, b) => a - b).slice(0, Math.ceil(batchTimes.length * 0.75));
  return kept.reduce((sum, time) => sum + time, 0) / kept.length / BATCH_SIZE;
}

function measure({ name, suite, bareSeal, bareOpen }: Contender): Row[] {
  const { laptop: sender, office: receiver } = enginePair(suite, { random: (length) => randomBytes(length) });
  const plain = packets();
  const sealed = newBatch(BATCH_SIZE, SLOT, 64);
  const opened = newBatch(BATCH_SIZE, SLOT, 64);
  const repeat = (call: () => void) => () => {
    for (let i = 0; i < BATCH_SIZE; i++) call();
  };
  const work = {
    seal: () => sender.outbound(plain, sealed, 0),
    open: () => receiver.inbound(sealed, opened, 0),
    bareSeal: repeat(bareSeal),
    bareOpen: repeat(bareOpen),
  };
  const times: Record<keyof typeof work, number[]> = { seal: [], open: [], bareSeal: [], bareOpen: [] };
  const kinds = ['seal', 'open', 'bareSeal', 'bareOpen'] as const;
  for (let i = 0; i < WARM_UP + BATCHES; i++) {
    for (const kind of kinds) {
      const time = timed(work[kind]);
      if (i >= WARM_UP) times[kind].push(time);
    }
    if (opened.count !== BATCH_SIZE) throw new Error(`only ${opened.count} of ${BATCH_SIZE} packets arrived`);
  }
  const row = (direction: 'seal' | 'open', microseconds: number, bareMicroseconds: number): Row => ({
    suite: name,
    direction,
    packetsPerSecond: Math.round(1e6 / microseconds),
    microseconds,
    bareMicroseconds,
    ratio: microseconds / bareMicroseconds,
  });
  return [
    row('seal', typical(times.seal), typical(times.bareSeal)),
    row('open', typical(times.open), typical(times.bareOpen)),
  ];
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

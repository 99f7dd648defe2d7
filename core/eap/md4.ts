/**
 * MD4, RFC 1320, 16 octets. OpenSSL 3 has it no longer, and MS-CHAPv2 is built upon it. It is broken as a hash: use
 * it for nothing else. Working copies are wiped, as the input is a password.
 */
export function md4(input: Uint8Array): Uint8Array {
  const padded = padding(input);
  const words = new DataView(padded.buffer);
  const block = new Uint32Array(16);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) block[i] = words.getUint32(at + 4 * i, true);
    addBlock(state, block);
  }
  const out = new Uint8Array(16);
  const view = new DataView(out.buffer);
  state.forEach((word, i) => view.setUint32(4 * i, word, true));
  padded.fill(0);
  block.fill(0);
  state.fill(0);
  return out;
}

/** The input, a one bit, zeros, and its length in bits: a multiple of 64 octets (sections 3.1 and 3.2). */
function padding(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((input.length + 9) / 64) * 64);
  padded.set(input);
  padded[input.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(input.length) * 8n, true);
  return padded;
}

interface Round {
  readonly mix: (x: number, y: number, z: number) => number;
  readonly constant: number;
  readonly rotations: readonly number[];
  /** Which word of the block each of the 16 operations adds. */
  readonly order: readonly number[];
}

/** The three rounds of section 3.4. */
const ROUNDS: readonly Round[] = [
  {
    mix: (x, y, z) => (x & y) | (~x & z),
    constant: 0,
    rotations: [3, 7, 11, 19],
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  },
  {
    mix: (x, y, z) => (x & y) | (x & z) | (y & z),
    constant: 0x5a827999,
    rotations: [3, 5, 9, 13],
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  },
  {
    mix: (x, y, z) => x ^ y ^ z,
    constant: 0x6ed9eba1,
    rotations: [3, 9, 11, 15],
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
  },
];

function addBlock(state: Uint32Array, block: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (const { mix, constant, rotations, order } of ROUNDS) {
    for (const [i, word] of order.entries()) {
      const sum = (a + mix(b, c, d) + (block[word] ?? 0) + constant) >>> 0;
      const turn = rotations[i % 4] ?? 0;
      [a, b, c, d] = [d, ((sum << turn) | (sum >>> (32 - turn))) >>> 0, b, c];
    }
  }
  for (const [i, word] of [a, b, c, d].entries()) state[i] = (state[i] ?? 0) + word;
}

import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';

/** Octets that look random and are the same every time, as a stream: AES-CTR over zeros, in pieces. */
export function octetsOf(length: number): Readable {
  return Readable.from(pieces(length), { objectMode: false });
}

/** `LENGTH SHA256`, as http-host.ts and http-visit.ts print it for these octets. */
export function octetsSummary(length: number): string {
  const hash = createHash('sha256');
  for (const piece of pieces(length)) hash.update(piece);
  return `${length} ${hash.digest('hex')}`;
}

function* pieces(length: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(64 * 1024);
  for (let left = length; left > 0; left -= zeros.length)
    yield cipher.update(zeros.subarray(0, Math.min(left, zeros.length)));
}

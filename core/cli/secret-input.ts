/** Where secrets come from: a file descriptor that the caller opened, or a person at the terminal. */
import { closeSync, read } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import { SecretBytes } from '../lib/secret.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { MAX_SECRET_BYTES, SecretLine } from './secret-line.ts';

/**
 * Reads one line, at most 4 KiB, and closes the descriptor. A carriage return before the line break does not
 * count. The error says why there is no secret.
 */
export async function readSecretFromFd(fd: number): Promise<Result<SecretBytes, string>> {
  // One octet more than allowed tells a line that is too long from one that just fits.
  const buffer = new Uint8Array(MAX_SECRET_BYTES + 2);
  try {
    let length = 0;
    let end = -1;
    while (end < 0 && length < buffer.length) {
      const count = await readSome(fd, buffer, length);
      if (count === 0) break;
      end = buffer.subarray(0, length + count).indexOf(0x0a, length);
      length += count;
    }
    if (end < 0) end = length;
    if (end > 0 && buffer[end - 1] === 0x0d) end--;
    if (end > MAX_SECRET_BYTES) return err('it is longer than 4 KiB');
    return end === 0 ? err('it is empty') : ok(SecretBytes.copyOf(buffer.subarray(0, end)));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return err(code === 'EBADF' ? 'it is not open' : `it cannot be read (${code})`);
  } finally {
    buffer.fill(0);
    closeQuietly(fd);
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It was not open, which reading from it has told already.
  }
}

/** Octets read into `buffer` from `offset`; 0 at the end. A descriptor that does not wait is asked again. */
async function readSome(fd: number, buffer: Uint8Array, offset: number): Promise<number> {
  for (;;) {
    const count = await new Promise<number | undefined>((resolve, reject) => {
      read(fd, buffer, offset, buffer.length - offset, null, (error, bytesRead) => {
        if (error === null) resolve(bytesRead);
        else if (error.code === 'EAGAIN') resolve(undefined);
        else reject(error);
      });
    });
    if (count !== undefined) return count;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export type Prompted =
  { readonly kind: 'secret'; readonly secret: SecretBytes } | { readonly kind: 'interrupted' | 'ended' };

/**
 * Asks on a terminal without showing what is typed. The terminal is put back on every way out, also when a
 * signal ends the process. `interrupted` is Ctrl-C, `ended` is Ctrl-D, an empty line, or a terminal that closed.
 */
export function promptSecret(question: string, input: ReadStream, output: WriteStream): Promise<Prompted> {
  return new Promise((resolve) => {
    const line = new SecretLine();
    const finish = (prompted: Prompted): void => {
      input.off('data', onData).off('end', onEnd);
      for (const signal of FATAL_SIGNALS) process.off(signal, onSignal);
      input.setRawMode(false);
      input.pause();
      line.wipe();
      output.write('\n');
      resolve(prompted);
    };
    const onData = (octets: Uint8Array): void => {
      const state = line.type(octets);
      octets.fill(0);
      if (state === 'more') return;
      const typed = line.octets();
      if (state === 'done' && typed.length > 0) finish({ kind: 'secret', secret: new SecretBytes(typed) });
      else finish({ kind: state === 'interrupted' ? 'interrupted' : 'ended' });
    };
    const onEnd = (): void => finish({ kind: 'ended' });
    const onSignal = (signal: NodeJS.Signals): void => {
      finish({ kind: 'interrupted' });
      process.kill(process.pid, signal);
    };
    // In this order: no signal may find the terminal changed and nobody to put it back, and whoever sees the
    // question may type at once.
    for (const signal of FATAL_SIGNALS) process.on(signal, onSignal);
    input.setRawMode(true);
    input.on('data', onData).once('end', onEnd).resume();
    output.write(question);
  });
}

const FATAL_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

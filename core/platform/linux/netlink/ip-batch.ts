import { constants } from 'node:os';
import { ProtocolError } from '../../../lib/reader.ts';
import type { CommandResult } from '../os.ts';
import { DATAGRAM_LENGTH, isOverflow, type NetlinkPort } from './dump.ts';
import { readIpLine, type LineChange } from './ip-line.ts';
import {
  type Change,
  changeRequest,
  Control,
  errorNumber,
  linkRequest,
  NATIVE_ORDER,
  RouteMessage,
  splitMessages,
} from './message.ts';
import { readLink } from './values.ts';

/** Arguments of the `ip` whose input is understood here; the rest of them asks for the tool itself. */
const BATCH = /^(-6 )?(-force )?-batch -$/;

/**
 * Carries out the input of an `ip -batch` over rtnetlink, line by line as ip does and with the same words for what is
 * refused, in no time and without a process. undefined: not all of it is understood, and nothing was done. Throws what
 * `open` throws, and then nothing was done either.
 */
export function ipBatch(
  args: readonly string[],
  input: string,
  open: () => NetlinkPort,
): CommandResult | undefined {
  const understood = BATCH.exec(args.join(' '));
  if (!understood) return undefined;
  const [, six, force] = understood;
  const lines = input.trimEnd().split('\n');
  const changes: LineChange[] = [];
  for (const line of lines) {
    const change = readIpLine(line, six === undefined ? 4 : 6);
    if (!change) return undefined;
    changes.push(change);
  }
  const kernel = new Kernel(open());
  try {
    return kernel.carryOut(changes, force !== undefined);
  } finally {
    kernel.close();
  }
}

/** What the C library calls an errno, as far as these requests meet with it; carry-out.ts knows some of them again. */
const WORDS: Readonly<Record<number, string>> = {
  [constants.errno.EPERM]: 'Operation not permitted',
  [constants.errno.ENOENT]: 'No such file or directory',
  [constants.errno.ESRCH]: 'No such process',
  [constants.errno.ENOMEM]: 'Cannot allocate memory',
  [constants.errno.EACCES]: 'Permission denied',
  [constants.errno.EBUSY]: 'Device or resource busy',
  [constants.errno.EEXIST]: 'File exists',
  [constants.errno.ENODEV]: 'No such device',
  [constants.errno.EINVAL]: 'Invalid argument',
  [constants.errno.ERANGE]: 'Numerical result out of range',
  [constants.errno.EOPNOTSUPP]: 'Operation not supported',
  [constants.errno.EAFNOSUPPORT]: 'Address family not supported by protocol',
  [constants.errno.EADDRNOTAVAIL]: 'Cannot assign requested address',
  [constants.errno.ENETDOWN]: 'Network is down',
  [constants.errno.ENETUNREACH]: 'Network is unreachable',
  [constants.errno.ENOBUFS]: 'No buffer space available',
};

/** A socket to the kernel that is asked one thing after the other: each has its answer when it was sent. */
class Kernel {
  readonly #port: NetlinkPort;
  readonly #buffer = new Uint8Array(DATAGRAM_LENGTH);
  readonly #links = new Map<string, number>();
  #sequence = 0;

  constructor(port: NetlinkPort) {
    this.#port = port;
  }

  /** `goOn`: behind a refusal too. */
  carryOut(changes: readonly LineChange[], goOn: boolean): CommandResult {
    let stderr = '';
    for (const [i, line] of changes.entries()) {
      const refused = this.#carryOutOne(line);
      if (refused === undefined) continue;
      stderr += `${refused}\nCommand failed -:${i + 1}\n`;
      if (!goOn) break;
    }
    return { status: stderr === '' ? 0 : 1, stderr };
  }

  /** What is wrong with it, in ip's words. */
  #carryOutOne({ device, change }: LineChange): string | undefined {
    try {
      const link = device === undefined ? 0 : this.#linkOf(device);
      return link === undefined ? `Cannot find device "${device ?? ''}"` : this.#change(change(link));
    } catch (error) {
      return `Cannot talk to rtnetlink: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  close(): void {
    this.#port.close();
  }

  /** The index of the link with that name; undefined when there is none. */
  #linkOf(name: string): number | undefined {
    const known = this.#links.get(name);
    if (known !== undefined) return known;
    this.#port.send(linkRequest(name, ++this.#sequence));
    const index = this.#answer((type, body) => {
      if (type === RouteMessage.NEW_LINK) return readLink(body)?.index ?? 0;
      return type === Control.ERROR ? 0 : undefined;
    });
    if (index === undefined || index === 0) return undefined;
    this.#links.set(name, index);
    return index;
  }

  #change(change: Change): string | undefined {
    this.#port.send(changeRequest(change, ++this.#sequence));
    const error = this.#answer((type, body) => (type === Control.ERROR ? errorNumber(body) : undefined));
    if (error === 0) return undefined;
    if (error === undefined) return 'RTNETLINK does not answer';
    return `RTNETLINK answers: ${WORDS[error] ?? `errno ${error}`}`;
  }

  /** What `read` makes of a message that answers the last request; undefined when there is none. */
  #answer(read: (type: number, body: Uint8Array) => number | undefined): number | undefined {
    try {
      for (let length = this.#receive(); length > 0; length = this.#receive()) {
        for (const message of splitMessages(this.#buffer.subarray(0, length), NATIVE_ORDER)) {
          const value = message.sequence === this.#sequence ? read(message.type, message.body) : undefined;
          if (value !== undefined) return value;
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    return undefined;
  }

  #receive(): number {
    try {
      return this.#port.receive(this.#buffer);
    } catch (error) {
      if (isOverflow(error)) return 0;
      throw error;
    }
  }
}

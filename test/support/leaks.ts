import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { Capture, Namespace, NetLab } from './netns.ts';

/** Where a program of the machine sends to, all the time. */
export interface Destination {
  readonly name: string;
  readonly address: string;
  readonly port?: number;
  /** Binds to this interface, whatever the routes say. */
  readonly device?: string;
  /** Sends from this port, also to everybody on the link. */
  readonly from?: number;
}

/** A datagram of a program that was seen on a link of the machine, in clear. */
export interface Seen {
  /** What was noted last when it was sent. */
  readonly phase: string;
  readonly destination: string;
}

const PAUSE_SECONDS = 0.02;
/**
 * Sends a datagram to every destination, again and again, each with the phase that it was sent in; a phase is read as a
 * line, and told back when a whole round was sent in it.
 */
const SENDER = `
import json, os, select, socket, sys, time
to = json.loads(sys.argv[1])
phase, fresh, waiting = 'start', False, b''
def send(one):
    six = ':' in one['address']
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    if 'device' in one: s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, one['device'].encode())
    if 'from' in one:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.bind(('', one['from']))
    return s
for one in to: one['socket'] = send(one)
while True:
    for one in to:
        octets = ('<<%s %s>>' % (phase, one['name'])).encode()
        try: one['socket'].sendto(octets, (one['address'], one.get('port', 9999)))
        except OSError: pass
    if fresh: print(phase, flush=True)
    fresh = False
    if select.select([0], [], [], ${PAUSE_SECONDS})[0]:
        more = os.read(0, 4096)
        if not more: break
        waiting += more
        *lines, waiting = waiting.split(b'\\n')
        if lines: phase, fresh = lines[-1].decode(), True
`;
/** As long as a packet may take from a program to the capture's file. */
const SETTLE_MS = 120;

class Sender {
  readonly #child: ChildProcess;
  readonly #told: AsyncIterator<string>;

  constructor(machine: Namespace, to: readonly Destination[]) {
    const argv = ['python3', '-c', SENDER, JSON.stringify(to)];
    this.#child = machine.spawn(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (!this.#child.stdout) throw new Error('no sender');
    this.#told = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async phase(name: string): Promise<void> {
    this.#child.stdin?.write(`${name}\n`);
    for (;;) {
      const told = await this.#told.next();
      if (told.done === true) throw new Error('the sender ended');
      if (told.value === name) return;
    }
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

/** A program that talks to everybody, and captures of every link by which that could leave the machine. */
export class LeakWatch {
  readonly #directory: string;
  readonly #captures: readonly Capture[];
  readonly #senders: readonly Sender[];
  #phase = 'start';

  private constructor(directory: string, captures: readonly Capture[], senders: readonly Sender[]) {
    this.#directory = directory;
    this.#captures = captures;
    this.#senders = senders;
  }

  /**
   * `links`: every interface of the machine that leads out of it, in clear. `guest`: another one that the machine
   * forwards for.
   */
  static async start(
    lab: NetLab,
    machine: Namespace,
    links: readonly string[],
    to: readonly Destination[],
    guest?: { readonly machine: Namespace; readonly to: readonly Destination[] },
  ): Promise<LeakWatch> {
    const directory = mkdtempSync(join(tmpdir(), 'cw-leaks-'));
    const captures = await Promise.all(
      links.map((link) => lab.capture(machine, link, join(directory, link), 'udp')),
    );
    const senders = [{ machine, to }, ...(guest ? [guest] : [])].map(
      (one) => new Sender(one.machine, one.to),
    );
    return new LeakWatch(directory, captures, senders);
  }

  /** From now on what is sent is of this phase (one word); resolves when something was sent to everybody in it. */
  async phase(name: string): Promise<void> {
    this.#phase = name;
    await Promise.all(this.#senders.map((sender) => sender.phase(name)));
  }

  /** Resolves when something was sent to everybody once more. */
  round(): Promise<void> {
    return this.phase(this.#phase);
  }

  /** What left the machine in clear, of all that was sent until now. */
  async seen(): Promise<Seen[]> {
    await pause(SETTLE_MS);
    return this.#captures.flatMap(({ file }) => {
      const octets = readFileSync(file, 'latin1');
      return [...octets.matchAll(/<<([\w-]+) ([\w-]+)>>/g)].map(([, phase = '', destination = '']) => ({
        phase,
        destination,
      }));
    });
  }

  /** Those whose datagrams of this phase left, sorted. */
  async reached(phase: string): Promise<string[]> {
    const left = (await this.seen()).filter((one) => one.phase === phase);
    return [...new Set(left.map(({ destination }) => destination))].sort();
  }

  async close(): Promise<void> {
    for (const sender of this.#senders) sender.end();
    await Promise.all(this.#captures.map((capture) => capture.stop()));
    if (!process.env['KEEP']) rmSync(this.#directory, { recursive: true, force: true });
  }
}

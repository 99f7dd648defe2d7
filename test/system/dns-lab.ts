import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NetLab, waitFor, type Namespace } from '../support/netns.ts';
import { PrivateMachine, type MachineOptions } from '../support/private-machine.ts';
import type { DnsPlanText } from '../unit/platform/dns/plans.ts';

const SERVER = fileURLToPath(new URL('../support/name-server-child.ts', import.meta.url));
const CHILD = fileURLToPath(new URL('dns-child.ts', import.meta.url));

/** What a name server was asked. */
export interface Heard {
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
  readonly from: string;
}

/** A name server that tells what it is asked. */
export class NameServer {
  readonly heard: Heard[] = [];

  static async start(place: Namespace, address: string, names: object): Promise<NameServer> {
    const argv = [process.execPath, SERVER, address, JSON.stringify(names)];
    const child = place.spawn(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const server = new NameServer();
    let isReady = false;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const said = JSON.parse(line) as Heard | 'ready';
      if (said === 'ready') isReady = true;
      else server.heard.push(said);
    });
    await waitFor(() => isReady, 10_000, `a name server at ${address}`);
    return server;
  }

  names(): string[] {
    return [...new Set(this.heard.map(({ name }) => name))].sort();
  }
}

/** A process that holds plans; each line it says is one thing. */
export class DnsHolder {
  readonly child: ChildProcess;
  readonly said: unknown[] = [];
  /** Goes on to the next plan by itself. */
  hurries = false;
  #taken = 0;

  constructor(
    machine: PrivateMachine,
    changes: number | 'all',
    ...plans: readonly (DnsPlanText | 'repair')[]
  ) {
    const texts = plans.map((plan) => (plan === 'repair' ? plan : JSON.stringify(plan)));
    const argv = [process.execPath, CHILD, String(changes), ...texts];
    this.child = machine.spawn(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin?.on('error', () => undefined);
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.said.push(JSON.parse(line));
      if (this.hurries && line === '"applied"') this.next();
    });
  }

  /** Waits for it to say this. */
  async says(expected: unknown): Promise<void> {
    const wanted = JSON.stringify(expected);
    const find = (): number =>
      this.said.findIndex((said, i) => i >= this.#taken && JSON.stringify(said) === wanted);
    await waitFor(() => find() >= 0 || this.#isOver(), 20_000, wanted);
    assert.ok(find() >= 0, `never said ${wanted}: ${JSON.stringify(this.said)}`);
    this.#taken = find() + 1;
  }

  #isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  next(): void {
    this.child.stdin?.write('\n');
  }

  /** Lets it clear and end. */
  async end(): Promise<void> {
    this.next();
    await this.says('cleared');
    await waitFor(() => this.#isOver(), 5_000, 'the holder to end');
  }

  /** Waits until it has ended, by its own hand or not; true when it was killed. */
  async over(): Promise<boolean> {
    await waitFor(() => this.#isOver(), 20_000, 'the holder to end');
    return this.child.signalCode === 'SIGKILL' || this.child.exitCode === 137;
  }
}

/*
 *   laptop ---- lan (192.168.7.1, name server of the network)
 *     | causeway0 10.9.0.5 ---- office (10.1.0.53, name server of the tunnel)
 *
 * causeway0 stands for the tunnel: it is the way into the office, and what leaves by the other link is told by a capture.
 */
export const OFFICE_SERVER = '10.1.0.53';
export const LAN_SERVER = '192.168.7.1';
export const MARKED_TABLE = 100;

export class DnsLab {
  readonly lab: NetLab;
  readonly laptop: Namespace;
  readonly lan: Namespace;
  readonly office: Namespace;
  machine!: PrivateMachine;
  officeServer!: NameServer;
  lanServer!: NameServer;
  readonly #holders: DnsHolder[] = [];

  constructor(label: string) {
    this.lab = NetLab.create(label);
    [this.laptop, this.lan, this.office] = ['laptop', 'lan', 'office'].map((name) =>
      this.lab.namespace(name),
    ) as [Namespace, Namespace, Namespace];
    this.lab.link(this.laptop, this.lan, {
      addrA: ['192.168.7.2/24'],
      addrB: [`${LAN_SERVER}/24`, '192.168.7.9/24'],
    });
    this.lab.link(this.laptop, this.office, {
      names: ['causeway0', 'eth0'],
      addrA: ['10.9.0.5/32'],
      addrB: [`${OFFICE_SERVER}/32`, '10.1.0.80/32'],
    });
    this.lab.route(this.laptop, 'default', 'via', LAN_SERVER);
    this.lab.route(this.office, '10.9.0.5', 'dev', 'eth0');
    this.office.sysctl('net.ipv4.conf.all.proxy_arp', 1);
    this.lab.route(this.laptop, '10.1.0.0/16', 'dev', 'causeway0');
  }

  async start(options: MachineOptions = {}): Promise<void> {
    this.machine = await PrivateMachine.start(this.laptop, options);
    this.machine.write('/etc/nsswitch.conf', 'hosts: files dns\npasswd: files\ngroup: files\n');
    this.machine.write('/etc/hosts', '127.0.0.1 localhost\n');
    this.officeServer = await NameServer.start(this.office, OFFICE_SERVER, {
      'www.corp.example': ['10.1.0.80', 'fd01::80'],
      'alias.corp.example': 'www.corp.example',
      'big.corp.example': Array.from({ length: 60 }, (_, i) => `10.1.1.${i + 1}`),
      'www.lab.test': ['10.1.0.81'],
      'www.public.example': ['198.51.100.80'],
      'video.public.example': 'edge.cdn.example',
      'edge.cdn.example': ['198.51.100.90'],
    });
    this.lanServer = await NameServer.start(this.lan, LAN_SERVER, {
      'www.public.example': ['198.51.100.180'],
      'printer.home.lan': ['192.168.7.30'],
      'big.public.example': Array.from({ length: 60 }, (_, i) => `198.51.100.${i + 1}`),
      'video.public.example': ['198.51.100.190'],
      '*': ['192.0.2.66'],
    });
  }

  /** Addresses of a name as a program of the machine finds them; [] when it has none. */
  lookUp(name: string, database = 'ahostsv4'): string[] {
    const { stdout } = this.machine.exec(['/usr/bin/getent', database, name]);
    const addresses = stdout.split('\n').flatMap((line) => line.split(/\s+/)[0] || []);
    return [...new Set(addresses)].sort();
  }

  hold(...plans: readonly DnsPlanText[]): DnsHolder {
    const holder = new DnsHolder(this.machine, 'all', ...plans);
    this.#holders.push(holder);
    return holder;
  }

  /** Puts back what a test left that did not come to its end. */
  async tidy(): Promise<void> {
    const left = this.#holders.splice(0).filter(({ child }) => child.exitCode === null);
    for (const { child } of left) child.kill('SIGKILL');
    for (const holder of left) await holder.over();
    if (left.length > 0) await new DnsHolder(this.machine, 'all', 'repair').over();
  }

  /** What leaves the laptop by the outer link that has to do with names, while `work` runs. */
  async leaving(work: () => Promise<void>): Promise<string[]> {
    const file = join(tmpdir(), `${this.lab.prefix}dns.pcap`);
    const filter = 'src host 192.168.7.2 and (port 53 or port 853 or port 5353 or port 5355)';
    const capture = await this.lab.capture(this.laptop, 'eth0', file, filter);
    await work();
    await capture.stop();
    const argv = ['/usr/bin/tcpdump', '-n', '-t', '-r', file];
    const lines = this.laptop.run(argv).trim().split('\n').filter(Boolean);
    assert.ok(readFileSync(file).length >= 24, 'a capture that ran');
    rmSync(file);
    return lines;
  }

  destroy(): void {
    this.machine.destroy();
    this.lab.destroy();
  }
}

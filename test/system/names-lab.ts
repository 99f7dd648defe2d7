import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaemonApi } from '../../core/contract/daemon-api.ts';
import type { PolicyInput } from '../../core/contract/policy.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { Client } from '../../core/rpc/client.ts';
import { DIRECT, GATEWAY_NAME, LAN_HOST } from '../interop/lab.ts';
import {
  BY_PASSWORD,
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
  type Office,
} from '../interop/office.ts';
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { PrivateMachine } from '../support/private-machine.ts';
import type { Namespace } from '../support/netns.ts';
import { NameServer } from './dns-lab.ts';

/** The name server of the office, and that of the network that the laptop is on: its router. */
export const OFFICE_SERVER = '10.50.0.53';
export const ROUTER = '10.9.0.1';
/** The laptop on that network. */
export const OWN = '10.9.0.2';
/** Sites on the internet. */
export const SITES = ['198.51.100.80', '198.51.100.81', '198.51.100.82'] as const;
const [SITE, OTHER_SITE] = SITES;

/** Sends one datagram, and prints the answer of an echo server or the error's name. */
const ASK = `
import errno, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)
try:
    a = socket.getaddrinfo(sys.argv[1], 9999, socket.AF_INET)[0][4][0]
    s.connect((a, 9999)); s.send(b'x'); print(a, s.recv(100).decode())
except socket.gaierror: print('no such name')
except socket.timeout: print('silence')
except OSError as e: print(errno.errorcode[e.errno])
`;
/** Answers each datagram, from the address that it went to, with the address that it came from. */
const ECHO = `
import select, socket, sys
socks = []
for address in sys.argv[1].split(','):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((address, 9999)); socks.append(s)
print('ready', flush=True)
while True:
    for s in select.select(socks, [], [])[0]:
        d, a = s.recvfrom(2000); s.sendto(a[0].encode(), a)
`;

/*
 * A laptop with files of its own, with the service on it; a strongSwan at the edge of the office (lab.ts), whose name
 * server knows the office and the internet; the router of the laptop's network, whose name server gives other addresses,
 * so that an answer tells who was asked. Sites on the internet answer with whom they heard: OWN, or the office's end of
 * the tunnel.
 */
export class NamesLab {
  readonly office: Office;
  readonly machine: PrivateMachine;
  readonly officeServer: NameServer;
  readonly routerServer: NameServer;
  daemon!: DaemonProcess;
  client!: Client<DaemonApi>;
  watch!: StatusWatch;
  profile = '';

  private constructor(
    office: Office,
    machine: PrivateMachine,
    officeServer: NameServer,
    routerServer: NameServer,
  ) {
    this.office = office;
    this.machine = machine;
    this.officeServer = officeServer;
    this.routerServer = routerServer;
  }

  static async open(label: string): Promise<NamesLab> {
    const office = await openOffice(label);
    const { nat, lan, gateway, client } = office.net;
    lan.ip('address', 'add', `${OFFICE_SERVER}/24`, 'dev', 'eth0');
    for (const site of SITES) nat.ip('address', 'add', `${site}/32`, 'dev', 'lo');
    // What comes through the tunnel for the internet goes on as the gateway's own.
    gateway.ip('route', 'add', '198.51.100.0/24', 'via', '203.0.113.1');
    gateway.nft(
      'table ip beyond { chain post { type nat hook postrouting priority srcnat; oifname "natted" ip saddr 10.0.0.0/8 masquerade; }; }\n',
    );
    await echoes(nat, ...SITES);
    await echoes(lan, LAN_HOST);
    const officeServer = await NameServer.start(lan, OFFICE_SERVER, {
      'www.corp.test': [LAN_HOST],
      'www.public.test': [SITE],
      'www.cdn.test': 'edge.pop.test',
      'edge.pop.test': [SITE],
      'turn.cdn.test': { turns: [[SITE], [OTHER_SITE]] },
      'shop.other.test': 'shop.cdn.test',
      'shop.cdn.test': [SITES[2]],
      'plain.other.test': [OTHER_SITE],
      'ads.other.test': [SITES[2]],
    });
    const routerServer = await NameServer.start(nat, ROUTER, {
      'www.public.test': [OTHER_SITE],
      'www.corp.test': ['192.0.2.66'],
      'printer.home.test': [ROUTER],
    });
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
      dns: [OFFICE_SERVER],
    });
    const machine = await PrivateMachine.start(client);
    machine.write('/etc/nsswitch.conf', 'hosts: files dns\npasswd: files\ngroup: files\n');
    machine.write('/etc/hosts', `127.0.0.1 localhost\n${DIRECT} ${GATEWAY_NAME}\n`);
    machine.write('/etc/resolv.conf', `nameserver ${ROUTER}\noptions timeout:1 attempts:1\n`);
    return new NamesLab(office, machine, officeServer, routerServer);
  }

  async serve(): Promise<void> {
    this.officeServer.heard.length = 0;
    this.routerServer.heard.length = 0;
    this.daemon = await DaemonProcess.start(this.machine);
    await this.attach();
  }

  async attach(): Promise<void> {
    this.client = await this.daemon.client();
    this.watch = new StatusWatch(this.client);
  }

  async endService(): Promise<void> {
    this.client.close();
    await this.daemon.end();
    await this.daemon.destroy();
    await this.office.gateway.terminateAll();
  }

  /** Everything that a connection changes on the laptop. */
  picture(): string {
    const { client } = this.office.net;
    return [
      client.ip('rule'),
      client.ip('route', 'show', 'table', 'all'),
      client.ip('-o', 'link').replaceAll(/^\d+: /gm, ''),
      client.run(['/usr/sbin/nft', 'list', 'ruleset']),
      this.machine.sh('ls -lan --time-style=+ /etc/resolv.conf; cat /etc/resolv.conf'),
    ].join('\n');
  }

  async choose(changes: Partial<ProfileInput>): Promise<void> {
    const tunnel: ProfileInput['tunnel'] = { addresses: ['ipv4'], ...changes.tunnel };
    const written = await this.client.call('profile.write', {
      contents: passwordProfile({ ...changes, tunnel }),
    });
    assert.ok(written.ok, JSON.stringify(written));
    this.profile = written.value.id;
  }

  async policy(written: Omit<PolicyInput, 'version'>): Promise<void> {
    const policy = { version: 1 as const, ...written };
    const done = await this.client.call('policy.write', { profile: this.profile, policy });
    assert.ok(done.ok, `${JSON.stringify(done)}\n${this.daemon.said()}`);
  }

  async begin(): Promise<void> {
    assert.ok((await this.client.call('connection.up', { profile: this.profile })).ok, this.daemon.said());
    await this.watch.until((status) => status.connection?.need !== undefined, 'a need');
    const need = this.watch.last?.connection?.need?.id ?? 0;
    const answered = await this.client.call('need.answer', { need }, SecretBytes.ofText(USER.password));
    assert.ok(answered.ok);
  }

  async up(): Promise<void> {
    await this.begin();
    try {
      await this.watch.until(
        ({ connection }) => connection?.state === 'connected' && connection.facts !== undefined,
        'a connection',
      );
    } catch (error) {
      throw new Error(this.daemon.said(), { cause: error });
    }
  }

  async down(): Promise<void> {
    assert.ok((await this.client.call('connection.down', {})).ok);
  }

  /** The address that a program finds for a name, and as whom the site that it then asks hears it. */
  async ask(name: string): Promise<string> {
    const child = this.machine.spawn(['/usr/bin/python3', '-c', ASK, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    return said.trim();
  }

  /** What leaves the laptop by its own network while `work` runs, as tcpdump shows it. */
  async leaving(filter: string, work: () => Promise<void>): Promise<string[]> {
    const { client, lab } = this.office.net;
    const file = join(tmpdir(), `${lab.prefix}names.pcap`);
    const capture = await lab.capture(client, 'behind', file, `src host ${OWN} and (${filter})`);
    await work();
    await capture.stop();
    const lines = client.run(['/usr/bin/tcpdump', '-n', '-t', '-r', file]).trim().split('\n').filter(Boolean);
    assert.ok(readFileSync(file).length >= 24, 'a capture that ran');
    rmSync(file);
    return lines;
  }

  async close(): Promise<void> {
    this.machine.destroy();
    await this.office.close();
  }
}

export const NAME_PORTS = 'port 53 or port 853 or port 137 or port 5353 or port 5355';

async function echoes(place: Namespace, ...addresses: readonly string[]): Promise<void> {
  const argv = ['python3', '-c', ECHO, addresses.join()];
  const server = place.spawn(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => server.stdout?.once('data', resolve));
}

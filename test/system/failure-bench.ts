import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FailedEvent } from '../../core/contract/snapshot.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { Causeway, type CausewayOptions } from '../interop/causeway.ts';
import type { GatewayConfigJson } from '../support/gateway/config-json.ts';
import { GatewayProcess } from '../support/gateway/spawn.ts';
import { NetLab, type Namespace, waitFor } from '../support/netns.ts';
import { issue, makeCa, type CertificateInput } from '../support/pki-factory.ts';

/** Where the platform keeps its journals. */
const JOURNALS = '/run/causeway';
const GATEWAY = '203.0.113.1';
const NAME = 'vpn.example.com';
const PASSWORD = 'the password';
const PSK = 'a pre-shared key of enough octets';

export interface FailureCase {
  readonly name: string;
  /** What the gateway does otherwise; 'silent' swallows everything, 'none' is a machine without a gateway. */
  readonly gateway?: Partial<GatewayConfigJson> | 'silent' | 'none';
  readonly certificate?: Partial<CertificateInput>;
  /** The profile trusts another authority than the gateway's. */
  readonly otherAuthority?: boolean;
  readonly user?: 'eap' | 'psk' | 'foreign-certificate';
  readonly secret?: string;
  readonly profile?: { readonly [K in keyof ProfileInput]?: Partial<ProfileInput[K]> };
  readonly code: string;
  readonly exit: number;
  readonly says: readonly RegExp[];
}

/** How an attempt ended, and what of it is still on the machine. */
export interface Ended {
  readonly failed: FailedEvent['failure'];
  readonly status: number | null;
  readonly left: readonly string[];
}

/** A client and a gateway, each in a namespace, joined by one link, for attempts one after the other. */
export class FailureBench {
  #lab: NetLab | undefined;
  #client: Namespace | undefined;
  #gateway: Namespace | undefined;
  readonly #authority = makeCa({ name: 'Office authority', key: 'p256' });
  readonly #stranger = makeCa({ name: 'Another authority', key: 'p256' });

  async open(): Promise<void> {
    const lab = NetLab.create('fail');
    this.#lab = lab;
    this.#client = lab.namespace('client');
    this.#gateway = lab.namespace('gateway');
    lab.link(this.#client, this.#gateway, { addrA: ['203.0.113.7/24'], addrB: [`${GATEWAY}/24`] });
    this.#client.etc('resolv.conf', `nameserver ${GATEWAY}\noptions timeout:1 attempts:2\n`);
    const names = this.#gateway.spawn(
      [process.execPath, join(import.meta.dirname, '../support/nxdomain.ts'), GATEWAY],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    if (names.stdout) await once(names.stdout, 'data');
  }

  close(): void {
    this.#lab?.destroy();
  }

  get client(): Namespace {
    if (!this.#client) throw new Error('not open');
    return this.#client;
  }

  get gateway(): Namespace {
    if (!this.#gateway) throw new Error('not open');
    return this.#gateway;
  }

  async run(one: FailureCase): Promise<Ended> {
    const before = this.snapshot();
    const undo = await this.#startGateway(one);
    try {
      const client = Causeway.start(this.client, this.#profile(one), this.#secret(one));
      return await this.#outcome(client, before);
    } finally {
      await undo();
    }
  }

  /** Connects, then lets the gateway do what `command` says. */
  async runEstablished(
    { liveness = 30 }: { readonly liveness?: number },
    command: 'vanish' | 'delete-ike',
  ): Promise<Ended> {
    const before = this.snapshot();
    const process = await GatewayProcess.start(this.gateway, this.#config({}));
    try {
      // What is lost is not made again: there would be no end to be looked at.
      const stays = { liveness: { intervalSeconds: liveness }, reconnect: { enabled: false } };
      const profile = { ...this.#profile({}), ...stays };
      const client = Causeway.start(this.client, profile, { secret: PASSWORD });
      await client.connected();
      process.command(command === 'vanish' ? 'silent' : command);
      return await this.#outcome(client, before);
    } finally {
      await process.stop();
    }
  }

  /** Kills a connected client, then starts another one and ends it in order. */
  async killAndRestart(): Promise<{ readonly afterRestart: readonly string[] }> {
    const before = this.snapshot();
    const gateway = await GatewayProcess.start(this.gateway, this.#config({}));
    try {
      const first = Causeway.start(this.client, this.#profile({}), { secret: PASSWORD });
      await first.connected();
      first.child.kill('SIGKILL');
      await first.ended();
      if (difference(before, this.snapshot()).length === 0) throw new Error('nothing was left to undo');
      const second = Causeway.start(this.client, this.#profile({}), { secret: PASSWORD });
      await second.connected();
      await second.stop();
      return { afterRestart: await this.#left(before) };
    } finally {
      await gateway.stop();
    }
  }

  /** A machine whose /dev/net is empty, as seen by the client alone. */
  async runWithoutTun(): Promise<Ended> {
    const before = this.snapshot();
    const wrap = [
      '/usr/bin/unshare',
      '-m',
      '/bin/sh',
      '-c',
      'mount -t tmpfs none /dev/net && exec "$@"',
      'sh',
    ];
    const client = Causeway.start(this.client, this.#profile({}), { secret: PASSWORD, wrap });
    return this.#outcome(client, before);
  }

  /** Interfaces, addresses, routes, rules, the firewall, processes and journals of the client, a line each. */
  snapshot(): string[] {
    const { client } = this;
    const families = ['-4', '-6'];
    return [
      client.ip('-o', 'link', 'show'),
      client.ip('-o', 'address', 'show'),
      ...families.map((family) => client.ip(family, 'route', 'show', 'table', 'all')),
      ...families.map((family) => client.ip(family, 'rule', 'show')),
      client.nft('list ruleset\n'),
      ...journals(client),
      ...clients(client),
    ]
      .join('\n')
      .split('\n')
      .map((line) => line.replace(/ (expires|valid_lft|preferred_lft) \S+/g, '').trim())
      .filter((line) => line !== '');
  }

  async #outcome(client: Causeway, before: readonly string[]): Promise<Ended> {
    try {
      const { failure } = await client.failed().catch(async (error: unknown) => {
        const later = await client.until(({ event }) => event === 'failed').catch(() => undefined);
        if (later?.event === 'failed') return later;
        throw error;
      });
      const { status } = await client.ended();
      return { failed: failure, status, left: await this.#left(before) };
    } catch (error) {
      await client.stop();
      throw new Error(client.said(), { cause: error });
    }
  }

  async #left(before: readonly string[]): Promise<string[]> {
    // A process that has ended may stand in the list for a moment longer.
    await waitFor(() => difference(before, this.snapshot()).length === 0, 2_000, 'a clean machine').catch(
      () => undefined,
    );
    return difference(before, this.snapshot());
  }

  async #startGateway(one: FailureCase): Promise<() => Promise<void>> {
    if (one.gateway === 'none') return () => Promise.resolve();
    if (one.gateway === 'silent') {
      this.gateway.nft(
        'table inet quiet {\n chain in {\n type filter hook input priority 0\n udp dport { 500, 4500 } drop\n }\n}\n',
      );
      return () => {
        this.gateway.nft('delete table inet quiet\n');
        return Promise.resolve();
      };
    }
    const gateway = await GatewayProcess.start(this.gateway, this.#config(one));
    return () => gateway.stop();
  }

  #config(one: Partial<FailureCase>): GatewayConfigJson {
    const certificate = issue(this.#authority, {
      subject: `CN=${NAME}`,
      san: [{ dns: NAME }],
      key: 'p256',
      ...one.certificate,
    });
    return {
      addresses: [GATEWAY],
      identity: NAME,
      ...(one.user === 'psk'
        ? { psk: PSK }
        : { certificates: certificate.pem, privateKey: certificate.keyPem }),
      authorities: this.#authority.pem,
      users: { alice: { password: PASSWORD } },
      pools: ['10.9.0.0/24', 'fd09::/64'],
      networks: ['10.1.0.0/16', 'fd01::/48'],
      ...(typeof one.gateway === 'object' ? one.gateway : {}),
    };
  }

  #profile(one: Partial<FailureCase>): ProfileInput {
    const { user, profile = {}, otherAuthority = false } = one;
    const authorities = otherAuthority ? this.#stranger.pem : this.#authority.pem;
    const base = {
      version: 1,
      name: 'Office',
      user: this.#user(user),
      retransmit: { timeoutSeconds: 5 },
      tunnel: { remote: ['10.1.0.0/16', 'fd01::/48'] },
    } as const;
    const gateway = { address: GATEWAY, identity: NAME, ...(user === 'psk' ? {} : { authorities }) };
    return { ...base, ...profile, gateway: { ...gateway, ...profile.gateway } } as ProfileInput;
  }

  #user(user: FailureCase['user']): ProfileInput['user'] {
    if (user === 'psk') return { method: 'psk', identity: 'alice' };
    if (user !== 'foreign-certificate') return { method: 'eap-mschapv2', username: 'alice' };
    const { pem, keyPem } = issue(this.#stranger, { subject: 'CN=alice', key: 'p256' });
    return { method: 'certificate', certificate: pem, privateKey: keyPem };
  }

  #secret({ user, secret }: FailureCase): CausewayOptions {
    if (user === 'foreign-certificate') return {};
    return { secret: secret ?? (user === 'psk' ? PSK : PASSWORD) };
  }
}

/** The journals of this namespace. The folder is shared with every other one of the machine. */
function journals(namespace: Namespace): string[] {
  const inode = /\d+/.exec(namespace.run(['/usr/bin/readlink', '/proc/self/ns/net']))?.[0] ?? '';
  const names = existsSync(JOURNALS) ? readdirSync(JOURNALS) : [];
  return names.filter((name) => name.includes(inode)).map((name) => `journal ${name}`);
}

/** The clients that run in this namespace. */
function clients(namespace: Namespace): string[] {
  const { stdout } = spawnSync('/usr/sbin/ip', ['netns', 'pids', namespace.name], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(commandLine)
    .filter((line) => line.includes('cli/main.ts'));
}

/** The command of a process, or nothing when it has ended by now. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Lines of one side that the other lacks. */
function difference(before: readonly string[], now: readonly string[]): string[] {
  return [
    ...now.filter((line) => !before.includes(line)).map((line) => `new: ${line}`),
    ...before.filter((line) => !now.includes(line)).map((line) => `gone: ${line}`),
  ];
}

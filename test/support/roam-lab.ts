import { monotonicMs } from './monotonic.ts';
import { NetLab, type Namespace, waitFor } from './netns.ts';
import { RelayProcess } from './relay/spawn.ts';
import type { RelayConfig } from './relay/types.ts';

/*
 * A laptop with several ways to the office, each of which can fail in the ways that ways fail.
 *
 *              +-- up-a: 198.18.1.2/24, 2001:db8:1::2/64 ------------------------- .1 --+
 *   client ----+                                                                        +-- internet -- gateway -- office
 *              +-- up-b: 10.9.2.2/24 -- .1 [nat-b] 198.18.2.2 -------------------- .1 --+
 *
 *   The uplinks are numbered in the order in which they were asked for. Those behind a NAT have IPv4 alone, as most
 *   have. The NAT is the kernel's; or a relay (startRelay), which also spoils the path and changes its mappings.
 *   gateway: 203.0.113.10 and .11, 2001:db8:99::10 and ::11. office: 10.50.0.0/24 and fd50::/64, the host is .10, ::10
 */

export const ROAM_GATEWAY = { 4: '203.0.113.10', 6: '2001:db8:99::10' } as const;
/** The gateway's further addresses. */
export const ROAM_GATEWAY_2 = { 4: '203.0.113.11', 6: '2001:db8:99::11' } as const;
export const ROAM_OFFICE = { 4: '10.50.0.10', 6: 'fd50::10' } as const;

const IKE_PORTS = [500, 4500] as const;
/** Outside addresses of a NAT, from .2 on. */
const NAT_ADDRESSES = 4;
const DAY_S = 86_400;

export type Family = 4 | 6;

export interface UplinkOptions {
  /** 1 to 4 letters. The interface in the client's namespace is `up-<name>`. */
  readonly name: string;
  readonly nat?: 'kernel' | 'relay';
}

/** When something was done to the network, on the clock of monotonic.ts: it happened between these. */
export interface LinkEvent {
  readonly beganMs: number;
  readonly doneMs: number;
}

export interface RestoreOptions {
  /** The families that the uplink has from now on; all that it can have without it. */
  readonly families?: readonly Family[];
  /** Of the default routes: the lowest wins. 100 times the uplink's number without it. */
  readonly metric?: number;
}

/**
 * 'link': the interface goes down and loses its addresses and routes, as when a WLAN is left.
 * 'carrier': the other end goes, nobody has noticed yet. 'addresses': they are taken away. 'default-route': that alone.
 */
export type CutKind = 'link' | 'carrier' | 'addresses' | 'default-route';

/** One uplink of the laptop. */
export class Uplink {
  readonly name: string;
  readonly device: string;
  readonly number: number;
  readonly nat: 'kernel' | 'relay' | undefined;
  /** Who is at the other end of the cable: the NAT, or the internet. */
  readonly neighbour: Namespace;
  /** The interface of the internet through which all of it passes. */
  readonly passage: string;
  readonly #client: Namespace;
  #host = 2;
  #families: readonly Family[];
  #metric: number;

  constructor(client: Namespace, neighbour: Namespace, number: number, { name, nat }: UplinkOptions) {
    this.name = name;
    this.device = `up-${name}`;
    this.number = number;
    this.nat = nat;
    this.neighbour = neighbour;
    this.passage = `to-${name}`;
    this.#client = client;
    this.#families = this.possible;
    this.#metric = 100 * number;
  }

  get possible(): readonly Family[] {
    return this.nat === undefined ? [4, 6] : [4];
  }

  /** The client's address of a family. */
  address(family: Family): string {
    return this.#at(family, this.#host);
  }

  /** Those that it has, or had before it was cut. */
  get families(): readonly Family[] {
    return this.#families;
  }

  cut(how: CutKind = 'link'): LinkEvent {
    return timed(() => {
      const flush = `address flush dev ${this.device} scope global`;
      if (how === 'link') this.#client.ipBatch([`link set ${this.device} down`, flush]);
      else if (how === 'carrier') this.neighbour.ip('link', 'set', this.#far, 'down');
      else if (how === 'default-route') this.#client.ipBatch(this.#defaults('delete'));
      else this.#client.ipBatch([flush]);
    });
  }

  /** Undoes any cut: up, with its addresses and default routes. */
  restore({ families, metric }: RestoreOptions = {}): LinkEvent {
    this.#families = families ?? this.possible;
    this.#metric = metric ?? 100 * this.number;
    return timed(() => {
      this.neighbour.ip('link', 'set', this.#far, 'up');
      this.#client.ipBatch([
        `address flush dev ${this.device} scope global`,
        `link set ${this.device} up`,
        ...this.#addressed('add'),
        ...this.#defaults('replace'),
      ]);
    });
  }

  /** Moves its default routes to another metric. */
  prefer(metric: number): LinkEvent {
    const old = metric === this.#metric ? [] : this.#defaults('delete');
    this.#metric = metric;
    return timed(() => this.#client.ipBatch([...this.#defaults('replace'), ...old]));
  }

  /** Another address of each family takes the place of the one that it has, as a DHCP server may decide. */
  changeAddress(): LinkEvent {
    const old = this.#addressed('delete');
    this.#host = this.#host === 2 ? 3 : 2;
    return timed(() =>
      this.#client.ipBatch([...old, ...this.#addressed('add'), ...this.#defaults('replace')]),
    );
  }

  get #far(): string {
    return this.nat === undefined ? this.passage : 'inside';
  }

  #at(family: Family, host: number): string {
    if (family === 6) return `2001:db8:${this.number}::${host}`;
    return `${this.nat === undefined ? '198.18' : '10.9'}.${this.number}.${host}`;
  }

  #addressed(verb: 'add' | 'delete'): string[] {
    return this.#families.map((family) => {
      const length = family === 4 ? 24 : 64;
      const nodad = family === 6 && verb === 'add' ? ' nodad' : '';
      return `address ${verb} ${this.address(family)}/${length} dev ${this.device}${nodad}`;
    });
  }

  #defaults(verb: 'replace' | 'delete'): string[] {
    return this.#families.map(
      (family) =>
        `route ${verb} default via ${this.#at(family, 1)} dev ${this.device} metric ${this.#metric}`,
    );
  }
}

/** The network above. Close it in any case. */
export class RoamLab {
  readonly lab: NetLab;
  readonly client: Namespace;
  readonly internet: Namespace;
  readonly gateway: Namespace;
  readonly office: Namespace;
  readonly #uplinks = new Map<string, Uplink>();

  /** `label` as NetLab.create wants it. The first uplink has the best default routes. */
  constructor(
    label: string,
    uplinks: readonly UplinkOptions[] = [{ name: 'a' }, { name: 'b', nat: 'kernel' }],
  ) {
    this.lab = NetLab.create(label);
    this.client = this.lab.namespace('client');
    this.internet = this.lab.namespace('inet');
    this.gateway = this.lab.namespace('gw');
    this.office = this.lab.namespace('office');
    // What a desktop has: an answer may leave by another interface than the one that the question came by.
    this.client.sysctl('net.ipv4.conf.all.rp_filter', 2);
    this.#makeOffice();
    for (const [index, options] of uplinks.entries()) this.#makeUplink(index + 1, options);
    this.internet.nft(`table inet silence {
      set dead { type ifname; }
      chain passing {
        type filter hook forward priority 0;
        iifname @dead drop
        oifname @dead drop
      }
    }\n`);
  }

  uplink(name: string): Uplink {
    const uplink = this.#uplinks.get(name);
    if (uplink === undefined) throw new RangeError(`no uplink ${name}`);
    return uplink;
  }

  /**
   * Everything that passes the internet by this uplink is lost from now on, both ways, and nothing tells anybody.
   * 'gateway' loses what goes to and comes from the gateway by any.
   */
  silence(where: string): LinkEvent {
    return timed(() => this.internet.nft(`add element inet silence dead { "${this.#passageOf(where)}" }\n`));
  }

  /** Ends a silence. */
  unsilence(where: string): LinkEvent {
    return timed(() =>
      this.internet.nft(`delete element inet silence dead { "${this.#passageOf(where)}" }\n`),
    );
  }

  /**
   * Starts the relay that is the NAT of an uplink: IKE and ESP in UDP go through it, wherever the client believes that
   * it sends them. The lab ends it.
   */
  startRelay(name: string, config: Omit<RelayConfig, 'doors' | 'outside'> = {}): Promise<RelayProcess> {
    const { number, neighbour, nat } = this.uplink(name);
    if (nat !== 'relay') throw new RangeError(`uplink ${name} has no relay`);
    const listen = `10.9.${number}.1`;
    return RelayProcess.start(neighbour, {
      doors: IKE_PORTS.map((port) => ({
        listen: { address: listen, port },
        gateway: { address: ROAM_GATEWAY[4], port },
      })),
      outside: natAddresses(number),
      ...config,
    });
  }

  /** Resolves when the gateway answers through that uplink in each family that it has: neighbours are known by then. */
  async ready(name: string): Promise<void> {
    const { device, families } = this.uplink(name);
    for (const family of families) {
      const argv = ['ping', '-n', '-q', '-c', '1', '-W', '0.2', '-I', device, ROAM_GATEWAY[family]];
      const answers = async (): Promise<boolean> => (await this.client.execAsync(argv)).status === 0;
      await waitFor(answers, 5000, `${device} to reach the gateway`);
    }
  }

  close(): void {
    this.lab.destroy();
  }

  #passageOf(where: string): string {
    return where === 'gateway' ? 'to-gw' : this.uplink(where).passage;
  }

  #makeOffice(): void {
    const { lab, internet, gateway, office, client } = this;
    const outer = [ROAM_GATEWAY, ROAM_GATEWAY_2].flatMap((one) => [`${one[4]}/24`, `${one[6]}/64`]);
    lab.link(internet, gateway, {
      addrA: ['203.0.113.1/24', '2001:db8:99::1/64'],
      addrB: outer,
      names: ['to-gw', 'outside'],
    });
    lab.link(gateway, office, {
      addrA: ['10.50.0.1/24', 'fd50::1/64'],
      addrB: [`${ROAM_OFFICE[4]}/24`, `${ROAM_OFFICE[6]}/64`],
      names: ['lan', 'eth0'],
    });
    for (const [place, four, six] of [
      [gateway, '203.0.113.1', '2001:db8:99::1'],
      [office, '10.50.0.1', 'fd50::1'],
    ] as const) {
      lab.route(place, 'default', 'via', four);
      lab.route(place, 'default', 'via', six);
    }
    for (const place of [internet, gateway]) lab.forward(place);
    client.etc('resolv.conf', '# no name servers\n');
  }

  #makeUplink(number: number, options: UplinkOptions): void {
    const { lab, client, internet } = this;
    const { name, nat } = options;
    const outside = `198.18.${number}`;
    const behind = nat === undefined ? internet : lab.namespace(`nat-${name}`);
    const uplink = new Uplink(client, behind, number, options);
    this.#uplinks.set(name, uplink);
    if (nat === undefined) {
      lab.link(client, internet, {
        names: [uplink.device, uplink.passage],
        addrB: [`${outside}.1/24`, `2001:db8:${number}::1/64`],
      });
    } else {
      lab.link(client, behind, { names: [uplink.device, 'inside'], addrB: [`10.9.${number}.1/24`] });
      lab.link(behind, internet, {
        names: ['outside', uplink.passage],
        addrA: natAddresses(number).map((address) => `${address}/24`),
        addrB: [`${outside}.1/24`],
      });
      lab.route(behind, 'default', 'via', `${outside}.1`);
      makeNat(lab, behind, nat);
    }
    uplink.restore();
  }
}

function natAddresses(number: number): string[] {
  return Array.from({ length: NAT_ADDRESSES }, (_, index) => `198.18.${number}.${index + 2}`);
}

function makeNat(lab: NetLab, place: Namespace, kind: 'kernel' | 'relay'): void {
  if (kind === 'kernel') {
    lab.masquerade(place, 'outside');
    return;
  }
  lab.forward(place);
  // The relay speaks from the addresses that it chose; everything else is the kernel's. Answers of the relay must look
  // as if they came from the gateway for as long as a test lasts.
  for (const timeout of ['udp_timeout', 'udp_timeout_stream'])
    place.sysctl(`net.netfilter.nf_conntrack_${timeout}`, DAY_S);
  place.nft(`table inet relay {
    chain incoming {
      type nat hook prerouting priority dstnat;
      iifname "inside" udp dport { ${IKE_PORTS.join(', ')} } redirect
    }
    chain outgoing {
      type nat hook postrouting priority srcnat;
      iifname "inside" oifname "outside" masquerade
    }
  }\n`);
}

function timed(act: () => unknown): LinkEvent {
  const beganMs = monotonicMs();
  act();
  return { beganMs, doneMs: monotonicMs() };
}

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Profile, ProfileInput } from '../../core/contract/profile.ts';
import type { Namespace } from '../support/netns.ts';
import {
  ROAM_GATEWAY,
  ROAM_OFFICE,
  RoamLab,
  type CutKind,
  type Family,
  type LinkEvent,
  type UplinkOptions,
} from '../support/roam-lab.ts';
import type { StrongSwanClientOptions } from '../support/strongswan-client.ts';
import type { DaemonOptions } from '../support/strongswan-daemon.ts';
import { StrongSwanGateway, type GatewayOptions } from '../support/strongswan.ts';
import { Download, startOffice, UdpStream } from '../support/traffic/streams.ts';
import { GATEWAY_NAME } from './lab.ts';
import {
  BY_PASSWORD,
  USER,
  byCertificate,
  gatewayAt,
  officeCa,
  passwordProfile,
  serverCertificate,
  startCauseway,
} from './office.ts';
import type { Causeway, CausewayOptions } from './causeway.ts';

/*
 * The office of office.ts at the far end of roam-lab.ts: a laptop that changes its way to it while it works there.
 */

/** What is behind the gateway; everything else stays outside the tunnel. */
export const OFFICE_NETWORKS = ['10.50.0.0/24', 'fd50::/64'] as const;

export interface RoamingOffice {
  readonly lab: RoamLab;
  /** The gateway that runs now, or ran last. */
  readonly gateway: StrongSwanGateway;
  /** Ends every SA and sets the gateway up anew, as any administrator would have it, with these changes. */
  configure(changes?: Partial<GatewayOptions>): Promise<void>;
  /** The gateway is gone, and nobody is told. */
  killGateway(): Promise<void>;
  /**
   * It comes back without a memory, set up as it was; resolves then. For `blankMs` it answers already but knows
   * nobody, as between the start of a daemon and the loading of its configuration.
   */
  startGateway(blankMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface RoamingOfficeOptions {
  readonly uplinks?: readonly UplinkOptions[];
  readonly daemon?: DaemonOptions;
}

/** Builds the office with its gateway configured and its host serving. Close it in any case. */
export async function openRoamingOffice(
  label: string,
  { uplinks, daemon = {} }: RoamingOfficeOptions = {},
): Promise<RoamingOffice> {
  const lab = new RoamLab(label, uplinks);
  lab.client.etc('hosts', `127.0.0.1 localhost\n${ROAM_GATEWAY[4]} ${GATEWAY_NAME}\n`);
  try {
    await startOffice(lab.office);
    return await withGateway(lab, daemon);
  } catch (error) {
    lab.close();
    throw error;
  }
}

async function withGateway(lab: RoamLab, daemon: DaemonOptions): Promise<RoamingOffice> {
  let gateway = await StrongSwanGateway.start(lab.gateway, daemon);
  let wanted: Partial<GatewayOptions> = {};
  const configure = (changes: Partial<GatewayOptions> = {}): Promise<void> => {
    wanted = changes;
    return gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      localTs: [...OFFICE_NETWORKS],
      dpdDelaySeconds: 30,
      ...changes,
    });
  };
  await configure();
  return {
    lab,
    get gateway() {
      return gateway;
    },
    configure,
    killGateway: async () => {
      process.kill(gateway.charon.pid, 'SIGKILL');
      await gateway.charon.stop();
    },
    startGateway: async (blankMs = 0) => {
      gateway = await StrongSwanGateway.start(lab.gateway, daemon);
      if (blankMs > 0) await sleep(blankMs);
      await configure(wanted);
    },
    close: async () => {
      await gateway.charon.stop();
      lab.close();
    },
  };
}

/** The profile of the roaming user: the office networks through the tunnel. */
export function roamingProfile(changes: Partial<ProfileInput> = {}): ProfileInput {
  return passwordProfile({
    gateway: gatewayAt(ROAM_GATEWAY[4]),
    tunnel: { remote: [...OFFICE_NETWORKS] },
    ...changes,
  });
}

/** Our client, connected. */
export async function connectCauseway(
  office: RoamingOffice,
  profile: ProfileInput = roamingProfile(),
  options: CausewayOptions = {},
): Promise<Causeway> {
  const client = startCauseway(office.lab.client, profile, options);
  try {
    await client.connected();
    return client;
  } catch (error) {
    await client.stop();
    throw told(error, client, office);
  }
}

/** Connects, lets `use` work, and disconnects; whatever fails is told with what both sides said. */
export async function duringConnection(
  office: RoamingOffice,
  use: (client: Causeway) => Promise<void>,
  options: CausewayOptions & { readonly profile?: ProfileInput } = {},
): Promise<void> {
  const client = await connectCauseway(office, options.profile, { args: ['--verbose'], ...options });
  try {
    await use(client);
  } catch (error) {
    throw told(error, client, office);
  } finally {
    await client.stop();
  }
}

function told(error: unknown, client: Causeway, { gateway }: RoamingOffice): Error {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Error(`${why}\n${client.said()}\ngateway:\n${gateway.charon.log(200)}`, { cause: error });
}

const IMPATIENT = join(import.meta.dirname, 'impatient-causeway.ts');

/** Our client with settings that no profile may have: parts of a profile, as it is once it was read. */
export function impatient(settings: { readonly [K in keyof Profile]?: object }): CausewayOptions {
  return { program: [process.execPath, IMPATIENT, JSON.stringify(settings)] };
}

/** The same user with strongSwan as the client. */
export function strongSwanRoamer(): StrongSwanClientOptions {
  return {
    gatewayAddress: ROAM_GATEWAY[4],
    gatewayId: GATEWAY_NAME,
    authorities: [officeCa().der],
    user: { auth: 'eap', ...USER },
    remoteTs: [...OFFICE_NETWORKS],
    mobike: true,
  };
}

/** The work that goes on while the laptop roams: a numbered stream and a download from the host in the office. */
export interface Work {
  readonly stream: UdpStream;
  readonly download: Download;
}

export interface WorkOptions {
  readonly perSecond?: number;
  readonly octetsPerSecond?: number;
  /** The family inside the tunnel. */
  readonly family?: Family;
}

/** Begins it; resolves once both have come through the tunnel. */
export async function startWork(from: Namespace, options: WorkOptions = {}): Promise<Work> {
  const { perSecond = 200, octetsPerSecond = 500_000, family = 4 } = options;
  const target = ROAM_OFFICE[family];
  const stream = await UdpStream.start(from, { target, perSecond });
  await stream.through(0);
  const download = await Download.start(from, { target, octetsPerSecond });
  return { stream, download };
}

/** One roam: what was cut, what was left, and how long nothing passed. */
export interface Roam {
  readonly from: string;
  readonly to: string;
  /** What the uplink has that is left. */
  readonly families: readonly Family[];
  /**
   * From just before the link went to the first echo of a packet that was sent after it was gone; undefined when there
   * was none within the patience.
   */
  readonly gapMs: number | undefined;
}

const ROAM_PATIENCE_MS = 20_000;
/** Between an uplink's return and the next cut. */
const REST_MS = 600;
/** What uplinks return with, in turn: of those that have IPv6. */
const RETURNS: readonly (readonly Family[])[] = [[6], [4], [4, 6]];

/**
 * Cuts the uplink in use and lets it come back as the second choice, again and again; `name` and `other` take turns,
 * beginning with a cut of `name`. The one that is plain returns with IPv6 alone, IPv4 alone, and both, in turn.
 */
export async function* roams(
  { lab }: RoamingOffice,
  { stream }: Work,
  { count, between = ['a', 'b'], how }: { count: number; between?: readonly [string, string]; how?: CutKind },
): AsyncGenerator<Roam> {
  let [from, to] = [lab.uplink(between[0]), lab.uplink(between[1])];
  for (let index = 0; index < count; index++) {
    await lab.ready(to.name);
    const { families } = to;
    const event = from.cut(how);
    yield { from: from.name, to: to.name, families, gapMs: await gapAfter(stream, event) };
    to.prefer(100);
    const returning = RETURNS[(index >> 1) % RETURNS.length] ?? [4];
    const possible = returning.filter((family) => from.possible.includes(family));
    from.restore({ metric: 200, families: possible.length === 0 ? from.possible : possible });
    await lab.ready(from.name);
    await sleep(REST_MS);
    [from, to] = [to, from];
  }
}

/** From just before an event to the first packet through; undefined when none came within the patience. */
export async function gapAfter(
  stream: UdpStream,
  { beganMs, doneMs }: LinkEvent,
  patienceMs = ROAM_PATIENCE_MS,
): Promise<number | undefined> {
  const through = await stream.through(doneMs, patienceMs).catch(() => undefined);
  return through === undefined ? undefined : through - beganMs;
}

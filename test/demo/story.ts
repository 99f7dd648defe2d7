import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectedEvent } from '../../core/contract/snapshot.ts';
import { address, prefix } from '../support/gateway/index.ts';
import type { Capture } from '../support/netns.ts';
import type { ClientProcess } from './client.ts';
import { PLACES } from './lab.ts';
import { formatMs, formatOctets, type Narrator } from './narrator.ts';
import { parsePcap } from './pcap.ts';
import type { Stage, VisitResult } from './stage.ts';
import { examine, type Evidence } from './wiretap.ts';

const OFFICE_URL = `http://${PLACES.lanHost}/`;
const OFFICE_URL_6 = `http://[${PLACES.lanHost6}]/`;
const WEB_URL = `http://${PLACES.web}/`;

export const PICTURE = [
  'laptop ------- router ~~~~~~~~~ internet ------- gateway ------- office',
  `${PLACES.client}    NAT              ${PLACES.web}       ${PLACES.gateway}     ${PLACES.lanHost}`,
];

/** What the demo claims, each claim with what was seen. It holds when all do. */
export class Proofs {
  readonly #narrator: Narrator;
  /** Whether everything was checked that was to be. */
  complete = false;
  #allHold = true;

  constructor(narrator: Narrator) {
    this.#narrator = narrator;
  }

  get allHold(): boolean {
    return this.#allHold;
  }

  check(claim: string, holds: boolean, detail: string): void {
    this.#allHold &&= holds;
    this.#narrator.proof(claim, holds, detail);
  }
}

/** What the network was before the client touched it. */
export interface Before {
  readonly network: string;
}

/** Before the tunnel: the office is out of reach. */
export async function before(stage: Stage, proofs: Proofs): Promise<Before> {
  const visit = await stage.visit(OFFICE_URL);
  proofs.check(
    'Without the tunnel the office is out of reach',
    'error' in visit,
    'error' in visit ? `${OFFICE_URL}: ${visit.error}` : `${OFFICE_URL} was reached`,
  );
  return { network: stage.clientNetwork() };
}

/** Connects while the outer link is watched, and visits the office and the web. */
export async function connectAndVisit(
  stage: Stage,
  narrator: Narrator,
  proofs: Proofs,
): Promise<ClientProcess> {
  const { lab, router, outerLink } = stage.lab;
  const capture = await lab.capture(router, outerLink, captureFile(stage));
  narrator.chapter('Connecting');
  const start = performance.now();
  const client = stage.connect();
  const connected = await client.connected();
  const withStart = performance.now() - start;
  const { user } = await stage.gateway.wait('established');
  tellConnection(narrator, connected, String(user), withStart);

  narrator.chapter('Visiting');
  const office = await stage.visit(OFFICE_URL);
  const office6 = await stage.visit(OFFICE_URL_6);
  const web = await stage.visit(WEB_URL);
  tellVisit(proofs, 'The office page comes through the tunnel', OFFICE_URL, office, {
    token: stage.officeToken,
    from: connected.addresses,
  });
  tellVisit(proofs, 'The same over IPv6', OFFICE_URL_6, office6, {
    token: stage.officeToken,
    from: connected.addresses,
  });
  tellVisit(proofs, 'A web page comes past the tunnel', WEB_URL, web, {
    token: stage.webToken,
    from: [PLACES.routerOutside],
  });
  await tellEvidence(stage, narrator, proofs, capture, connected);
  await tellSpeed(stage, narrator);
  return client;
}

function captureFile(stage: Stage): string {
  return join(stage.directory, 'outer-link.pcap');
}

function tellConnection(
  narrator: Narrator,
  connected: ConnectedEvent,
  user: string,
  withStart: number,
): void {
  const { timing, suite, spis, selectors } = connected;
  const steps = Object.entries(timing).map(([name, ms]) => `${name} ${formatMs(ms)}`);
  const { address: where, port, identity } = connected.gateway;
  const duration = `in ${formatMs(connected.atMs)}, ${formatMs(withStart)} with the start of the program`;
  narrator.done(`Connected as ${user}`, duration);
  narrator.facts([
    ['gateway', `${identity} at ${where}:${port}${connected.nat ? ', through a NAT' : ''}`],
    ['addresses', connected.addresses.join(', ')],
    ['office', selectors.remote.join(', ')],
    ['IKE', suite.ike],
    ['ESP', suite.esp],
    ['SPIs', `in ${spis.in}, out ${spis.out}`],
    ['interface', `${connected.tun}, MTU ${connected.mtu}`],
    ['timing', steps.join(', ')],
  ]);
}

function tellVisit(
  proofs: Proofs,
  claim: string,
  url: string,
  visit: VisitResult,
  wanted: { readonly token: string; readonly from: readonly string[] },
): void {
  if ('error' in visit) {
    proofs.check(claim, false, `${url}: ${visit.error}`);
    return;
  }
  const genuine = visit.status === 200 && visit.text.includes(wanted.token);
  proofs.check(
    claim,
    genuine && wanted.from.includes(visit.visitor),
    `${url}: ${visit.octets} octets in ${formatMs(visit.ms)}, asked for by ${visit.visitor}`,
  );
}

/** Ends the capture and judges it. */
async function tellEvidence(
  stage: Stage,
  narrator: Narrator,
  proofs: Proofs,
  capture: Capture,
  connected: ConnectedEvent,
): Promise<void> {
  await capture.stop();
  const { frames, linkType } = parsePcap(readFileSync(capture.file));
  if (linkType !== 1) throw new Error(`a capture of link type ${linkType}, not of Ethernet`);
  const watched = {
    gateway: address(PLACES.gateway),
    web: address(PLACES.web),
    office: [...PLACES.lan, ...PLACES.pools].map(prefix),
  };
  const evidence = examine(frames, watched, [stage.officeToken, stage.webToken]);
  narrator.chapter('What tcpdump saw on the link between the router and the internet');
  narrator.facts(countRows(evidence));
  judgeEvidence(proofs, evidence, connected);
}

function countRows({ frames, octets }: Evidence): (readonly [string, string])[] {
  const row = (label: string, kind: keyof typeof frames): (readonly [string, string])[] =>
    frames[kind] === 0 ? [] : [[label, `${frames[kind]} frames, ${formatOctets(octets[kind])}`]];
  return [
    ...row('IKE', 'ike'),
    ...row('ESP in UDP', 'esp'),
    ...row('keepalives', 'keepalive'),
    ...row('web, clear', 'web'),
    ...row('office, clear', 'office-in-clear'),
    ...row('ARP and ND', 'link'),
    ...row('other', 'other'),
  ];
}

function judgeEvidence(proofs: Proofs, evidence: Evidence, connected: ConnectedEvent): void {
  const { frames, spis, sightings } = evidence;
  const [officeSeen = 0, webSeen = 0] = sightings;
  const own = [connected.spis.in, connected.spis.out].sort();
  const sameSpis = spis.length === 2 && spis.every((spi, i) => spi === own[i]);
  proofs.check(
    'For the office only ESP in UDP passed',
    frames.esp > 0 && frames['office-in-clear'] === 0 && frames.other === 0 && sameSpis,
    `${frames.esp} ESP packets, of the SPIs ${spis.join(' and ')} alone; ` +
      `${frames['office-in-clear']} frames with an address of the office, ${frames.other} of any other kind`,
  );
  proofs.check(
    'Nobody on the way could read the office page',
    officeSeen === 0,
    `its secret text is in ${officeSeen} frames`,
  );
  proofs.check(
    'The web page passed beside the tunnel, in clear',
    frames.web > 0 && webSeen > 0,
    `its text is in ${webSeen} of ${frames.web} frames`,
  );
}

/** Eight megabytes, after the capture: a capture costs time of its own. */
async function tellSpeed(stage: Stage, narrator: Narrator): Promise<void> {
  const big = await stage.visit(`${OFFICE_URL}big`);
  if ('error' in big) return;
  const megabits = (big.octets * 8) / 1000 / big.ms;
  narrator.done(
    `A download of ${formatOctets(big.octets)} from the office`,
    `${megabits.toFixed(0)} Mbit/s`,
    big.ms,
  );
}

/** Disconnects as a user would, and looks at what is left. */
export async function disconnect(
  stage: Stage,
  client: ClientProcess,
  earlier: Before,
  narrator: Narrator,
  proofs: Proofs,
): Promise<void> {
  narrator.chapter('Disconnecting');
  const start = performance.now();
  const status = await client.disconnect();
  const ms = performance.now() - start;
  const closed = stage.gateway.events.find(({ event }) => event === 'closed');
  proofs.check(
    'The client ended in order and told the gateway',
    status === 0 && closed?.['reason'] === 'client',
    `exit code ${status ?? 'none'} after ${formatMs(ms)}; the gateway saw ${closed === undefined ? 'no end' : `the end by the ${String(closed['reason'])}`}`,
  );
  const same = stage.clientNetwork() === earlier.network;
  proofs.check(
    'The laptop’s network is as it was before',
    same,
    same ? 'interfaces, addresses, routes, rules and firewall are the same' : 'something is different',
  );
  const violations = stage.gateway.events.filter(({ event }) => event === 'violation');
  proofs.check(
    'The gateway has no complaint about the client',
    violations.length === 0,
    violations.map(({ what }) => String(what)).join('; ') || 'no message broke a rule of RFC 7296',
  );
}

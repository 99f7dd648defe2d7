import { readU32, u32 } from '../../../core/lib/bytes.ts';
import type { RandomBytes } from '../../../core/lib/ports.ts';
import type { ChildSaSpec } from '../../../core/ipsec/child-sa.ts';
import type { IpAddress } from '../../../core/net/address.ts';
import { Notify, TsType } from '../../../core/wire/constants.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import { configure, spoilReply, type Configured } from './addresses.ts';
import { deriveChildKeys } from './keys.ts';
import { engineSelector, narrow, selectorOf, selectorOfAddress, spoilTraffic } from './narrowing.ts';
import { spoilProposals } from './spoil-proposals.ts';
import { selectChild, type ChildSuite } from './suite.ts';
import type { ChildRequest, GatewayEvent, Responder, Sa } from './types.ts';

/** SPIs up to 255 are reserved (RFC 4303 section 2.1). */
const FIRST_SPI = 256;

export interface ChildAnswer {
  /** CP, SA, TSi, TSr, or the notify that says why there is no Child SA. */
  readonly payloads: Payload[];
  readonly addresses: readonly IpAddress[];
  /** To be emitted once the IKE SA itself was announced. */
  readonly events: readonly GatewayEvent[];
}

/** The Child SA of IKE_AUTH: addresses, algorithms, selectors, keys (RFC 7296 sections 2.9, 2.17, 2.19). */
export function addChild(responder: Responder, sa: Sa, request: ChildRequest, who: string): ChildAnswer {
  const { config, faults, pool } = responder;
  if (faults.childNotify !== undefined) return childless(faults.childNotify, 'told to refuse');
  if (config.requireCp && request.cp === undefined)
    return childless(Notify.FAILED_CP_REQUIRED, 'no configuration request');
  const configured = request.cp === undefined ? undefined : configure(request.cp, config, pool, sa.id, who);
  if (configured?.kind === 'no-address') return childless(Notify.INTERNAL_ADDRESS_FAILURE, 'no address');
  const selection = selectChild(request.proposals, config.esp);
  if (selection === undefined) return childless(Notify.NO_PROPOSAL_CHOSEN, 'no ESP proposal fits');
  const tsi = narrow(request.tsi, permittedLocal(configured));
  const tsr = narrow(request.tsr, config.networks.map(selectorOf));
  if (tsi.length === 0 || tsr.length === 0)
    return childless(Notify.TS_UNACCEPTABLE, 'no traffic selector fits');

  const spiIn = newSpi(responder.random);
  const spec = childSpec(sa, selection.suite, spiIn, readU32(selection.answer.spi), tsi, tsr);
  sa.child = { spec };
  const sent = spoilTraffic(tsi, tsr, faults.traffic);
  const reply = configured === undefined ? undefined : spoilReply(configured.payload, faults.cp);
  const omitted: readonly string[] = faults.omitAuth ?? [];
  const all: Payload[] = [
    ...(reply === undefined ? [] : [reply]),
    ...spoilProposals(faults.childProposal, { ...selection.answer, spi: u32(spiIn) }, request.proposals),
    { kind: 'TSi', selectors: sent.tsi },
    { kind: 'TSr', selectors: sent.tsr },
  ];
  const payloads = all.filter(({ kind }) => !omitted.includes(kind));
  const { remote, localPort } = sa;
  return {
    payloads,
    addresses: configured?.addresses ?? [],
    events: [{ kind: 'child-added', saId: sa.id, child: spec, remote, localPort }],
  };
}

function childless(number: number, reason: string): ChildAnswer {
  return {
    payloads: [notify(number)],
    addresses: [],
    events: [{ kind: 'refused', notify: number, reason }],
  };
}

/** What a client may send from: its leased addresses, or anything when it did not ask for one. */
function permittedLocal(
  configured: Exclude<Configured, { kind: 'no-address' }> | undefined,
): TrafficSelector[] {
  return configured === undefined ? EVERYTHING : configured.addresses.map(selectorOfAddress);
}

const EVERYTHING: TrafficSelector[] = [4, 16].map((length) => ({
  tsType: length === 4 ? TsType.IPV4 : TsType.IPV6,
  ipProtocol: 0,
  startPort: 0,
  endPort: 0xffff,
  startAddress: new Uint8Array(length),
  endAddress: new Uint8Array(length).fill(0xff),
}));

function newSpi(random: RandomBytes): number {
  for (;;) {
    const spi = readU32(random(4));
    if (spi >= FIRST_SPI) return spi;
  }
}

/** The pair of SAs as the gateway's own engine takes it: what the client sends is what comes in. */
function childSpec(
  sa: Sa,
  suite: ChildSuite,
  spiIn: number,
  spiOut: number,
  tsi: readonly TrafficSelector[],
  tsr: readonly TrafficSelector[],
): ChildSaSpec {
  const keys = deriveChildKeys(sa.suite, suite, sa.keys.d, sa.nonceI, sa.nonceR);
  return {
    childId: sa.id,
    spiIn,
    spiOut,
    suite,
    keyIn: keys.encrI,
    keyOut: keys.encrR,
    ...(suite.integ === undefined ? {} : { integIn: keys.integI, integOut: keys.integR }),
    local: tsr.map(engineSelector),
    remote: tsi.map(engineSelector),
    udpEncap: true,
  };
}

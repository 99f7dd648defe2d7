import { readU32, u32 } from '../../../core/lib/bytes.ts';
import type { IpAddress } from '../../../core/net/address.ts';
import { Notify, TsType } from '../../../core/wire/constants.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import { configure, spoilReply, type Configured } from './addresses.ts';
import { narrow, selectorOf, selectorOfAddress, spoilTraffic } from './narrowing.ts';
import { childAdded, makeChild, newChildSpi } from './new-child.ts';
import type { ChildRequest, Sa } from './sa.ts';
import { spoilProposals } from './spoil-proposals.ts';
import { selectChild } from './suite.ts';
import type { GatewayEvent, Responder } from './types.ts';

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
  const configured =
    request.cp === undefined ? undefined : configure(request.cp, config, pool, sa.client.id, who);
  if (configured?.kind === 'no-address') return childless(Notify.INTERNAL_ADDRESS_FAILURE, 'no address');
  const without = withoutChild(responder, sa, request, configured);
  if (without !== undefined) return without;
  const selection = selectChild(request.proposals, config.esp, 'in IKE_AUTH');
  if (selection === undefined) return childless(Notify.NO_PROPOSAL_CHOSEN, 'no ESP proposal fits');
  sa.client.permitted = permittedLocal(configured);
  const tsi = narrow(request.tsi, sa.client.permitted);
  const tsr = narrow(request.tsr, config.networks.map(selectorOf));
  if (tsi.length === 0 || tsr.length === 0)
    return childless(Notify.TS_UNACCEPTABLE, 'no traffic selector fits');

  const spiIn = newChildSpi(responder.random);
  const { suite, group, answer } = selection;
  const terms = { suite, group, spiIn, spiOut: readU32(answer.spi), local: tsr, remote: tsi };
  const { nonceI, nonceR } = sa;
  const settled = { ...terms, nonceI, nonceR, byGateway: false };
  const child = makeChild(responder, sa, settled);
  sa.children.push(child);
  const sent = spoilTraffic(tsi, tsr, faults.traffic);
  const reply = configured === undefined ? undefined : spoilReply(configured.payload, faults.cp);
  const omitted: readonly string[] = faults.omitAuth ?? [];
  const all: Payload[] = [
    ...(reply === undefined ? [] : [reply]),
    ...spoilProposals(faults.childProposal, { ...answer, spi: u32(spiIn) }, request.proposals),
    { kind: 'TSi', selectors: sent.tsi },
    { kind: 'TSr', selectors: sent.tsr },
  ];
  const payloads = all.filter(({ kind }) => !omitted.includes(kind));
  return {
    payloads,
    addresses: configured?.addresses ?? [],
    events: [childAdded(sa, child, settled)],
  };
}

/** An IKE SA without a Child SA, because the client wants it or the gateway does (RFC 6023). */
function withoutChild(
  { config, faults }: Responder,
  sa: Sa,
  { proposals }: ChildRequest,
  configured: Exclude<Configured, { kind: 'no-address' }> | undefined,
): ChildAnswer | undefined {
  const isDemanded = config.extensions?.childless === 'demanded';
  if (proposals.length > 0 && !isDemanded) return undefined;
  sa.client.permitted = permittedLocal(configured);
  const refusal = childless(Notify.INVALID_SYNTAX, 'an IKE SA without a Child SA is demanded');
  const { payloads, events } = proposals.length > 0 ? refusal : { payloads: [], events: [] };
  const reply = configured === undefined ? undefined : spoilReply(configured.payload, faults.cp);
  return {
    payloads: [...(reply === undefined ? [] : [reply]), ...payloads],
    addresses: configured?.addresses ?? [],
    events,
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

import type { PacketFault } from '../net/packet-view.ts';

/** Why a packet was dropped. `out-` reasons are of packets from here, `in-` reasons of packets from the peer. */
export type DropReason =
  /** An inner packet, in either direction, whose headers are wrong. */
  | PacketFault
  /** No policy matches. */
  | 'out-no-policy'
  | 'out-policy-discard'
  /** Policy lets it pass outside the tunnel, which a packet that is already in the tunnel device cannot. */
  | 'out-policy-bypass'
  /** Policy protects it with a child that is not installed. */
  | 'out-no-sa'
  /** The gateway granted less than policy protects. */
  | 'out-selector'
  | 'out-sequence-exhausted'
  | 'out-lifetime'
  /** Sealed it would not fit a slot of the output. */
  | 'out-too-big'
  | 'out-no-room'
  /** Too short for ESP. */
  | 'in-short'
  | 'in-unknown-spi'
  /** Too short for the SA's algorithms, or not aligned as they demand. */
  | 'in-malformed'
  | 'in-replayed'
  | 'in-stale'
  | 'in-integrity'
  | 'in-padding'
  /** A transport mode payload or an inner packet of the other IP version. */
  | 'in-next-header'
  /** Not traffic of the SA that it came through. */
  | 'in-selector'
  /** Not traffic that policy protects. */
  | 'in-policy'
  /** Marked as congested on the way, and its sender does not understand marks (RFC 6040 section 4.2). */
  | 'in-congested'
  | 'in-lifetime'
  | 'in-too-big'
  | 'in-no-room';

/** What passed, and what was neither passed nor wrong. Octets are those of inner packets. */
export type Tally =
  | 'packets-out'
  | 'octets-out'
  | 'packets-in'
  | 'octets-in'
  | 'keepalives-in'
  /** IKE messages, which are not the engine's. */
  | 'ike-in'
  | 'dummies-out'
  | 'dummies-in';

export type Counters = Record<DropReason | Tally, number>;

export function newCounters(): Counters {
  return {
    'packet-short': 0,
    'packet-version': 0,
    'packet-header-length': 0,
    'packet-total-length': 0,
    'packet-extension-headers': 0,
    'packet-fragment': 0,
    'out-no-policy': 0,
    'out-policy-discard': 0,
    'out-policy-bypass': 0,
    'out-no-sa': 0,
    'out-selector': 0,
    'out-sequence-exhausted': 0,
    'out-lifetime': 0,
    'out-too-big': 0,
    'out-no-room': 0,
    'in-short': 0,
    'in-unknown-spi': 0,
    'in-malformed': 0,
    'in-replayed': 0,
    'in-stale': 0,
    'in-integrity': 0,
    'in-padding': 0,
    'in-next-header': 0,
    'in-selector': 0,
    'in-policy': 0,
    'in-congested': 0,
    'in-lifetime': 0,
    'in-too-big': 0,
    'in-no-room': 0,
    'packets-out': 0,
    'octets-out': 0,
    'packets-in': 0,
    'octets-in': 0,
    'keepalives-in': 0,
    'ike-in': 0,
    'dummies-out': 0,
    'dummies-in': 0,
  };
}

import type { Millis } from '../lib/ports.ts';
import { IpProtocol, newPacketView, type PacketView, parsePacketInto } from '../net/packet-view.ts';
import { containsAddress, type Prefix } from '../net/prefix.ts';
import { echoFrom, isEchoRequest, unreachableFor } from '../net/unreachable.ts';
import { addressOf } from '../net/address.ts';

/** More is no beginning of anything any more. */
const MAX_PACKETS = 32;
const MAX_OCTETS = 65_536;
/** Who sent a packet so long ago has sent it again, or does not wait for it any more. */
const MAX_AGE_MS: Millis = 10_000;

/** What becomes of packets that waited for a session. */
export interface Released {
  /** They go through the tunnel. */
  readonly send: readonly Uint8Array[];
  /** ICMP errors for this machine: whoever sent the packet that they are about has to begin again. */
  readonly tell: readonly Uint8Array[];
}

/** Packets that wait for a session: few, and not for long. */
export class HeldPackets {
  #packets: { readonly octets: Uint8Array; readonly at: Millis }[] = [];
  readonly #view = newPacketView();

  /** Keeps a copy. The oldest go when there are too many: they are the first to be sent again. */
  keep(packet: Uint8Array, at: Millis): void {
    this.#packets.push({ octets: packet.slice(), at });
    let octets = this.#packets.reduce((sum, one) => sum + one.octets.length, 0);
    while (this.#packets.length > MAX_PACKETS || octets > MAX_OCTETS) {
      octets -= this.#packets.shift()?.octets.length ?? 0;
    }
  }

  isEmpty(now: Millis): boolean {
    this.#packets = this.#packets.filter(({ at }) => now - at <= MAX_AGE_MS);
    return this.#packets.length === 0;
  }

  drop(): void {
    this.#packets = [];
  }

  /** Packets of a family of which we have no address in the tunnel: their senders hear of it. */
  refuse(addresses: readonly Prefix[], now: Millis): readonly Uint8Array[] {
    const view = this.#view;
    const tell: Uint8Array[] = [];
    this.#packets = this.#packets.filter(({ octets, at }) => {
      if (!parsePacketInto(octets, 0, octets.length, view)) return false;
      if (addresses.some(({ address }) => address.family === view.version)) return true;
      const source = octets.subarray(view.sourceOffset, view.sourceOffset + view.addressLength);
      if (now - at <= MAX_AGE_MS) tell.push(unreachableFor(view, source));
      return false;
    });
    return tell;
  }

  /**
   * All that still counts, for a session that gave us `addresses`. A packet from another address would never be answered:
   * its sender hears of it, unless it is known to send it again from an address that fits (TCP over IPv4 does, with
   * net.ipv4.ip_dynaddr) or does not care from where it was sent (an echo is known by its identifier).
   */
  release(addresses: readonly Prefix[], now: Millis): Released {
    const send: Uint8Array[] = [];
    const tell: Uint8Array[] = [];
    const view = this.#view;
    for (const { octets, at } of this.#packets.splice(0)) {
      if (now - at > MAX_AGE_MS || !parsePacketInto(octets, 0, octets.length, view)) continue;
      const source = octets.subarray(view.sourceOffset, view.sourceOffset + view.addressLength);
      const own = addresses.filter(({ address }) => address.family === view.version);
      const [first] = own;
      if (!first) continue;
      if (own.some((prefix) => containsAddress(prefix, addressOf(source)))) send.push(octets);
      else if (isEchoRequest(view)) send.push(echoFrom(view, first.address.octets));
      else if (!isSentAgain(view)) tell.push(unreachableFor(view, first.address.octets));
    }
    return { send, tell };
  }
}

function isSentAgain({ version, protocol }: PacketView): boolean {
  return version === 4 && protocol === IpProtocol.TCP;
}

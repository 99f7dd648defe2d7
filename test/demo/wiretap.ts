import { readU32 } from '../../core/lib/bytes.ts';
import { addressOf, sameAddress, type IpAddress } from '../../core/net/address.ts';
import { containsAddress, type Prefix } from '../../core/net/prefix.ts';
import { demux } from '../../core/ipsec/udp-encap.ts';

/** What an eavesdropper can tell a frame to be. */
export type FrameKind =
  /** IKE, from its first message in clear to the last. */
  | 'ike'
  /** ESP in UDP with the gateway. */
  | 'esp'
  | 'keepalive'
  /** To or from the web site. */
  | 'web'
  /** To or from an address of the office or of the tunnel, for everybody to read. */
  | 'office-in-clear'
  /** ARP, neighbour discovery, group membership. */
  | 'link'
  | 'other';

export interface Watched {
  readonly gateway: IpAddress;
  readonly web: IpAddress;
  /** Networks whose addresses must not be seen. */
  readonly office: readonly Prefix[];
}

/** What a capture shows. */
export interface Evidence {
  readonly frames: Readonly<Record<FrameKind, number>>;
  readonly octets: Readonly<Record<FrameKind, number>>;
  /** SPIs of the ESP packets, eight hexadecimal digits each. */
  readonly spis: readonly string[];
  /** How many frames hold each of the texts that were looked for. */
  readonly sightings: readonly number[];
}

const ETHERNET_HEADER = 14;
const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const TYPE_ARP = 0x0806;
const UDP = 17;
const IKE_PORT = 500;
const NAT_PORT = 4500;

/** Sorts the Ethernet frames of a capture, and looks for texts in all of them. */
export function examine(frames: readonly Uint8Array[], watched: Watched, texts: readonly string[]): Evidence {
  const none = { ike: 0, esp: 0, keepalive: 0, web: 0, 'office-in-clear': 0, link: 0, other: 0 };
  const counts: Record<FrameKind, number> = { ...none };
  const octets: Record<FrameKind, number> = { ...none };
  const spis = new Set<string>();
  const sightings = texts.map(() => 0);
  for (const frame of frames) {
    const { kind, spi } = classify(frame, watched);
    counts[kind]++;
    octets[kind] += frame.length;
    if (spi !== undefined) spis.add(spi.toString(16).padStart(8, '0'));
    const buffer = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    for (const [i, text] of texts.entries())
      if (buffer.includes(text)) sightings[i] = (sightings[i] ?? 0) + 1;
  }
  return { frames: counts, octets, spis: [...spis].sort(), sightings };
}

interface Classified {
  readonly kind: FrameKind;
  readonly spi?: number;
}

/** What one Ethernet frame is. The addresses decide first: the office's must not be seen whatever carries them. */
export function classify(frame: Uint8Array, { gateway, web, office }: Watched): Classified {
  const packet = parseIp(frame);
  if (packet === undefined) return { kind: u16(frame, 12) === TYPE_ARP ? 'link' : 'other' };
  const ends = [packet.source, packet.destination];
  if (ends.some((end) => office.some((prefix) => containsAddress(prefix, end))))
    return { kind: 'office-in-clear' };
  if (ends.some((end) => sameAddress(end, web))) return { kind: 'web' };
  if (ends.some(isLinkScope)) return { kind: 'link' };
  if (packet.protocol !== UDP || !ends.some((end) => sameAddress(end, gateway))) return { kind: 'other' };
  const port = u16(packet.body, sameAddress(packet.source, gateway) ? 0 : 2);
  const payload = packet.body.subarray(8, u16(packet.body, 4));
  if (port === IKE_PORT) return { kind: 'ike' };
  if (port !== NAT_PORT) return { kind: 'other' };
  const what = demux(payload);
  if (what === 'esp') return { kind: 'esp', spi: readU32(payload) };
  return { kind: what === 'short' ? 'other' : what };
}

interface IpPacket {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly body: Uint8Array;
}

function parseIp(frame: Uint8Array): IpPacket | undefined {
  const ip = frame.subarray(ETHERNET_HEADER);
  const type = u16(frame, 12);
  if (type === TYPE_IPV4 && ip.length >= 20) {
    return {
      source: addressOf(ip.subarray(12, 16)),
      destination: addressOf(ip.subarray(16, 20)),
      protocol: ip[9] ?? 0,
      body: ip.subarray(((ip[0] ?? 0) & 15) * 4),
    };
  }
  if (type !== TYPE_IPV6 || ip.length < 40) return undefined;
  return {
    source: addressOf(ip.subarray(8, 24)),
    destination: addressOf(ip.subarray(24, 40)),
    protocol: ip[6] ?? 0,
    body: ip.subarray(40),
  };
}

/** Link-local addresses and the multicast groups that no router passes on: neighbours talk about themselves. */
function isLinkScope({ family, octets }: IpAddress): boolean {
  const [first, second = 0, third] = octets;
  if (family === 4) return first === 224 && second === 0 && third === 0;
  return (first === 0xfe && (second & 0xc0) === 0x80) || (first === 0xff && (second & 0x0f) <= 2);
}

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

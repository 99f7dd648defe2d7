/*
 * A packet of the numbered stream, in network order; what follows is padding. The echo is the same packet with `seen`
 * filled in: how many packets of that stream the other end has got so far.
 *
 *   0        4        8        12
 *   +--------+--------+--------+---- ... ----+
 *   | stream | number |  seen  |   padding   |
 *   +--------+--------+--------+---- ... ----+
 */

export const PACKET_OCTETS = 12;

export interface StreamPacket {
  readonly stream: number;
  readonly number: number;
  readonly seen: number;
}

/** Writes a packet of `octets` length; at least PACKET_OCTETS. */
export function encodePacket({ stream, number, seen }: StreamPacket, octets: number): Buffer {
  const packet = Buffer.alloc(Math.max(octets, PACKET_OCTETS));
  packet.writeUInt32BE(stream, 0);
  packet.writeUInt32BE(number, 4);
  packet.writeUInt32BE(seen, 8);
  return packet;
}

/** Undefined for what is too short to be one. */
export function decodePacket(octets: Buffer): StreamPacket | undefined {
  if (octets.length < PACKET_OCTETS) return undefined;
  return {
    stream: octets.readUInt32BE(0),
    number: octets.readUInt32BE(4),
    seen: octets.readUInt32BE(8),
  };
}

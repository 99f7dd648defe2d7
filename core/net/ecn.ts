import type { PacketView } from './packet-view.ts';

/** Values of the two-bit ECN field (RFC 3168 section 5). */
export const Ecn = { NOT_ECT: 0, ECT_1: 1, ECT_0: 2, CE: 3 } as const;

/** The ECN field of the packet. */
export function ecnOf(view: PacketView): number {
  const octet = view.bytes[view.offset + 1] ?? 0;
  return (view.version === 4 ? octet : octet >>> 4) & 3;
}

/**
 * What the inner ECN field becomes when its packet leaves a tunnel (RFC 6040 section 4.2, figure 4), or -1 when
 * the packet must be dropped: the path is congested and the sender would not understand the mark.
 *
 *                     outer  Not-ECT   ECT(0)    ECT(1)    CE
 *   inner  Not-ECT           Not-ECT   Not-ECT   Not-ECT   drop
 *          ECT(0)            ECT(0)    ECT(0)    ECT(1)    CE
 *          ECT(1)            ECT(1)    ECT(1)    ECT(1)    CE
 *          CE                CE        CE        CE        CE
 */
export function ecnOutOfTunnel(inner: number, outer: number): number {
  if (inner === Ecn.NOT_ECT) return outer === Ecn.CE ? -1 : Ecn.NOT_ECT;
  if (inner === Ecn.CE || outer === Ecn.CE) return Ecn.CE;
  return inner === Ecn.ECT_1 || outer === Ecn.ECT_1 ? Ecn.ECT_1 : Ecn.ECT_0;
}

/** Changes the ECN field in place and, in IPv4, the header checksum with it (RFC 1624). */
export function setEcn(view: PacketView, ecn: number): void {
  const { bytes, offset } = view;
  const octet = bytes[offset + 1] ?? 0;
  if (view.version === 6) {
    bytes[offset + 1] = (octet & ~0x30) | (ecn << 4);
    return;
  }
  const changed = (octet & ~3) | ecn;
  bytes[offset + 1] = changed;
  // HC' = ~(~HC + ~m + m') where m and m' are the whole word before and after.
  const checksum = ((bytes[offset + 10] ?? 0) << 8) | (bytes[offset + 11] ?? 0);
  let sum = (~checksum & 0xffff) + (0xffff - octet) + changed;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  bytes[offset + 10] = (~sum >>> 8) & 0xff;
  bytes[offset + 11] = ~sum & 0xff;
}

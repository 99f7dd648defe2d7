/**
 * The numbers that Causeway uses on a Linux host. They are constant, so that an administrator can find what is
 * ours, and so that a process that was killed can be cleaned up after.
 */

/** What the names of our tunnel devices begin with; a number follows. */
export const TUNNEL_DEVICE = 'causeway';

/** True for a name that the kernel gave to one of our tunnel devices. */
export function isTunnelDevice(name: string): boolean {
  return name.startsWith(TUNNEL_DEVICE) && /^[0-9]+$/.test(name.slice(TUNNEL_DEVICE.length));
}

/** The routing table of the tunnel. The user's own tables are never written to. */
export const TUNNEL_TABLE = 51510;

/** Preference of the rules that ask the main table first, but for its default route, about what is local. */
export const MAIN_FIRST_PREFERENCE = 15510;

/** Preference of the rule that sends what is not marked to the tunnel's table. */
export const TUNNEL_PREFERENCE = 15511;

/** The table that everything goes by which is led into the tunnel by its mark, and the preference of the rule for it. */
export const MARKED_TABLE = 51511;
export const MARKED_PREFERENCE = 15512;

/** On connections that were led another way than by their address: what they leave by gives them their source. */
export const STEERED_MARK = 0xca77;

/** The nftables table that puts our mark back onto the gateway's answers; only where rp_filter is strict. */
export const MARKS_TABLE = 'causeway_marks';

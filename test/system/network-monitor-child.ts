import { NetlinkSocket } from '../../core/node-tun/index.ts';
import { formatAddress, parseAddress } from '../../core/net/address.ts';
import type { NetworkState } from '../../core/net/network-state.ts';
import { sourcesFor } from '../../core/net/reachability.ts';
import type { NetlinkPort } from '../../core/platform/linux/netlink/dump.ts';
import { openNetworkMonitor } from '../../core/platform/linux/network-monitor.ts';

/*
 * A network monitor inside a namespace: `node network-monitor-child.ts <destination> [octets]` writes a line of JSON
 * for the networks now, and one for each change. With a number its buffer for messages is that small.
 */

/** What the test reads. */
export interface Report {
  /** 'link address' of each source for the destination, best first. */
  readonly sources: readonly string[];
  /** Addresses of all links, without those that each IPv6 link has of its own. */
  readonly addresses: readonly string[];
  readonly overflows: number;
  /** When it was told, on the clock that all processes share. */
  readonly monotonicMs: number;
}

const [, , destinationText = '', octets] = process.argv;
const destination = parseAddress(destinationText);
if (destination === undefined) throw new Error(`not an address: ${destinationText}`);

let overflows = 0;

/** Counts what is lost on the way. */
function counting(socket: NetlinkSocket): NetlinkPort {
  return {
    send: (request) => socket.send(request),
    receive: (into) => {
      try {
        return socket.receive(into);
      } catch (error) {
        overflows++;
        throw error;
      }
    },
    onReadable: (callback) => socket.onReadable(callback),
    close: () => socket.close(),
  };
}

const opened = openNetworkMonitor({
  log: (level, event, fields) => {
    if (level === 'warn') console.error(event, fields);
  },
  open: (groups) =>
    counting(
      NetlinkSocket.open({
        groups,
        // The answers to questions must not be lost all the time, or there would never be one.
        ...(octets === undefined || groups === 0 ? {} : { receiveBuffer: Number(octets) }),
      }),
    ),
});
if (!opened.ok) throw new Error(JSON.stringify(opened.error));

function report(state: NetworkState): void {
  if (destination === undefined) return;
  const line: Report = {
    sources: sourcesFor(state, destination).map(
      ({ linkName, address }) => `${linkName} ${formatAddress(address)}`,
    ),
    addresses: state.links
      .flatMap(({ addresses }) => addresses.map(({ address }) => formatAddress(address)))
      .filter((text) => !text.startsWith('fe80:')),
    overflows,
    monotonicMs: Number(process.hrtime.bigint()) / 1e6,
  };
  console.log(JSON.stringify(line));
}

report(opened.value.current());
opened.value.changes(report);

import { native } from './native.ts';

export interface TcpConnectOptions {
  /** SO_MARK: policy routing tells the socket's packets by it. Needs CAP_NET_ADMIN. */
  readonly mark?: number;
  /** SO_BINDTODEVICE: packets come and go by this interface only. */
  readonly device?: string;
}

/**
 * Begins to connect to an endpoint (20 octets) by a way that node:net cannot choose. Returns the descriptor, which
 * belongs to whoever takes it, before anybody has answered. Throws SystemError: 'ENETUNREACH', 'EPERM' for a mark without
 * the privilege or by a firewall, 'ENODEV' for a device that is not there.
 */
export function tcpConnect(to: Uint8Array, options: TcpConnectOptions = {}): number {
  return native().tcpConnect(to, options.mark, options.device);
}

import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { IpAddress } from '../../net/address.ts';
import { TunDevice, UdpSocket } from '../../node-tun/index.ts';
import type { TunPort, UdpPort } from '../ports.ts';
import { TUNNEL_DEVICE } from './numbers.ts';
import { checkTun } from './preconditions.ts';

/** The kernel puts the first free number in. */
const TUN_NAME = `${TUNNEL_DEVICE}%d`;

/** Octets that the socket holds while this process is busy: some 50 ms of a full gigabit. */
const SOCKET_BUFFER = 4 * 1024 * 1024;

/** A new TUN device, down and without address. Fails with platform.no-tun or platform.tun-failed. */
export function openTun(options: { readonly mtu: number }): Result<TunPort, Failure> {
  try {
    return ok(TunDevice.open({ name: TUN_NAME, mtu: options.mtu }));
  } catch (error) {
    return err(
      checkTun() ?? failure('platform.tun-failed', { code: codeOf(error), detail: messageOf(error) }),
    );
  }
}

export interface UdpRequest {
  readonly family: 4 | 6;
  /** Taken when it is free; another one when it is not. 0: any. */
  readonly preferredPort: number;
  readonly mark: number;
  /** Every address of the family when absent. */
  readonly localAddress?: IpAddress;
  /** Name of the link that packets are held to; the routes decide when absent. */
  readonly device?: string;
}

/** A UDP socket. Fails with platform.socket-failed, also when the address or the link is not there any more. */
export function openUdp(request: UdpRequest): Result<UdpPort, Failure> {
  const { family, preferredPort, mark, localAddress, device } = request;
  const options = {
    family,
    mark,
    receiveBuffer: SOCKET_BUFFER,
    sendBuffer: SOCKET_BUFFER,
    ...(localAddress ? { localAddress: localAddress.octets } : {}),
    ...(device === undefined ? {} : { device }),
  };
  const open = (localPort: number): UdpPort => UdpSocket.open({ ...options, localPort });
  try {
    try {
      return ok(open(preferredPort));
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE' || preferredPort === 0) throw error;
      return ok(open(0));
    }
  } catch (error) {
    const context = { family, port: preferredPort, code: codeOf(error), detail: messageOf(error) };
    return err(failure('platform.socket-failed', context));
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { createRequire } from 'node:module';
import type { SocketErrorReport } from './index.ts';

/** What the addon gives out for an open device. */
export type Handle = object & { readonly __brand: 'node-tun handle' };

/** The functions of node-tun.node; what they do stands beside each in src/. */
export interface Native {
  watch(handle: Handle, readable: (() => void) | undefined, writable: (() => void) | undefined): void;
  close(handle: Handle): void;
  tunOpen(name: string, mtu: number | undefined): Handle;
  tunName(handle: Handle): string;
  tunRead(h: Handle, slab: Uint8Array, offsets: Uint32Array, lengths: Uint32Array, ...n: number[]): number;
  tunWrite(h: Handle, slab: Uint8Array, offsets: Uint32Array, lengths: Uint32Array, ...n: number[]): number;
  tunDropped(handle: Handle): number;
  udpOpen(
    family: number,
    localAddress: Uint8Array | undefined,
    localPort: number,
    mark: number | undefined,
    device: string | undefined,
    receiveBuffer: number | undefined,
    sendBuffer: number | undefined,
    v6Only: boolean,
  ): Handle;
  udpLocalPort(handle: Handle): number;
  udpLocalAddressFor(handle: Handle, to: Uint8Array, out: Uint8Array): void;
  udpReceive(
    handle: Handle,
    slab: Uint8Array,
    offsets: Uint32Array,
    lengths: Uint32Array,
    slot: number,
    headroom: number,
    capacity: number,
    from: Uint8Array,
    ecn: Uint8Array | undefined,
  ): number;
  udpSend(
    handle: Handle,
    slab: Uint8Array,
    offsets: Uint32Array,
    lengths: Uint32Array,
    from: number,
    end: number,
    to: Uint8Array,
    ecn: Uint8Array | undefined,
  ): number;
  udpTakeErrors(handle: Handle): SocketErrorReport[];
  udpDropped(handle: Handle): number;
  netlinkOpen(groups: number, receiveBuffer: number | undefined): Handle;
  netlinkSend(handle: Handle, octets: Uint8Array): void;
  netlinkReceive(handle: Handle, into: Uint8Array): number;
  clocks(out: Float64Array): void;
  unixListen(path: string, mode: number, backlog: number): Handle;
  unixAccept(handle: Handle, out: Float64Array): number;
  peerOf(descriptor: number, out: Float64Array): void;
  unixSend(name: string, octets: Uint8Array): void;
  tcpConnect(to: Uint8Array, mark: number | undefined, device: string | undefined): number;
}

let loaded: Native | undefined;

/** The addon, loaded when first needed: what never opens a device works without it. */
export function native(): Native {
  if (loaded !== undefined) return loaded;
  try {
    loaded = createRequire(import.meta.url)('./build/node-tun.node') as Native;
  } catch (cause) {
    throw new Error('the native addon node-tun is not built: run the set-up (node build/addon.ts)', {
      cause,
    });
  }
  return loaded;
}

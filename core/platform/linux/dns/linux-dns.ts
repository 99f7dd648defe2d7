import type { Log } from '../../../lib/ports.ts';
import { addressOf, type IpAddress } from '../../../net/address.ts';
import type { OnAnswers } from '../../ports.ts';
import { LinuxDnsManager } from './manager.ts';
import { realDnsOs } from './real-dns-os.ts';
import { runForwarder } from './run-forwarder.ts';

/** Where our forwarder listens: a loopback address that no other name server is known to take. */
export const FORWARDER_ADDRESS: IpAddress = addressOf(Uint8Array.of(127, 0, 83, 53));

export interface LinuxDnsSettings {
  /** Packets with this mark go past the tunnel. */
  readonly bypassMark: number;
  /** Is told of the addresses of names before any program is; they wait for it. */
  readonly onAnswers: OnAnswers;
  readonly log: Log;
  readonly stateDirectory?: string;
  readonly address?: IpAddress;
  /** For tests. */
  readonly busPath?: string;
}

/** The DNS of this machine. */
export function linuxDns(settings: LinuxDnsSettings): LinuxDnsManager {
  const { log, stateDirectory, address = FORWARDER_ADDRESS, busPath } = settings;
  return new LinuxDnsManager({
    os: realDnsOs({
      log,
      ...(stateDirectory === undefined ? {} : { stateDirectory }),
      ...(busPath === undefined ? {} : { busPath }),
    }),
    address,
    forward: (at, device, plan) => runForwarder(at, device, plan, settings),
    log,
  });
}

import type { Endpoint } from '../net/address.ts';
import { appendPacket, newBatch, resetBatch } from '../net/batch.ts';
import type { UdpPort } from '../platform/ports.ts';
import { encodeEndpoint } from './endpoint.ts';
import { systemCode } from './faults.ts';

/** Octets of the longest UDP payload. */
const MAX_DATAGRAM = 65_535;

/** Sends datagrams one by one. */
export class DatagramSender {
  readonly #batch = newBatch(1, MAX_DATAGRAM + 1, 0);

  /** The name of what kept it from leaving, or undefined. Throws RangeError for more than 65535 octets. */
  send(payload: Uint8Array, udp: UdpPort, remote: Endpoint): string | undefined {
    resetBatch(this.#batch);
    if (!appendPacket(this.#batch, payload)) throw new RangeError('a datagram of more than 65535 octets');
    try {
      udp.send(this.#batch, encodeEndpoint(remote));
      return undefined;
    } catch (error) {
      return systemCode(error) ?? 'unknown';
    }
  }
}

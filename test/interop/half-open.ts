import { randomBytes } from 'node:crypto';
import { Encr, ExchangeType, Group, Prf, Protocol, TransformType } from '../../core/wire/constants.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import type { Namespace } from '../support/netns.ts';

const SEND = `
  const [hex, address] = process.argv.slice(1);
  const socket = require('node:dgram').createSocket('udp4');
  socket.send(Buffer.from(hex, 'hex'), 500, address);
  socket.once('message', () => socket.close());
`;

/**
 * Begins an IKE SA at the gateway and leaves it there half-open, as a flood would, so that its defences count
 * one. Resolves when the gateway has answered.
 */
export async function openHalfway(from: Namespace, gateway: string): Promise<void> {
  const message = encodeMessage({
    initiatorSpi: randomBytes(8),
    responderSpi: new Uint8Array(8),
    exchange: ExchangeType.IKE_SA_INIT,
    fromInitiator: true,
    response: false,
    messageId: 0,
    payloads: [
      {
        kind: 'SA',
        proposals: [
          {
            number: 1,
            protocol: Protocol.IKE,
            spi: new Uint8Array(0),
            transforms: [
              { type: TransformType.ENCR, id: Encr.AES_GCM_16, keyLength: 256 },
              { type: TransformType.PRF, id: Prf.HMAC_SHA2_256 },
              { type: TransformType.KE, id: Group.MODP_2048 },
            ],
          },
        ],
      },
      { kind: 'KE', group: Group.MODP_2048, data: randomBytes(256) },
      { kind: 'NONCE', data: randomBytes(32) },
    ],
  });
  const hex = Buffer.from(message).toString('hex');
  const { status, stderr } = await from.execAsync([process.execPath, '-e', SEND, hex, gateway]);
  if (status !== 0) throw new Error(`no answer to the half-open attempt: ${stderr}`);
}

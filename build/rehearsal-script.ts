import { formatAddress, parseAddress } from '../core/net/address.ts';
import { GATEWAY_ADDRESS, GATEWAY_NAME, makeGateway, PASSWORD, USER } from '../test/support/gateway/index.ts';
import { CLIENT_ADDRESS, recording } from './pretended.ts';
import { rehearse, type Script } from './rehearsal.ts';

/**
 * What the gateway of the tests answers to a rehearsal, to be played to the one before the snapshot: the gateway
 * itself does not get into the program that way.
 */
export async function rehearsalScript(): Promise<Script> {
  // The gateway's certificate is made now, and good from now on.
  const epoch = Date.now();
  const made = makeGateway({ epoch });
  const client = parseAddress(CLIENT_ADDRESS);
  if (client === undefined) throw new Error('not an address');
  const answers: string[][] = [];
  const gateway = recording((octets, port) => {
    const datagram = { octets, remote: { address: client, port }, localPort: port };
    return made.gateway.handleDatagram(datagram, 0).datagrams.map((answer) => answer.octets);
  }, answers);
  const profile = {
    version: 1,
    name: 'Rehearsal',
    gateway: { address: formatAddress(GATEWAY_ADDRESS), identity: GATEWAY_NAME, authorities: made.ca.pem },
    user: { method: 'eap-mschapv2', username: USER },
  };
  const part = { profile, password: PASSWORD, epoch };
  await rehearse(part, gateway);
  return { ...part, answers };
}

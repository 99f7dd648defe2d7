/** A name server that knows no name: answers each query on UDP port 53 of its argument with NXDOMAIN. */
import { createSocket } from 'node:dgram';

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error('an address is wanted');
const socket = createSocket('udp4');
socket.on('message', (query, from) => {
  const answer = Buffer.from(query);
  // Response, recursion available, name error; the question is repeated as it is (RFC 1035 section 4.1.1).
  answer[2] = 0x81;
  answer[3] = 0x83;
  socket.send(answer, from.port, from.address);
});
socket.bind(53, address, () => console.log('ready'));

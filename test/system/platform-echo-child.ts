import assert from 'node:assert/strict';
import { appendPacket, newBatch } from '../../core/net/batch.ts';
import { ENDPOINT_OCTETS, UdpSocket } from '../../core/node-tun/index.ts';

/* The two ends of a question: `answer` sends back what comes to port 4500, `ask` asks it with our mark. */

const BATCH = newBatch(8, 2048, 0);
const FROM = new Uint8Array(8 * ENDPOINT_OCTETS);
const PORT = 4500;

if (process.argv[2] === 'answer') {
  // Bound to the gateway's address: it must answer from where it was asked.
  const socket = UdpSocket.open({ family: 4, localAddress: Uint8Array.of(203, 0, 113, 1), localPort: PORT });
  socket.onReadable(() => {
    socket.receive(BATCH, FROM);
    if (BATCH.count > 0) socket.send(BATCH, FROM.subarray(0, ENDPOINT_OCTETS));
  });
  console.log('ready');
} else {
  const socket = UdpSocket.open({ family: 4, mark: 0xca75 });
  const to = Uint8Array.of(4, 0, PORT >> 8, PORT & 0xff, 203, 0, 113, 1, ...new Uint8Array(12));
  const question = newBatch(1, 100, 0);
  appendPacket(question, new Uint8Array(10));
  const timer = setTimeout(() => assert.fail('no answer'), 1000);
  socket.onReadable(() => {
    if (socket.receive(BATCH, FROM) === 0) return;
    clearTimeout(timer);
    socket.close();
  });
  assert.equal(socket.send(question, to), 1);
}

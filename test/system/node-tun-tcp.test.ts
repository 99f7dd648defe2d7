import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { tcpConnect } from '../../core/node-tun/tcp.ts';

function endpoint(port: number): Uint8Array {
  return Uint8Array.of(4, 0, port >> 8, port & 0xff, 127, 0, 0, 1, ...new Uint8Array(12));
}

test('a connection that has only begun is a socket of Node like any other', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = new Socket({ fd: tcpConnect(endpoint(port)), readable: true, writable: true });
  socket.end('through');
  const [said] = (await once(socket, 'data')) as [Buffer];
  assert.equal(said.toString(), 'through');
  server.close();
  await once(server, 'close');
  const refused = new Socket({ fd: tcpConnect(endpoint(port)), readable: true, writable: true });
  refused.write('nobody');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
});

test('what cannot begin is an error with the name of its reason, and arguments are checked first', () => {
  const unreachable = Uint8Array.of(4, 0, 0, 53, 255, 255, 255, 255, ...new Uint8Array(12));
  assert.throws(() => tcpConnect(unreachable), { code: 'ENETUNREACH' });
  assert.throws(() => tcpConnect(endpoint(53), { device: 'nosuchdevice0' }), { code: 'ENODEV' });
  assert.throws(() => tcpConnect(endpoint(53).subarray(0, 19)), RangeError);
  assert.throws(() => tcpConnect(new Uint8Array(20)), RangeError);
  assert.throws(() => tcpConnect(endpoint(53), { mark: -1 }), RangeError);
  assert.throws(() => tcpConnect(endpoint(53), { device: 'a-name-that-is-too-long' }), RangeError);
  assert.throws(() => tcpConnect(endpoint(53), { device: 'a\0b' }), RangeError);
});

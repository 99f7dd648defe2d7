/**
 * A TLS server that proves a key, as a program: `beacon-server.ts ADDRESS PORT`, with `{ cert, key }` as JSON on standard
 * input. Prints `ready`, and a line for each connection with where it came from.
 */
import { createServer } from 'node:tls';
import { text } from 'node:stream/consumers';

const [address = '', port = ''] = process.argv.slice(2);
const server = createServer(JSON.parse(await text(process.stdin)) as { cert: string; key: string });
server.on('tlsClientError', () => undefined);
server.on('secureConnection', (socket) => socket.on('error', () => undefined));
server.on('connection', ({ remoteAddress }) => console.log(remoteAddress));
server.listen(Number(port), address, () => console.log('ready'));

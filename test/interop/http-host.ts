import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { octetsOf } from './octets.ts';

/*
 * The host in the office that the tests visit: `node http-host.ts PORT`. GET /N answers with the first N octets
 * of the known stream; PUT answers with the length and the SHA-256 of what it was sent.
 */

const server = createServer((request, response) => {
  if (request.method === 'PUT') {
    const hash = createHash('sha256');
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      length += chunk.length;
    });
    request.on('end', () => response.end(`${length} ${hash.digest('hex')}\n`));
    return;
  }
  const length = Number((request.url ?? '/').slice(1));
  response.setHeader('content-length', length);
  octetsOf(length).pipe(response);
});

server.listen(Number(process.argv[2]), '::', () => console.log('listening'));

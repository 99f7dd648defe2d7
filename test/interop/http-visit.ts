import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { octetsOf } from './octets.ts';

/*
 * A visit to http-host.ts: `node http-visit.ts get URL` or `node http-visit.ts put URL LENGTH`. Prints the
 * length and the SHA-256: of what came, or as the host counted what was sent.
 */

const [, , method, url = '', length = '0'] = process.argv;

if (method === 'get') {
  const hash = createHash('sha256');
  let count = 0;
  const visit = request(url, (response) => {
    response.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      count += chunk.length;
    });
    response.on('end', () => console.log(`${count} ${hash.digest('hex')}`));
  });
  visit.end();
} else {
  const visit = request(url, { method: 'PUT', headers: { 'content-length': length } }, (response) => {
    response.pipe(process.stdout);
  });
  octetsOf(Number(length)).pipe(visit);
}

/**
 * A small web site: node web.ts TITLE TOKEN PORT ADDRESS... serves a page that shows the token and who asks, and
 * /big with eight megabytes of the token. It prints one line when it listens.
 */
import { createServer } from 'node:http';

const BIG_OCTETS = 8 * 1024 * 1024;

const [title = 'Site', token = '', port = '80', ...addresses] = process.argv.slice(2);
const big = Buffer.alloc(BIG_OCTETS, `${token}\n`);

const servers = addresses.map((address) => {
  const server = createServer((request, response) => {
    const visitor = request.socket.remoteAddress ?? 'nowhere';
    response.setHeader('x-visitor', visitor);
    if (request.url === '/big') {
      response.setHeader('content-type', 'text/plain').end(big);
      return;
    }
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><title>${title}</title><h1>${title}</h1><p>${token}<p>For ${visitor}\n`);
  });
  return new Promise<void>((resolve) => server.listen(Number(port), address, resolve));
});

await Promise.all(servers);
process.stdout.write(`${JSON.stringify({ event: 'listening', addresses })}\n`);

import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';

/** A server that waits for whoever gets out of the page. */
export interface Bait {
  readonly origin: string;
  readonly datagrams: number;
  /** What came, in a few words each. */
  readonly hits: readonly string[];
  close(): Promise<void>;
}

export async function layBait(): Promise<Bait> {
  const hits: string[] = [];
  const stream = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (octets: Buffer) => {
      hits.push(octets.toString('latin1').split('\r\n')[0] ?? '');
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\naccess-control-allow-origin: *\r\n\r\nok');
    });
    hits.push('a connection');
  });
  const datagrams = createSocket('udp4', () => hits.push('a datagram'));
  await new Promise<void>((resolve) => stream.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => datagrams.bind(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(stream.address() as AddressInfo).port}`,
    datagrams: datagrams.address().port,
    hits,
    close: async () => {
      datagrams.close();
      await new Promise((resolve) => stream.close(resolve));
    },
  };
}

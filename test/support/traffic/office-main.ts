/**
 * The far end of all traffic of the roaming tests, as a program for the host in the office: echoes the numbered stream
 * and serves downloads at an even pace, both on both families. Configuration: { echoPort, downloadPort }.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveQuestions } from '../asked-program.ts';
import { octetsOf } from '../../interop/octets.ts';
import { monotonicMs } from '../monotonic.ts';
import { decodePacket, encodePacket } from './packet.ts';
import { END_WORD, type OfficeConfig } from './streams.ts';

const BUFFER_OCTETS = 4 * 1024 * 1024;
const PACE_MS = 10;
/** Longer than any test lasts. */
const ENDLESS = 1e12;

function echo(port: number): Promise<unknown> {
  const seen = new Map<number, number>();
  const socket = createSocket({
    type: 'udp6',
    lookup: (hostname, _options, callback) => callback(null, hostname, 6),
  });
  socket.on('error', () => undefined);
  socket.on('message', (octets, from) => {
    const packet = decodePacket(octets);
    if (packet === undefined) return;
    const count = (seen.get(packet.stream) ?? 0) + 1;
    seen.set(packet.stream, count);
    const answer = encodePacket({ ...packet, seen: count }, octets.length);
    socket.send(answer, from.port, from.address, () => undefined);
  });
  const listening = once(socket, 'listening');
  socket.bind(port, '::', () => socket.setRecvBufferSize(BUFFER_OCTETS));
  return listening;
}

/** The first line is the pace in octets a second; the known stream follows until the word to end comes. */
function serve(socket: Socket): void {
  let asked = '';
  let ended = false;
  socket.setEncoding('latin1');
  socket.on('error', () => undefined);
  socket.on('data', (text) => {
    const begun = asked.includes('\n');
    asked += text.toString();
    const [pace, then = ''] = asked.split('\n');
    if (then.startsWith(END_WORD)) ended = true;
    if (!begun && asked.includes('\n')) void pump(socket, Number(pace), () => ended);
  });
}

async function pump(socket: Socket, octetsPerSecond: number, isEnded: () => boolean): Promise<void> {
  // A tenth of a second may be made up for; what the path did not take longer ago is not.
  const most = octetsPerSecond / 10;
  let [credit, atMs] = [0, monotonicMs()];
  for await (const piece of octetsOf(ENDLESS)) {
    for (let rest = piece as Buffer; rest.length > 0 && !isEnded() && !socket.destroyed;) {
      const nowMs = monotonicMs();
      credit = Math.min(most, credit + ((nowMs - atMs) * octetsPerSecond) / 1000);
      atMs = nowMs;
      if (credit < 1 || socket.writableNeedDrain) {
        await sleep(PACE_MS);
        continue;
      }
      const now = rest.subarray(0, Math.floor(credit));
      rest = rest.subarray(now.length);
      credit -= now.length;
      socket.write(now);
    }
    if (isEnded() || socket.destroyed) break;
  }
  socket.end();
}

await serveQuestions(async (config) => {
  const { echoPort, downloadPort } = config as OfficeConfig;
  await echo(echoPort);
  const server = createServer({ allowHalfOpen: true }, serve);
  server.listen(downloadPort, '::');
  await once(server, 'listening');
  return { ready: {}, answer: () => ({}) };
});

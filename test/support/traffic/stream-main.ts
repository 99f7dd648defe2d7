/**
 * The near end of the numbered stream, as a program: sends at an even rate from the moment it starts until it is told
 * to stop. Configuration and questions are those of streams.ts.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveQuestions } from '../asked-program.ts';
import { monotonicMs } from '../monotonic.ts';
import { decodePacket, encodePacket } from './packet.ts';
import { StreamLog } from './stream-log.ts';
import type { StreamConfig, StreamQuestion, Through } from './streams.ts';

const BUFFER_OCTETS = 4 * 1024 * 1024;

interface Waiting {
  readonly sinceMs: number;
  readonly resolve: (through: Through) => void;
}

function begin(config: StreamConfig) {
  const { target, port, perSecond, octets = 100 } = config;
  const stream = process.pid;
  const log = new StreamLog(config);
  const waiting = new Set<Waiting>();
  // Not connected: the source address may change under it, as an application's would that starts again.
  const socket = createSocket({
    type: isIPv6(target) ? 'udp6' : 'udp4',
    lookup: (hostname, _options, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
  });
  socket.on('error', () => undefined);
  socket.on('message', (received) => {
    const packet = decodePacket(received);
    if (packet?.stream !== stream) return;
    const atMs = monotonicMs();
    const sentMs = log.echo(packet.number, atMs, packet.seen);
    for (const one of sentMs === undefined ? [] : [...waiting]) {
      if (sentMs === undefined || sentMs < one.sinceMs) continue;
      waiting.delete(one);
      one.resolve({ atMs });
    }
  });
  const refused = (error: Error | null): void => {
    if (error !== null) log.refuse();
  };
  const beganMs = monotonicMs();
  let sent = 0;
  const timer = setInterval(() => {
    for (const due = ((monotonicMs() - beganMs) * perSecond) / 1000; sent < due; sent += 1) {
      const number = log.send(monotonicMs());
      socket.send(encodePacket({ stream, number, seen: 0 }, octets), port, target, refused);
    }
  }, 1);
  socket.bind(0, () => socket.setRecvBufferSize(BUFFER_OCTETS));
  return {
    ready: {},
    answer: async (question: StreamQuestion) => {
      if (question.command === 'through') {
        const { sinceMs } = question;
        const atMs = log.throughSince(sinceMs);
        if (atMs !== undefined) return { atMs };
        return new Promise<Through>((resolve) => waiting.add({ sinceMs, resolve }));
      }
      if (question.command === 'stop') {
        clearInterval(timer);
        await sleep(question.lingerMs);
      }
      return log.report();
    },
  };
}

await serveQuestions((config) => {
  const { ready, answer } = begin(config as StreamConfig);
  return { ready, answer: (question) => answer(question as StreamQuestion) };
});

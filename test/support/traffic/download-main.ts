/**
 * A download that lasts until it is told to end, as a program. Configuration and questions are those of streams.ts. A
 * connection that breaks is not made again: that it broke is what is looked for.
 */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { serveQuestions } from '../asked-program.ts';
import { monotonicMs } from '../monotonic.ts';
import { END_WORD, type DownloadConfig, type DownloadReport } from './streams.ts';

type Outcome = Pick<DownloadReport, 'ended'>;

async function begin({ target, port, octetsPerSecond }: DownloadConfig) {
  const hash = createHash('sha256');
  let octets = 0;
  let lastMs = monotonicMs();
  let longestStallMs = 0;
  let asked = false;
  const socket = connect({ host: target, port });
  const connected = new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const ended = new Promise<Outcome['ended']>((resolve) => {
    socket.on('end', () => resolve(asked ? 'whole' : 'early'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('early'));
  });
  socket.on('data', (piece: Buffer) => {
    const atMs = monotonicMs();
    longestStallMs = Math.max(longestStallMs, atMs - lastMs);
    lastMs = atMs;
    octets += piece.length;
    hash.update(piece);
  });
  await connected;
  socket.write(`${octetsPerSecond}\n`);
  const progress = (): Pick<DownloadReport, 'octets' | 'longestStallMs'> => ({ octets, longestStallMs });
  return {
    ready: {},
    answer: async ({ command }: { command: 'progress' | 'finish' }) => {
      if (command === 'progress') return progress();
      asked = true;
      if (!socket.destroyed) socket.write(END_WORD);
      const outcome = await ended;
      socket.destroy();
      return { ...progress(), ended: outcome, sha256: hash.copy().digest('hex') };
    },
  };
}

await serveQuestions(async (config) => {
  const { ready, answer } = await begin(config as DownloadConfig);
  return { ready, answer: (question) => answer(question as Parameters<typeof answer>[0]) };
});

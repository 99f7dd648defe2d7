import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { displayMissing, launchApp, personOf } from './launch.ts';

/*
 * `npm start`: the desktop app out of this checkout. Where no service runs, root gets one for as long as the app lives;
 * anybody else is told how to start one, and the app waits for it.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOCKET = '/run/causewayd/socket';
const SERVICE_MS = 10_000;
const EXIT_IMPOSSIBLE = 2;

async function start(): Promise<number> {
  const problem = displayMissing(process.env);
  if (problem !== undefined) {
    console.error(problem);
    return EXIT_IMPOSSIBLE;
  }
  const person = personOf(process.env);
  const isThere = await serviceAnswers();
  if (!isThere && process.getuid?.() !== 0) tellHow();
  const service = isThere || process.getuid?.() !== 0 ? undefined : await startService(person?.gid ?? 0);
  const app = await launchApp(person);
  const code = await ended(app);
  if (service) {
    service.kill('SIGTERM');
    await ended(service);
  }
  return code;
}

function tellHow(): void {
  console.log(
    [
      'No service of Causeway runs on this machine, and only root can start one. In another terminal:',
      '',
      `  sudo npm run daemon -- --group "$(id -g)"`,
      '',
      'The app opens now, and finds the service when it is there.',
    ].join('\n'),
  );
}

async function startService(gid: number): Promise<ChildProcess> {
  console.log('Starting the service, for as long as the app is open.');
  const argv = [join(ROOT, 'core/daemon/main.ts'), '--group', `${gid}`];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
  const until = Date.now() + SERVICE_MS;
  while (!(await serviceAnswers())) {
    if (child.exitCode !== null || Date.now() > until)
      throw new Error('the service did not start; why is said above');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child;
}

/** Whether anybody listens. Who may not go in finds that somebody does, too. */
function serviceAnswers(): Promise<boolean> {
  if (!existsSync(dirname(SOCKET))) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = createConnection(SOCKET);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'));
  });
}

function ended(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await start();

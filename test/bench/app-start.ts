import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Desktop } from '../gui/support/desktop.ts';
import { DebuggedPage } from './page.ts';
import { familyOf, usedMs } from './processes.ts';

export interface AppStart {
  /** From the start of the process until the window showed how the service is. */
  readonly tookMs: number;
  /** The time of processors that its processes used for that and for being looked at. */
  readonly processorMs: number;
}

const USABLE =
  "performance.getEntriesByName('usable').map(({ startTime }) => performance.timeOrigin + startTime)[0]";

/** Starts the app as the employee does, with nobody driving it, until its window is usable, and ends it. */
export async function measureStart(desktop: Desktop, socketPath: string): Promise<AppStart> {
  const program = desktop.wrapper({ CAUSEWAY_SOCKET: socketPath });
  const argv = [desktop.appDirectory, '--disable-gpu', '--remote-debugging-port=0'];
  const startedAt = Date.now();
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const port = await new Promise<string>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the app ended')));
      createInterface({ input: child.stderr }).on('line', (line) => {
        const said = /^DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
        if (said !== undefined) resolve(said);
      });
    });
    const page = await DebuggedPage.open(port);
    const usableAt = Number(await page.until(USABLE));
    const processorMs = familyOf(child.pid ?? 0).reduce((sum, pid) => sum + usedMs(pid), 0);
    page.close();
    return { tookMs: usableAt - startedAt, processorMs };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

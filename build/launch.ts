import { type ChildProcess, spawn } from 'node:child_process';
import { buildApp } from './app.ts';
import { ensureElectron } from './electron.ts';

/** Who runs the app: the user who became root to run this, if there is one, otherwise whoever runs this. */
export interface Person {
  readonly uid: number;
  readonly gid: number;
}

/** The person at the desktop. Undefined where the system has no such thing. */
export function personOf(env: NodeJS.ProcessEnv): Person | undefined {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid === undefined || gid === undefined) return undefined;
  const [sudoUid, sudoGid] = [Number(env['SUDO_UID']), Number(env['SUDO_GID'])];
  return uid === 0 && sudoUid > 0 && sudoGid > 0 ? { uid: sudoUid, gid: sudoGid } : { uid, gid };
}

/** Why no window can be shown here, or undefined. */
export function displayMissing(env: NodeJS.ProcessEnv): string | undefined {
  const hasOne = process.platform !== 'linux' || ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => env[name]);
  return hasOne
    ? undefined
    : 'There is no display to show a window on. Run this in a desktop session; or, to try it without one, under xvfb-run.';
}

/** Builds the app if it has to be, and starts it as the person. */
export async function launchApp(person: Person | undefined, socketPath?: string): Promise<ChildProcess> {
  const { program } = await ensureElectron();
  const { directory } = await buildApp();
  // Chromium's sandbox does not start for root, who has only this way to look at the app.
  const isRoot = person?.uid === 0;
  const env = { ...process.env, ...(socketPath === undefined ? {} : { CAUSEWAY_SOCKET: socketPath }) };
  const become = person && !isRoot && process.getuid?.() === 0 ? { uid: person.uid, gid: person.gid } : {};
  // Chromium complains at length about every service of a desktop that it does not find.
  const argv = [directory, '--log-level=3', ...(isRoot ? ['--no-sandbox'] : [])];
  return spawn(program, argv, {
    env,
    stdio: 'inherit',
    ...become,
  });
}

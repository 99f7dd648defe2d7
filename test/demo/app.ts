import { type ChildProcess, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { displayMissing, launchApp, personOf } from '../../build/launch.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { PLACES } from './lab.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Why the app cannot be shown here, or undefined; sets it up where it is not. */
export function appMissing(): string | undefined {
  const problem = displayMissing(process.env);
  if (problem !== undefined) return problem;
  const done = spawnSync('sh', [join(ROOT, 'build/setup'), '--app'], { stdio: 'inherit' });
  return done.status === 0 ? undefined : 'The desktop app could not be set up; why is said above.';
}

/** The service in the laptop's namespace and the app in front of it. */
export class AppOnStage {
  readonly #daemon: DaemonProcess;
  readonly #app: ChildProcess;
  /** Resolves when the person has quit the app. */
  readonly ended: Promise<void>;

  private constructor(daemon: DaemonProcess, app: ChildProcess) {
    this.#daemon = daemon;
    this.#app = app;
    this.ended = new Promise((resolve) => app.once('close', () => resolve()));
  }

  /** Starts both; the profile of the stage is there as one of the machine. */
  static async start(stage: Stage, narrator: Narrator): Promise<AppOnStage> {
    const person = personOf(process.env);
    const daemon = await DaemonProcess.start(stage.lab.client, { group: person?.gid ?? 0 });
    copyFileSync(stage.profilePath, join(daemon.directory, 'etc/profiles.d/office.json'));
    narrator.chapter('The app is open. Try this:');
    narrator.say([
      `press Connect, and type the password: ${stage.password}`,
      `then look at the office: ip netns exec ${stage.lab.client.name} curl http://${PLACES.lanHost}/`,
      'quit the app by its tray icon, or end it here with Ctrl-C',
    ]);
    return new AppOnStage(daemon, await launchApp(person, daemon.socketPath));
  }

  async takeDown(): Promise<void> {
    if (this.#app.exitCode === null && this.#app.signalCode === null) this.#app.kill('SIGTERM');
    await this.ended;
    await this.#daemon.end();
    await this.#daemon.destroy();
  }
}

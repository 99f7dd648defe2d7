import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { Desktop } from './desktop.ts';

export interface AppOptions {
  readonly socketPath: string;
  /** What follows the directory of the app. */
  readonly args?: readonly string[];
}

/** The app in the hands of a test: the window, and the process behind it. */
export interface RunningApp {
  readonly electron: ElectronApplication;
  readonly page: Page;
  /** What the page wrote to its console, and what it threw. */
  readonly said: readonly string[];
  close(): Promise<void>;
}

/** Starts the app as the employee, with its sandbox on, and waits for its window. */
export async function startApp(desktop: Desktop, { socketPath, args = [] }: AppOptions): Promise<RunningApp> {
  const electron = await _electron.launch({
    executablePath: desktop.wrapper({ CAUSEWAY_SOCKET: socketPath }),
    args: [desktop.appDirectory, '--disable-gpu', ...args],
    chromiumSandbox: true,
    timeout: 30_000,
  });
  const page = await electron.firstWindow();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  page.setDefaultTimeout(10_000);
  await page.waitForSelector('.frame');
  return {
    electron,
    page,
    said,
    close: async () => {
      await electron.close().catch(() => undefined);
    },
  };
}

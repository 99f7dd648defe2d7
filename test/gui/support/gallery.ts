import { chmodSync, cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { _electron, type Page } from 'playwright-core';
import { bundlePage } from '../../../build/app.ts';
import { Desktop } from './desktop.ts';

const GALLERY = join(import.meta.dirname, '../gallery');

/** The page of the app over a bridge that answers as a scene says. */
export interface Gallery {
  readonly page: Page;
  /** What the page wrote to its console, and what it threw. */
  readonly said: readonly string[];
  /** Shows a scene, and of it the screen with this name. */
  show(scene: string, screen?: string): Promise<void>;
  close(): Promise<void>;
}

export async function openGallery(): Promise<Gallery> {
  const desktop = await Desktop.open({ keyring: 'none', panel: false });
  const directory = join(desktop.directory, 'gallery');
  try {
    await bundlePage(GALLERY, join(directory, 'page'));
    cpSync(join(GALLERY, 'main.cjs'), join(directory, 'main.cjs'));
    writeFileSync(join(directory, 'package.json'), '{ "name": "gallery", "main": "main.cjs" }\n');
    chmodSync(directory, 0o755);
    const electron = await _electron.launch({
      executablePath: desktop.wrapper(),
      args: [directory, '--disable-gpu'],
      chromiumSandbox: true,
    });
    const page = await electron.firstWindow();
    const said: string[] = [];
    page.on('console', (message) => {
      // A page that is a file has no policy of its own; that of the app is judged elsewhere.
      if (!message.text().startsWith('%cElectron Security Warning')) said.push(message.text());
    });
    page.on('pageerror', (error) => said.push(String(error)));
    page.setDefaultTimeout(10_000);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 960, height: 680 });
    return {
      page,
      said,
      show: async (scene, screen) => {
        await page.goto(`file://${directory}/page/index.html?scene=${scene}&theme=light&language=en`);
        await page.waitForSelector('.frame');
        if (screen !== undefined) await page.click(`nav button[aria-label="${screen}"]`);
      },
      close: async () => {
        await electron.close().catch(() => undefined);
        await desktop.close();
      },
    };
  } catch (error) {
    await desktop.close();
    throw error;
  }
}

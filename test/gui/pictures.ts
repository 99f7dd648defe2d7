/**
 * `npm run pictures`: makes the pictures of README.md anew in build/pictures, of the app's own window over a bridge
 * that answers as a scene says. Time and place are always the same; the letters are Inter where it is installed.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Page } from 'playwright-core';
import { desktopMissing } from './support/desktop.ts';
import { openGallery } from './support/gallery.ts';

const ROOT = join(import.meta.dirname, '../..');
const PICTURES = join(ROOT, 'build/pictures');
const NOW = new Date('2026-11-21T09:30:00Z');
const MAX_BYTES = 150_000;
/** More than the graph shows: what it begins with is never in a picture. */
const SECONDS = 126;
const WIDTH = 960;
const FONT = ":root { --font: 'Inter', system-ui, 'DejaVu Sans', sans-serif; }";

interface Picture {
  readonly name: string;
  readonly scene: string;
  readonly screen: string;
  readonly height: number;
  /** What happens before it is taken. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const README_PICTURES: readonly Picture[] = [
  { name: 'connection', scene: 'connected', screen: 'Connection', height: 800, prepare: work },
  { name: 'split-tunnel', scene: 'split-connected', screen: 'Split tunnel', height: 1098 },
  { name: 'failure', scene: 'failed', screen: 'Activity', height: 640 },
];

/** Two minutes of somebody's work: pages, and a download in the middle. */
async function work(page: Page): Promise<void> {
  let [bytesIn, bytesOut] = [48_200_000, 3_400_000];
  for (let second = 0; second < SECONDS; second++) {
    const isDownload = second > 60 && second < 92;
    const wave = 1 + 0.35 * Math.sin(second / 2.3) + 0.2 * Math.sin(second * 1.7);
    const visit = second % 23 < 4 ? 420_000 : 18_000;
    bytesIn += Math.round((isDownload ? 1_900_000 : visit) * wave);
    bytesOut += Math.round((isDownload ? 70_000 : visit / 6 + 9_000) * wave);
    await page.clock.runFor(1000);
    await page.evaluate(`window.carry(${bytesIn}, ${bytesOut})`);
  }
  await page.clock.runFor(500);
}

async function take(): Promise<void> {
  const gallery = await openGallery();
  try {
    const { page } = gallery;
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setTimezoneOverride', { timezoneId: 'Europe/Berlin' });
    await page.clock.install({ time: NOW });
    for (const { name, scene, screen, height, prepare } of README_PICTURES) {
      await page.clock.setSystemTime(NOW);
      await gallery.show(scene, screen);
      await page.waitForSelector(`nav button[aria-label="${screen}"][aria-current]`);
      await page.addStyleTag({ content: FONT });
      await page.setViewportSize({ width: WIDTH, height });
      // From here on time goes by as it is told to.
      await page.clock.pauseAt(NOW.getTime() + 10_000);
      await page.clock.runFor(1000);
      await prepare?.(page);
      const path = join(PICTURES, `${name}.png`);
      await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
      await page.clock.resume();
      const { size } = statSync(path);
      if (size > MAX_BYTES)
        throw new Error(`${path} has ${size} bytes, which is more than a README should load`);
      console.log(`${relative(ROOT, path)}: ${Math.round(size / 1000)} kB`);
    }
    if (gallery.said.length > 0) throw new Error(gallery.said.join('\n'));
  } finally {
    await gallery.close();
  }
}

const missing = desktopMissing();
if (missing !== false) {
  console.error(`No picture can be taken: ${missing}`);
  process.exitCode = 1;
} else {
  mkdirSync(PICTURES, { recursive: true });
  await take();
}

import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';

/*
 * Draws the icons of electron/assets as the PNG files that desktops want: the icon of the app in one large size, those
 * of the tray in one size for ordinary and one for dense screens.
 */

const ASSETS = join(dirname(dirname(fileURLToPath(import.meta.url))), 'electron/assets');
const APP_PIXELS = 512;
const TRAY_PIXELS = 22;

/** Writes them into `directory`. */
export function drawIcons(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const file of globSync('*.svg', { cwd: ASSETS })) {
    const name = basename(file, '.svg');
    if (!name.startsWith('tray-')) draw(file, join(directory, `${name}.png`), APP_PIXELS);
    else {
      draw(file, join(directory, `${name}.png`), TRAY_PIXELS);
      draw(file, join(directory, `${name}@2x.png`), TRAY_PIXELS * 2);
    }
  }
}

function draw(file: string, to: string, pixels: number): void {
  const svg = readFileSync(join(ASSETS, file), 'utf8');
  writeFileSync(to, new Resvg(svg, { fitTo: { mode: 'width', value: pixels } }).render().asPng());
}

/**
 * Every state of every screen, over a bridge that answers as it is told: what axe finds, what does not fit, what is
 * written to the console. Pictures of all of it are left in build/out/gallery.
 */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { bundlePage } from '../../build/app.ts';
import { Desktop, desktopMissing } from './support/desktop.ts';
import { OVERFLOWING } from './support/page-checks.ts';

const ROOT = join(import.meta.dirname, '../..');
const PICTURES = join(ROOT, 'build/out/gallery');
const AXE = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const SCREENS = ['Connection', 'Profiles', 'Split tunnel', 'Activity', 'Settings'] as const;
/** Scenes that are looked at on every screen; the others are about one, by the beginning of their name. */
const EVERYWHERE = ['connected', 'failed', 'no-service', 'long-names'];
const ABOUT: readonly (readonly [string, (typeof SCREENS)[number]])[] = [
  ['profile', 'Profiles'],
  ['import', 'Profiles'],
  ['split', 'Split tunnel'],
  ['activity', 'Activity'],
  ['settings', 'Settings'],
];
/** Electron says so of every page without a policy, which pages from files have not. */
const NO_POLICY = /Electron Security Warning/;
const WIDE = { width: 960, height: 680 };
const NARROW = { width: 640, height: 480 };
const skip = desktopMissing();

let desktop: Desktop;
let electron: ElectronApplication;
let page: Page;
let address: string;
const said: string[] = [];

before(async () => {
  if (skip !== false) return;
  desktop = await Desktop.open({ keyring: 'none', panel: false });
  const directory = join(desktop.directory, 'gallery');
  await bundlePage(join(import.meta.dirname, 'gallery'), join(directory, 'page'));
  cpSync(join(import.meta.dirname, 'gallery/main.cjs'), join(directory, 'main.cjs'));
  writeFileSync(join(directory, 'package.json'), '{ "name": "gallery", "main": "main.cjs" }\n');
  chmodSync(directory, 0o755);
  rmSync(PICTURES, { recursive: true, force: true });
  mkdirSync(PICTURES, { recursive: true });
  electron = await _electron.launch({
    executablePath: desktop.wrapper(),
    args: [directory, '--disable-gpu'],
    chromiumSandbox: true,
  });
  page = await electron.firstWindow();
  page.on('console', (message) => {
    if (!NO_POLICY.test(message.text())) said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(String(error)));
  page.setDefaultTimeout(10_000);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  address = `file://${directory}/page/index.html`;
});
after(async () => {
  if (skip !== false) return;
  await electron.close().catch(() => undefined);
  await desktop.close();
});

interface View {
  readonly scene: string;
  readonly screen: string;
}

async function open({ scene, screen }: View): Promise<void> {
  await page.setViewportSize(WIDE);
  await page.goto(`${address}?scene=${scene}&theme=light&language=en`);
  await page.waitForSelector('.frame');
  // A dialog covers the names of the screens, and belongs to each of them.
  if (screen !== 'Connection') await page.click(`nav button[aria-label="${screen}"]`);
  await page.waitForSelector(`nav button[aria-label="${screen}"][aria-current]`);
}

function dress(theme: string, language = 'en'): Promise<unknown> {
  const frames = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';
  return page.evaluate(`window.dress('${theme}', '${language}'); ${frames}`);
}

/** What axe finds wrong, as a line each. */
async function violations(rules?: readonly string[]): Promise<readonly string[]> {
  const options = rules ? { runOnly: { type: 'rule', values: rules } } : {};
  const told = `axe.run(document, { ...${JSON.stringify(options)}, resultTypes: ['violations'], elementRef: false })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      id + ': ' + target.join(' ') + ': ' + failureSummary.replace(/\\s+/g, ' '))))`;
  return page.evaluate<string[]>(told);
}

async function picture({ scene, screen }: View, dressed: string): Promise<void> {
  const name = `${scene}-${screen.toLowerCase().replace(' ', '-')}-${dressed}`;
  await page.screenshot({ path: join(PICTURES, `${name}.png`), animations: 'disabled' });
}

function viewsOf(scenes: readonly string[]): View[] {
  return scenes.flatMap((scene) => {
    if (EVERYWHERE.includes(scene)) return SCREENS.map((screen) => ({ scene, screen }));
    const screen = ABOUT.find(([start]) => scene.startsWith(start))?.[1];
    return [{ scene, screen: screen ?? 'Connection' }];
  });
}

describe('every state of every screen', { skip }, () => {
  const problems: string[] = [];
  let views: View[] = [];

  test('can be shown in each theme and language, and is pictured', async () => {
    await page.goto(address);
    await page.waitForFunction('window.scenes');
    views = viewsOf(await page.evaluate<string[]>('window.scenes'));
    const at = (view: View, dressed: string, found: readonly string[]): void => {
      problems.push(...found.map((one) => `${view.scene}, ${view.screen}, ${dressed}: ${one}`));
    };
    for (const view of views) {
      await open(view);
      await page.evaluate(AXE);
      await dress('light');
      at(view, 'light', [...(await violations()), ...(await page.evaluate<string[]>(OVERFLOWING))]);
      await picture(view, 'light');
      // Colours are all that differs.
      await dress('dark');
      at(view, 'dark', await violations(['color-contrast']));
      await picture(view, 'dark');
      if (EVERYWHERE.includes(view.scene)) {
        await dress('contrast');
        at(view, 'contrast', await violations(['color-contrast']));
        await picture(view, 'contrast');
      }
      await dress('light', 'de');
      if (EVERYWHERE.includes(view.scene)) await picture(view, 'german');
      // Where there is least room for the longer words.
      await page.setViewportSize(NARROW);
      at(view, 'German and narrow', await page.evaluate<string[]>(OVERFLOWING));
    }
    assert.ok(views.length >= 25, `${views.length} views`);
  });

  test('has nothing that axe or the eye would find wrong', () => {
    assert.deepEqual(problems, []);
  });

  test('writes nothing to the console', () => {
    assert.deepEqual(said, []);
  });
});

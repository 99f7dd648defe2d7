/** The app whose page is somebody else's: what their code can reach from there. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GUI_VERBS } from '../../core/contract/gui-verbs.ts';
import { DAEMON_GROUP } from '../support/daemon.ts';
import { FakeService } from '../support/fake-service.ts';
import { ATTACKS } from './support/attacks.ts';
import { type RunningApp, startApp } from './support/app.ts';
import { type Bait, layBait } from './support/bait.ts';
import { Desktop, desktopMissing } from './support/desktop.ts';
import { wrongPayloads } from './support/payloads.ts';

const skip = desktopMissing();
/** What the app asks by itself. */
const OWN_CALLS = ['profile.list', 'settings.read'];
const PAYLOADS = 60;

let service: FakeService;
let desktop: Desktop;
let app: RunningApp;
let bait: Bait;

before(async () => {
  if (skip !== false) return;
  bait = await layBait();
  service = await FakeService.start({ group: DAEMON_GROUP, mode: 0o660 });
  desktop = await Desktop.open();
  app = await startApp(desktop, { socketPath: service.socketPath });
  await app.page.getByRole('button', { name: 'Connect', exact: true }).waitFor();
});
after(async () => {
  if (skip !== false) return;
  await app.close();
  await desktop.close();
  await service.close();
  await bait.close();
});

function asked(): string[] {
  return service.calls.map(({ name }) => name).filter((name) => !OWN_CALLS.includes(name));
}

/** Runs in the page; what it threw is what it did not reach. */
function run(body: string): Promise<unknown> {
  return app.page.evaluate(`(async (bait, datagrams) => {
    // What a debugger runs may make code from text; what runs later is code of the page as any other.
    await new Promise((done) => setTimeout(done));
    const limit = new Promise((done) => setTimeout(done, 800));
    const attack = (async () => { ${body} })().then((found) => found === undefined || found === null ? undefined : String(found));
    return await Promise.race([attack, limit]).catch(() => undefined);
  })(${JSON.stringify(bait.origin)}, ${bait.datagrams})`);
}

describe('code in the page does not reach', { skip }, () => {
  for (const [what, body] of Object.entries(ATTACKS)) {
    test(what, async () => {
      assert.equal(await run(body), undefined);
      assert.equal(app.page.url(), 'app://causeway/');
      assert.equal(app.electron.windows().length, 1);
    });
  }

  test('anybody outside, by any of these ways', async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual(bait.hits, []);
    assert.deepEqual(asked(), []);
    const downloads = readdirSync(desktop.env['HOME'] ?? '').filter((name) => !name.startsWith('.'));
    assert.deepEqual(downloads, []);
  });
});

test('the bait itself can be reached, or nothing of this would mean anything', { skip }, async () => {
  await fetch(bait.origin);
  assert.ok(bait.hits.length > 0);
});

test('the page has one function a verb and the state, and nothing else of the app', { skip }, async () => {
  const names = await app.page.evaluate('Object.getOwnPropertyNames(causeway)');
  assert.deepEqual([...(names as string[])].sort(), [...GUI_VERBS, 'onState'].sort());
});

describe('a verb with parameters that are not of its form is refused, and nothing happens:', { skip }, () => {
  for (const { verb, payloads } of wrongPayloads(PAYLOADS)) {
    test(verb, async () => {
      const before = await state();
      const outcomes = await app.page.evaluate<{ ok: boolean; failure?: { code: string } }[]>(
        `Promise.all(${JSON.stringify(payloads)}.map((payload) => causeway.${verb}(payload)))`,
      );
      assert.equal(outcomes.length, PAYLOADS);
      for (const [at, outcome] of outcomes.entries())
        assert.equal(outcome.failure?.code, 'contract.invalid', JSON.stringify(payloads[at]));
      assert.deepEqual(asked(), []);
      assert.deepEqual(await state(), before);
    });
  }
});

test('values that are no plain data are refused, and so is what is too much of it', { skip }, async () => {
  const odd = [
    'new Map([["profile", "00112233445566aa"]])',
    'new Date()',
    'new Uint8Array(4)',
    '10n',
    'NaN',
    'undefined',
    'new Error("x")',
    '{ profile: "00112233445566aa", [Symbol.iterator]: 1, more: 1 }',
    'JSON.parse(\'{"constructor":{"prototype":{"polluted":1}}}\')',
  ];
  const big = [
    '{ contents: JSON.parse("{\\"a\\":".repeat(500) + "1" + "}".repeat(500)) }',
    '{ contents: { text: "a".repeat(3_000_000) } }',
    '{ contents: { list: Array.from({ length: 200_000 }, () => 1) } }',
    '{ contents: { list: new Array(4_000_000_000) } }',
  ];
  const cases = [...odd.map((text) => ['connect', text]), ...big.map((text) => ['writeProfile', text])];
  for (const [verb = '', text = ''] of cases) {
    const code = await app.page.evaluate(
      `new Promise((done) => done(causeway.${verb}(${text}))).then(({ failure }) => failure.code, () => 'contract.invalid')`,
    );
    assert.equal(code, 'contract.invalid', text);
  }
  // A key of this name is lost on the way, and changes nothing where it was to.
  await app.page.evaluate(
    'causeway.readProfile(JSON.parse(\'{"profile":"00112233445566aa","__proto__":{"polluted":1}}\'))',
  );
  assert.deepEqual((await service.call('profile.read')).params, { profile: '00112233445566aa' });
  const polluted = await app.electron.evaluate(() => (({}) as { polluted?: unknown }).polluted);
  assert.equal(polluted, undefined);
  assert.deepEqual(asked(), []);
});

test('a verb that nobody has is refused', { skip }, async () => {
  assert.equal(await app.page.evaluate('typeof causeway.quit + typeof causeway.eval'), 'undefinedundefined');
});

test('a page of our origin in another window is not listened to', { skip }, async () => {
  const preload = join(desktop.appDirectory, 'preload.cjs');
  const told = await app.electron.evaluate(async ({ BrowserWindow }, path) => {
    const webPreferences = { preload: path, partition: 'page', sandbox: true };
    const other = new BrowserWindow({ show: false, webPreferences });
    await other.loadURL('app://causeway/');
    const code = `Promise.race([
      causeway.disconnect({}).then(({ failure }) => failure.code),
      new Promise((done) => setTimeout(() => done('no answer'), 3000))])`;
    const answered = (await other.webContents.executeJavaScript(code)) as string;
    const heard = `new Promise((done) => { causeway.onState(() => done('a state')); setTimeout(() => done('nothing'), 300); })`;
    const state = (await other.webContents.executeJavaScript(heard)) as string;
    other.destroy();
    return [answered, state];
  }, preload);
  assert.deepEqual(told, ['contract.denied', 'nothing']);
  assert.deepEqual(asked(), []);
});

test('addresses of our origin lead to the files of the page alone', { skip }, async () => {
  const paths = [
    '/%2e%2e/main.cjs',
    '/..%2fmain.cjs',
    '/%2e%2e%2fpackage.json',
    '/assets/..%2f..%2fmain.cjs',
    '/%5c..%5cmain.cjs',
    '//etc/hostname',
    '/%00',
    '/index.html%00.js',
    '/no-such-file.js',
    '/assets',
  ];
  const statuses = await app.electron.evaluate(async ({ session }, all) => {
    const page = session.fromPartition('page');
    const one = async (path: string): Promise<number> =>
      (await page.fetch(`app://causeway${path}`).catch(() => ({ status: 404 }))).status;
    return Promise.all([one('/index.html'), ...all.map(one)]);
  }, paths);
  assert.deepEqual(statuses, [200, ...paths.map(() => 404)]);
});

test('after all of that the app works as before', { skip }, async () => {
  // Not by a locator: playwright waits for the navigations that were refused.
  await app.page.evaluate(
    "[...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Connect').click()",
  );
  assert.deepEqual((await service.call('connection.up')).params, { profile: '00112233445566aa' });
});

test(
  'a page that crashes is loaded again, and one that closes itself comes back from the tray',
  { skip },
  async () => {
    await app.electron.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      return new Promise<void>((resolve) => {
        window?.webContents.once('did-finish-load', () => resolve());
        window?.webContents.forcefullyCrashRenderer();
      });
    });
    const close = 'setTimeout(() => window.close()); 1';
    await app.electron.evaluate(
      ({ BrowserWindow }, code) => BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(code),
      close,
    );
    const count = (): Promise<number> =>
      app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    while ((await count()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await desktop.panel.click('Open Causeway');
    while ((await count()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  },
);

/** What the page is told, apart from what changes by itself. */
function state(): Promise<unknown> {
  return app.page.evaluate(
    'new Promise((done) => { const end = causeway.onState((state) => { done({ ...state, activity: 0, keychain: 0 }); setTimeout(() => end()); }); })',
  );
}

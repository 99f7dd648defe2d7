/** The app: puts its parts together, and lives in the tray until it is told to quit. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { app, type BrowserWindow, Notification, powerMonitor } from 'electron';
import type { AppState } from '../../core/contract/gui-api.ts';
import { AppController } from './app-controller.ts';
import { AppFiles } from './app-files.ts';
import { announceScheme, serveApp } from './app-protocol.ts';
import { openBridge } from './bridge.ts';
import { Keychain, type Keytar } from './credential-store.ts';
import { DaemonLink } from './daemon-link.ts';
import { linkAmong, profileOfLink, SCHEME } from './deep-link.ts';
import { realDesktop } from './desktop.ts';
import { Importer } from './importer.ts';
import { type Notice, noticesBetween } from './notices.ts';
import { AppTray } from './tray.ts';
import { type TrayAction, trayModel } from './tray-model.ts';
import { denyPermissions, lockDown, openWindow } from './window.ts';
import { wordsOf } from './words.ts';

const HERE = app.getAppPath();
const ASSETS = join(HERE, 'assets');
const SOCKET = '/run/causewayd/socket';
const ROOT_UID = 0;

class App {
  readonly #controller: AppController;
  readonly #link: DaemonLink;
  readonly #tray: AppTray;
  #window: BrowserWindow | undefined;
  #tellPage: () => void = () => undefined;
  #isQuitting = false;
  #hasTray = true;

  constructor() {
    const after = (ms: number, callback: () => void): (() => void) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    };
    this.#link = new DaemonLink({
      path: process.env['CAUSEWAY_SOCKET'] ?? SOCKET,
      ownerUid: ROOT_UID,
      client: `causeway-app ${app.getVersion()}`,
      after,
      onView: (view) => this.#controller.follow(view),
    });
    const desktop = realDesktop({
      window: () => this.#window,
      words: () => wordsOf(this.#controller.state.language),
      hasTray: () => this.#hasTray,
    });
    const require = createRequire(join(HERE, 'main.cjs'));
    this.#controller = new AppController({
      version: app.getVersion(),
      link: this.#link,
      credentials: new Keychain({
        load: () => require('keytar') as Keytar,
        platform: process.platform,
        after,
        onChange: () => this.#controller.tell(),
      }),
      files: new AppFiles(app.getPath('userData')),
      desktop,
      importer: new Importer(),
      epoch: () => Date.now(),
      onState: (state, before) => this.#show(state, before),
    });
    this.#tray = new AppTray(ASSETS, (action) => this.#act(action));
  }

  start(isHidden: boolean): void {
    serveApp(join(HERE, 'renderer'));
    denyPermissions();
    this.#tellPage = openBridge({
      handlers: this.#controller.handlers,
      page: () => this.#window?.webContents,
      state: () => this.#controller.state,
      onForeign: (detail) => console.error(`refused: ${detail}`),
    });
    this.#open(isHidden);
    this.#link.start();
    this.#show(this.#controller.state, this.#controller.state);
    powerMonitor.on('resume', () => this.#link.retry());
    this.openLink(linkAmong(process.argv));
  }

  /** Shows the window, which is made when it is not there. */
  show(): void {
    if (!this.#window || this.#window.isDestroyed()) this.#open(false);
    this.#window?.show();
    this.#window?.focus();
  }

  openLink(link: string | undefined): void {
    const profile = link === undefined ? undefined : profileOfLink(link);
    if (!profile) return;
    this.#controller.propose('link.json', profile);
    this.show();
  }

  /** Nothing of the connection ends with the app: it is the service's. */
  quit(): void {
    this.#isQuitting = true;
    this.#link.end();
    this.#tray.destroy();
  }

  #open(isHidden: boolean): void {
    const window = openWindow({
      preload: join(HERE, 'preload.cjs'),
      icon: join(ASSETS, 'causeway.png'),
      title: 'Causeway',
      hidesOnClose: () => !this.#isQuitting && this.#hasTray,
    });
    this.#window = window;
    window.on('closed', () => {
      this.#window = undefined;
    });
    if (!isHidden) window.once('ready-to-show', () => window.show());
  }

  #show(state: AppState, before: AppState): void {
    const words = wordsOf(state.language);
    this.#tray.show(trayModel(state, words.tray));
    this.#tellPage();
    if (!state.settings.notifications || this.#window?.isFocused() === true) return;
    for (const notice of noticesBetween(before, state)) this.#notify(notice, state);
  }

  #notify(notice: Notice, { language }: AppState): void {
    const { notices } = wordsOf(language);
    const text: Record<Notice['kind'], () => { title: string; body?: string }> = {
      connected: () => ({ title: notices.connected('profile' in notice ? notice.profile : '') }),
      lost: () => ({
        title: notices.lost('profile' in notice ? notice.profile : ''),
        body: notices.lostBody,
      }),
      failed: () => ({ title: notices.failed('profile' in notice ? notice.profile : '') }),
      asked: () => ({
        title: notices.asked('profile' in notice ? notice.profile : ''),
        body: notices.askedBody,
      }),
      blocked: () => ({ title: notices.blocked, body: notices.blockedBody }),
    };
    const shown = new Notification({ ...text[notice.kind](), silent: true });
    shown.on('click', () => this.show());
    shown.show();
  }

  #act(action: TrayAction): void {
    const { handlers } = this.#controller;
    switch (action.kind) {
      case 'connect':
        return void handlers.connect({ profile: action.profile }).then((done) => {
          if (!done.ok) this.show();
        });
      case 'disconnect':
        return void handlers.disconnect({});
      case 'open':
        return this.show();
      case 'quit':
        return app.quit();
    }
  }
}

if (!app.requestSingleInstanceLock()) app.quit();
else {
  announceScheme();
  // Root has no sandbox to run in, and says so by this switch; nobody else gives it.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => lockDown(contents));
  app.setAsDefaultProtocolClient(SCHEME);
  void app.whenReady().then(() => {
    const causeway = new App();
    app.on('second-instance', (_event, argv) => {
      causeway.show();
      causeway.openLink(linkAmong(argv));
    });
    app.on('open-url', (_event, link) => causeway.openLink(link));
    app.on('activate', () => causeway.show());
    app.on('before-quit', () => causeway.quit());
    // Without a tray the window is the app.
    app.on('window-all-closed', () => app.quit());
    causeway.start(process.argv.includes('--hidden'));
  });
}

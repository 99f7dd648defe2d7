/** The app: puts its parts together, and lives in the tray until it is told to quit. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { app, type BrowserWindow, powerMonitor } from 'electron';
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
import { NoticeWatch } from './notices.ts';
import { notify } from './notifier.ts';
import { type DesktopFacts, type SessionBus, watchSessionBus } from './session-bus.ts';
import { AppTray } from './tray.ts';
import { type TrayAction, trayModel } from './tray-model.ts';
import { applyTheme, lockDown, openWindow, pageSession } from './window.ts';
import { wordsOf } from './words.ts';

const HERE = app.getAppPath();
const ASSETS = join(HERE, 'assets');
const SOCKET = '/run/causewayd/socket';
const ROOT_UID = 0;
/** A panel that is started anew is back by then. */
const PANEL_MS = 5000;

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

class App {
  readonly #controller: AppController;
  readonly #link: DaemonLink;
  readonly #keychain: Keychain;
  readonly #tray: AppTray;
  readonly #notices = new NoticeWatch();
  #bus: SessionBus | undefined;
  #window: BrowserWindow | undefined;
  /** Nobody sees the window, so it is told nothing until somebody does. */
  #isAside = false;
  #tellPage: () => void = () => undefined;
  #isQuitting = false;
  #hasTray = true;
  #cancelUncover = (): void => undefined;

  constructor() {
    const version = app.getVersion();
    this.#link = new DaemonLink({
      path: process.env['CAUSEWAY_SOCKET'] ?? SOCKET,
      ownerUid: ROOT_UID,
      version,
      after,
      onView: (view) => this.#controller.follow(view),
    });
    const require = createRequire(join(HERE, 'main.cjs'));
    this.#keychain = new Keychain({
      load: () => require('keytar') as Keytar,
      platform: process.platform,
      after,
      look: async () => this.#bus?.look(),
      onChange: () => this.#controller.tell(),
    });
    this.#controller = new AppController({
      version,
      link: this.#link,
      credentials: this.#keychain,
      files: new AppFiles(app.getPath('userData')),
      desktop: realDesktop({
        window: () => this.#window,
        words: () => wordsOf(this.#controller.state.language),
        hasTray: () => this.#hasTray,
        restart: () => {
          app.relaunch();
          app.quit();
        },
      }),
      importer: new Importer(),
      epoch: () => Date.now(),
      onState: (state) => this.#show(state),
    });
    this.#tray = new AppTray(ASSETS, (action) => this.#act(action));
  }

  start(isHidden: boolean): void {
    applyTheme(this.#controller.state.settings.theme);
    serveApp(join(HERE, 'renderer'), pageSession());
    this.#tellPage = openBridge({
      handlers: this.#controller.handlers,
      page: () => this.#window?.webContents,
      state: () => this.#controller.state,
      onForeign: (detail) => console.error(`refused: ${detail}`),
    });
    this.#open(isHidden);
    this.#link.start();
    this.#show(this.#controller.state);
    if (process.platform === 'linux')
      this.#bus = watchSessionBus({
        address: process.env['DBUS_SESSION_BUS_ADDRESS'],
        runtimeDirectory: process.env['XDG_RUNTIME_DIR'],
        after,
        onFacts: (facts) => this.#hear(facts),
      });
    // The service hears of sleep from the system itself, before any program of a user; only we may have lost it.
    powerMonitor.on('resume', () => this.#link.retry());
    this.openLink(linkAmong(process.argv));
  }

  /** Shows the window, which is made when it is not there. */
  show(): void {
    if (!this.#window || this.#window.isDestroyed()) this.#open(false);
    if (this.#window?.isMinimized() === true) this.#window.restore();
    this.#window?.show();
    this.#window?.focus();
  }

  /** Without a tray the window is the app. With one, it is made anew when it is wanted. */
  hasNoWindow(): void {
    if (!this.#hasTray || this.#isQuitting) app.quit();
  }

  openLink(link: string | undefined): void {
    if (link === undefined) return;
    this.show();
    this.#controller.propose(profileOfLink(link));
  }

  /** Nothing of the connection ends with the app: it is the service's. */
  quit(): void {
    this.#isQuitting = true;
    this.#cancelUncover();
    this.#bus?.close();
    this.#link.end();
    this.#controller.end();
    this.#tray.destroy();
  }

  #open(isHidden: boolean): void {
    const window = openWindow({
      preload: join(HERE, 'preload.cjs'),
      icon: join(ASSETS, 'causeway.png'),
      title: 'Causeway',
      kept: this.#controller.window,
      isHidden,
      hidesOnClose: () => !this.#isQuitting && this.#hasTray,
      onPlace: (place) => this.#controller.keepWindow(place),
    });
    this.#window = window;
    window.on('closed', () => {
      this.#window = undefined;
    });
    this.#isAside = isHidden;
    window.on('hide', () => {
      this.#isAside = true;
    });
    window.on('show', () => {
      this.#isAside = false;
      this.#tellPage();
    });
    // Profiles may have been changed elsewhere meanwhile.
    window.on('focus', () => void this.#link.refresh());
    if (!isHidden) window.once('ready-to-show', () => window.show());
  }

  /** What the desktop can show and keep. A window that nothing could bring back is not left hidden. */
  #hear({ showsTray, keychain }: DesktopFacts): void {
    this.#keychain.hear(keychain);
    if (showsTray === this.#hasTray) return;
    this.#hasTray = showsTray;
    this.#cancelUncover();
    if (!showsTray)
      this.#cancelUncover = after(PANEL_MS, () => {
        const window = this.#window;
        if (window && !window.isVisible()) window.showInactive();
      });
    this.#controller.tell();
  }

  #show(state: AppState): void {
    const words = wordsOf(state.language);
    applyTheme(state.settings.theme);
    this.#tray.show(trayModel(state, words.tray));
    if (!this.#isAside) this.#tellPage();
    const notices = this.#notices.next(state);
    if (!state.settings.notifications || this.#window?.isFocused() === true) return;
    for (const notice of notices) notify(notice, words.notices, () => this.show());
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
  // Root has no sandbox to run in, and says so by a switch, which is nobody else's to give.
  if (process.getuid?.() !== 0) app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => lockDown(contents));
  if (app.isPackaged) app.setAsDefaultProtocolClient(SCHEME);
  void app.whenReady().then(() => {
    const causeway = new App();
    app.on('second-instance', (_event, argv) => {
      causeway.show();
      causeway.openLink(linkAmong(argv));
    });
    app.on('open-url', (_event, link) => causeway.openLink(link));
    app.on('activate', () => causeway.show());
    app.on('before-quit', () => causeway.quit());
    app.on('window-all-closed', () => causeway.hasNoWindow());
    causeway.start(process.argv.includes('--hidden'));
  });
}

import { BrowserWindow, nativeTheme, screen, session, type Session, type WebContents } from 'electron';
import type { AppSettings } from '../../core/contract/gui-api.ts';
import type { Kept } from './app-files.ts';
import { APP_ORIGIN } from './page-files.ts';
import { placementOf, SMALLEST } from './placement.ts';

/** What the page stores is in memory alone: the name of a session that is written nowhere. */
const SESSION = 'page';
/** The page has no network. What asks for some all the same is sent to where nothing listens. */
const NOWHERE = 'socks5://127.0.0.1:9';

/** A page that ends more often is left alone: it would only end again. */
const MAX_CRASHES = 3;

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly title: string;
  readonly kept: Kept['window'];
  /** It is not to be seen yet. */
  readonly isHidden: boolean;
  /** Closing hides: the tray brings it back. Asked each time, since a desktop may have no tray. */
  readonly hidesOnClose: () => boolean;
  /** It was moved, or its size changed. */
  readonly onPlace: (place: NonNullable<Kept['window']>) => void;
}

/** The one window. It shows the app's page and can go nowhere else. */
export function openWindow({ preload, icon, title, kept, ...options }: WindowOptions): BrowserWindow {
  const screens = screen.getAllDisplays().map(({ workArea }) => workArea);
  const window = new BrowserWindow({
    ...placementOf(kept, screens),
    minWidth: SMALLEST.width,
    minHeight: SMALLEST.height,
    show: false,
    // Otherwise the page of a window that was never shown takes itself for visible.
    paintWhenInitiallyHidden: !options.isHidden,
    title,
    icon,
    autoHideMenuBar: true,
    // That of the page, so that nothing flashes before the page is there.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#11161c' : '#f3f5f8',
    webPreferences: {
      preload,
      partition: SESSION,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: process.env['CAUSEWAY_DEVTOOLS'] === '1',
    },
  });
  window.setMenu(null);
  if (kept?.isMaximized === true) window.maximize();
  window.on('close', (event) => {
    options.onPlace({ ...window.getNormalBounds(), isMaximized: window.isMaximized() });
    if (!options.hidesOnClose()) return;
    event.preventDefault();
    window.hide();
  });
  const load = (): void => void window.loadURL(`${APP_ORIGIN}/`);
  let crashes = 0;
  window.webContents.on('render-process-gone', () => {
    crashes += 1;
    if (crashes <= MAX_CRASHES) load();
  });
  load();
  return window;
}

/** The colours of what the page does not draw itself, and what the page is told that the desktop likes. */
export function applyTheme(theme: AppSettings['theme']): void {
  const source = theme === 'contrast' ? 'dark' : theme;
  if (nativeTheme.themeSource !== source) nativeTheme.themeSource = source;
}

/** The session of the page: nothing of it is kept, it may do nothing but show itself, and it has no network. */
export function pageSession(): Session {
  const ours = session.fromPartition(SESSION);
  denyPermissions(ours);
  denyPermissions(session.defaultSession);
  void ours.setProxy({ mode: 'fixed_servers', proxyRules: NOWHERE, proxyBypassRules: '<-loopback>' });
  return ours;
}

/** What no page of the app may do, for every page that there will ever be. */
export function lockDown(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  // A peer of WebRTC would be reached past every policy of the page.
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
}

/** No permission of any kind, and no download. */
function denyPermissions(of: Session): void {
  of.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  of.setPermissionCheckHandler(() => false);
  of.setDevicePermissionHandler(() => false);
  of.setDisplayMediaRequestHandler((_request, answer) => answer({}));
  of.on('will-download', (event) => event.preventDefault());
}

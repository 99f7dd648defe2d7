import { BrowserWindow, type Session, session, type WebContents } from 'electron';
import { APP_ORIGIN } from './app-protocol.ts';

const SIZE = { width: 960, height: 680, minWidth: 640, minHeight: 480 } as const;

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly title: string;
  /** Closing hides: the tray brings it back. Asked each time, since a desktop may have no tray. */
  readonly hidesOnClose: () => boolean;
}

/** The one window. It shows the app's page and can go nowhere else. */
export function openWindow({ preload, icon, title, hidesOnClose }: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    ...SIZE,
    show: false,
    title,
    icon,
    autoHideMenuBar: true,
    backgroundColor: '#00000000',
    webPreferences: {
      preload,
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
  window.on('close', (event) => {
    if (!hidesOnClose()) return;
    event.preventDefault();
    window.hide();
  });
  void window.loadURL(`${APP_ORIGIN}/`);
  return window;
}

/** What no page of the app may do, for every page that there will ever be. */
export function lockDown(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** The page needs no permission of any kind, and gets no download. */
export function denyPermissions(of: Session = session.defaultSession): void {
  of.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  of.setPermissionCheckHandler(() => false);
  of.setDevicePermissionHandler(() => false);
  of.on('will-download', (event) => event.preventDefault());
}

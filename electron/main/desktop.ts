import { open, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { app, type BrowserWindow, dialog } from 'electron';
import type { Desktop } from './app-controller.ts';
import { setLinuxAutostart } from './autostart.ts';
import type { Words } from './words.ts';

/** No profile and no certificate store is longer. */
const MAX_FILE_OCTETS = 1024 * 1024;

export interface DesktopOptions {
  readonly window: () => BrowserWindow | undefined;
  readonly words: () => Words;
  readonly hasTray: () => boolean;
  readonly restart: () => void;
}

/** The desktop that the app runs on. The page has at most one dialog of a kind open, however often it asks. */
export function realDesktop({ window, words, hasTray, restart }: DesktopOptions): Desktop {
  const choose = alone(async () => {
    const { importTitle: title, importFiles: name } = words().dialogs;
    const extensions = ['json', 'sswan', 'mobileconfig', 'p12', 'pfx'];
    const options = { title, properties: ['openFile' as const], filters: [{ name, extensions }] };
    const parent = window();
    const { filePaths } = await (parent
      ? dialog.showOpenDialog(parent, options)
      : dialog.showOpenDialog(options));
    return filePaths[0];
  });
  const place = alone(async (title: string, defaultPath: string) => {
    const parent = window();
    const { filePath } = await (parent
      ? dialog.showSaveDialog(parent, { title, defaultPath })
      : dialog.showSaveDialog({ title, defaultPath }));
    return filePath === '' ? undefined : filePath;
  });
  const say = alone(async (message: string, detail: string) => {
    const parent = window();
    const options = { type: 'info', message, detail } as const;
    await (parent ? dialog.showMessageBox(parent, options) : dialog.showMessageBox(options));
    return undefined;
  });
  return {
    locale: app.getLocale(),
    platform: process.platform,
    hasTray,
    restart,
    sayBadLink: () => {
      const { badLink, badLinkDetail } = words().dialogs;
      void say(badLink, badLinkDetail);
    },
    chooseFile: async () => {
      const path = await choose();
      if (path === undefined) return undefined;
      return { name: basename(path), contents: await contentsOf(path) };
    },
    saveText: async (kind, name, text) => {
      const { exportTitle, reportTitle } = words().dialogs;
      const path = await place(kind === 'profile' ? exportTitle : reportTitle, name);
      if (path === undefined) return false;
      // It may have names of people and machines in it.
      await writeFile(path, text, { mode: 0o600 });
      return true;
    },
    setLaunchAtLogin: (isWanted) => {
      if (process.platform !== 'linux')
        return app.setLoginItemSettings({ openAtLogin: isWanted, args: ['--hidden'] });
      setLinuxAutostart(app.getPath('appData'), programOf(), isWanted);
    },
  };
}

/** The octets of a file that somebody chose, or one more than any file of ours has. */
async function contentsOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const octets = new Uint8Array(MAX_FILE_OCTETS + 1);
    let length = 0;
    while (length < octets.length) {
      const { bytesRead } = await file.read(octets, length, octets.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return octets.slice(0, length);
  } finally {
    await file.close();
  }
}

/** Does it unless it is being done. */
function alone<A extends readonly unknown[], T>(
  act: (...args: A) => Promise<T | undefined>,
): (...args: A) => Promise<T | undefined> {
  let isBusy = false;
  return async (...args) => {
    if (isBusy) return undefined;
    isBusy = true;
    try {
      return await act(...args);
    } finally {
      isBusy = false;
    }
  };
}

/** How this program is started again: an AppImage by itself, a program in development with its directory. */
function programOf(): readonly string[] {
  const image = process.env['APPIMAGE'];
  if (image !== undefined) return [image];
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()];
}

import { readFile, stat, writeFile } from 'node:fs/promises';
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
}

/** The desktop that the app runs on. */
export function realDesktop({ window, words, hasTray }: DesktopOptions): Desktop {
  return {
    locale: app.getLocale(),
    platform: process.platform,
    hasTray,
    chooseFile: async () => {
      const { importTitle: title, importFiles: name } = words().dialogs;
      const extensions = ['json', 'sswan', 'mobileconfig', 'p12', 'pfx'];
      const options = { title, properties: ['openFile' as const], filters: [{ name, extensions }] };
      const parent = window();
      const { filePaths } = await (parent
        ? dialog.showOpenDialog(parent, options)
        : dialog.showOpenDialog(options));
      const [path] = filePaths;
      if (path === undefined || (await stat(path)).size > MAX_FILE_OCTETS) return undefined;
      return { name: basename(path), contents: new Uint8Array(await readFile(path)) };
    },
    saveText: async (kind, name, text) => {
      const { exportTitle, reportTitle } = words().dialogs;
      const options = { title: kind === 'profile' ? exportTitle : reportTitle, defaultPath: name };
      const parent = window();
      const { filePath } = await (parent
        ? dialog.showSaveDialog(parent, options)
        : dialog.showSaveDialog(options));
      if (filePath === '') return false;
      // It may have names of people and machines in it.
      await writeFile(filePath, text, { mode: 0o600 });
      return true;
    },
    setLaunchAtLogin: (isWanted) => {
      if (process.platform !== 'linux')
        return app.setLoginItemSettings({ openAtLogin: isWanted, args: ['--hidden'] });
      setLinuxAutostart(app.getPath('appData'), programOf(), isWanted);
    },
  };
}

/** How this program is started again: an AppImage by itself, a program in development with its directory. */
function programOf(): readonly string[] {
  const image = process.env['APPIMAGE'];
  if (image !== undefined) return [image];
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()];
}

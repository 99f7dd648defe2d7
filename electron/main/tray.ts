import { join } from 'node:path';
import { Menu, nativeImage, Tray, type MenuItemConstructorOptions } from 'electron';
import type { TrayAction, TrayItem, TrayModel } from './tray-model.ts';

/** Shows the model in the tray of the desktop, where there is one. */
export class AppTray {
  readonly #assets: string;
  readonly #onAction: (action: TrayAction) => void;
  #tray: Tray | undefined;
  #shown = '';

  constructor(assets: string, onAction: (action: TrayAction) => void) {
    this.#assets = assets;
    this.#onAction = onAction;
  }

  show(model: TrayModel): void {
    const key = JSON.stringify(model);
    if (key === this.#shown) return;
    this.#shown = key;
    const image = nativeImage.createFromPath(join(this.#assets, `tray-${model.icon}.png`));
    if (!this.#tray) {
      this.#tray = new Tray(image);
      this.#tray.on('click', () => this.#onAction({ kind: 'open' }));
    } else this.#tray.setImage(image);
    this.#tray.setToolTip(model.tooltip);
    this.#tray.setContextMenu(Menu.buildFromTemplate(model.items.map((item) => this.#item(item))));
  }

  destroy(): void {
    this.#tray?.destroy();
    this.#tray = undefined;
  }

  #item(item: TrayItem): MenuItemConstructorOptions {
    if (item.kind === 'line') return { type: 'separator' };
    const { label, enabled, action } = item;
    return { label, enabled, ...(action ? { click: () => this.#onAction(action) } : {}) };
  }
}

/* Shows the pages of the gallery, which are files; the pictures are taken of it. */
const { app, BrowserWindow } = require('electron');

void app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 960, height: 680, useContentSize: true });
  void window.loadURL('about:blank');
});

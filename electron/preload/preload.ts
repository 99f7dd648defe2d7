/** All of the app that the page can reach: one function a verb, and the state. Nothing of Electron gets there. */
import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
import { GUI_CALL_CHANNEL, GUI_STATE_CHANNEL, GUI_VERBS } from '../../core/contract/gui-verbs.ts';

const verbs = Object.fromEntries(
  GUI_VERBS.map((verb) => [
    verb,
    (params: unknown): Promise<unknown> => ipcRenderer.invoke(GUI_CALL_CHANNEL, verb, params),
  ]),
);

function onState(watch: (state: unknown) => void): () => void {
  const listener = (_event: IpcRendererEvent, state: unknown): void => watch(state);
  ipcRenderer.on(GUI_STATE_CHANNEL, listener);
  // Whoever begins to watch is told how it is.
  ipcRenderer.send(GUI_STATE_CHANNEL);
  return () => ipcRenderer.off(GUI_STATE_CHANNEL, listener);
}

contextBridge.exposeInMainWorld('causeway', { ...verbs, onState });

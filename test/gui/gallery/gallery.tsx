/** The window over a bridge of ours, in the state that the address names: no service, no Electron of the app. */
import type { GuiBridge } from '../../../core/contract/gui-api.ts';
import { startPage } from '../../../renderer/app/start.tsx';
import { fakeBridge } from './fake-bridge.ts';
import { SCENES } from './scenes.ts';

window.scenes = Object.keys(SCENES);
const wanted = new URLSearchParams(location.search);
const scene = SCENES[wanted.get('scene') ?? 'disconnected'];
if (!scene) throw new Error(`no scene ${wanted.get('scene')}`);
const theme = wanted.get('theme') ?? 'light';
const language = wanted.get('language') === 'de' ? 'de' : 'en';
const bridge: GuiBridge = fakeBridge(scene, { theme, language });
startPage(bridge);

/** The page: takes what the preload script gave it, and shows the app. */
import type { GuiBridge } from '../core/contract/gui-api.ts';
import { startPage } from './app/start.tsx';

declare global {
  interface Window {
    readonly causeway: GuiBridge;
  }
}

startPage(window.causeway);

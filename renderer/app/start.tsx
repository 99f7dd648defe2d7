import './no-code-from-text.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { GuiBridge } from '../../core/contract/gui-api.ts';
import { BridgeProvider } from './bridge.tsx';
import { App } from './app.tsx';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/frame.css';

/** Shows the app in the page, over whatever answers as the bridge does. */
export function startPage(bridge: GuiBridge): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('the page has no root');
  createRoot(root).render(
    <StrictMode>
      <BridgeProvider bridge={bridge}>
        <App />
      </BridgeProvider>
    </StrictMode>,
  );
}

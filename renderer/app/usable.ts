import { useEffect } from 'react';
import type { ServiceLink } from '../../core/contract/gui-api.ts';
import { loadScreens } from './screens.ts';

/**
 * Marks the moment from which the window shows how things stand, for whoever measures how long the app takes to start,
 * and then loads what it did not need until then.
 */
export function useUsableMark(link: ServiceLink): void {
  const isUsable = link !== 'connecting';
  useEffect(() => {
    if (!isUsable) return undefined;
    const frame = requestAnimationFrame(() => {
      performance.mark('usable');
      requestIdleCallback(() => void loadScreens());
    });
    return () => cancelAnimationFrame(frame);
  }, [isUsable]);
}

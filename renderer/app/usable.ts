import { useEffect } from 'react';
import type { ServiceLink } from '../../core/contract/gui-api.ts';

/** Marks the moment from which the window shows how things stand, for whoever measures how long the app takes to start. */
export function useUsableMark(link: ServiceLink): void {
  const isUsable = link !== 'connecting';
  useEffect(() => {
    if (!isUsable) return undefined;
    const frame = requestAnimationFrame(() => performance.mark('usable'));
    return () => cancelAnimationFrame(frame);
  }, [isUsable]);
}

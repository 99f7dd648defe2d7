import type { Kept } from './app-files.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const SMALLEST = { width: 640, height: 480 } as const;
const USUAL = { width: 960, height: 680 } as const;
/** So much of a window has to be on a screen that it can be found and moved. */
const GRIP = { width: 160, height: 60 } as const;

/** Where the window opens: where it was, as far as the screens of today show that; else the desktop chooses. */
export function placementOf(
  kept: Kept['window'],
  screens: readonly Box[],
): { readonly width: number; readonly height: number; readonly x?: number; readonly y?: number } {
  if (!kept) return USUAL;
  const screen = screens.find((one) => {
    const across = Math.min(one.x + one.width, kept.x + kept.width) - Math.max(one.x, kept.x);
    // Its top is where a window is taken.
    const down = one.y + one.height - kept.y;
    return across >= GRIP.width && kept.y >= one.y && down >= GRIP.height;
  });
  const largest = screen ?? screens[0];
  const size = {
    width: Math.max(SMALLEST.width, Math.min(kept.width, largest?.width ?? USUAL.width)),
    height: Math.max(SMALLEST.height, Math.min(kept.height, largest?.height ?? USUAL.height)),
  };
  return screen ? { ...size, x: kept.x, y: kept.y } : size;
}

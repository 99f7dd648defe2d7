import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What effects-preload.ts is told. */
export interface EffectsOrders {
  /** Each effect goes into this file, a line of JSON each, before it happens. */
  readonly record: string;
  /** The effect behind so many does not happen: the process is killed in its place. */
  readonly killAfter?: number;
  /** Nothing counts before this file is there. */
  readonly armedBy?: string;
}

/** A change that a process was about to make. */
export interface Effect {
  readonly what: string;
  /** What a program was to read, or a file to hold. */
  readonly input?: string;
}

/** How to start node and in what environment, so that a process follows these orders. */
export function under(orders: EffectsOrders): {
  readonly nodeArguments: readonly string[];
  readonly env: NodeJS.ProcessEnv;
} {
  return {
    nodeArguments: ['--import', join(import.meta.dirname, 'effects-preload.ts')],
    env: { EFFECTS_ORDERS: JSON.stringify(orders) },
  };
}

export function effectsIn(record: string): Effect[] {
  if (!existsSync(record)) return [];
  const lines = readFileSync(record, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Effect);
}

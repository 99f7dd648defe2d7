/** Compiled code kept between runs, so that a command starts faster, in a folder that nobody else can write to. */
import { lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * Switches the cache on, or leaves it off when there is no safe place. The runtime's own default is a folder in
 * the shared temporary directory, where another user could leave code for root to run.
 */
export function useCompileCache(): void {
  const folder = cacheFolder();
  if (folder !== undefined && isOurs(folder)) enableCompileCache(folder);
}

function cacheFolder(): string | undefined {
  if (process.geteuid?.() === 0) return '/var/cache/causeway';
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env;
  if (cache?.startsWith('/') === true) return join(cache, 'causeway');
  return home?.startsWith('/') === true ? join(home, '.cache', 'causeway') : undefined;
}

/** Whether the folder, made when it is missing, is a real folder of this user's that no other can write to. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    return stat.isDirectory() && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

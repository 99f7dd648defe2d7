import { statSync } from 'node:fs';
import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { Tool } from './os.ts';

const DIRECTORIES: readonly string[] = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
const EXECUTABLE = 0o111;

/**
 * The absolute path of a tool: the first of the system's directories that has one which root owns and nobody
 * else can write. PATH does not matter, because whoever calls us may have set it. Fails with
 * platform.tool-missing.
 */
export function findTool(tool: Tool, directories = DIRECTORIES): Result<string, Failure> {
  for (const directory of directories) {
    const path = `${directory}/${tool}`;
    if (isTrusted(path)) return ok(path);
  }
  return err(failure('platform.tool-missing', { tool }));
}

function isTrusted(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return (
    found !== undefined &&
    found.isFile() &&
    found.uid === ROOT &&
    (found.mode & WRITABLE_BY_OTHERS) === 0 &&
    (found.mode & EXECUTABLE) !== 0
  );
}

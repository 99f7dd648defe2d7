import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';

/**
 * Compiles one C file into a library that can be put before a program by LD_PRELOAD, in `directory`. Returns its path;
 * throws with what the compiler says when there is none, or it does not take the file.
 */
export function compileLibrary(source: string, directory: string): string {
  const library = join(directory, `${basename(source, '.c')}.so`);
  const compiler = process.env['CC'] ?? 'cc';
  const made = spawnSync(compiler, ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', library, source]);
  if (made.status !== 0) throw new Error(`${compiler}: ${made.error?.message ?? made.stderr.toString()}`);
  return library;
}

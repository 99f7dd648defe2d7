import { importJson } from './json.ts';
import type { ImportedFile, ImportResult } from './result.ts';

/** Makes a proposal of a file, whose kind is told by what is in it. Nothing in the file makes this throw. */
export function importFile(file: ImportedFile): ImportResult {
  return importJson(file);
}

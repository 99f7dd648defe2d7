/**
 * Loaded into a process before its program (`node --expose-gc --import`): on SIGUSR2 the octets of what is still needed
 * on its heap are written into the file that MEMORY_REPORT names.
 */
import { renameSync, writeFileSync } from 'node:fs';

const report = process.env['MEMORY_REPORT'] ?? '';
const { gc } = globalThis;
// It must not keep alive who would end.
process.on('SIGUSR2', () => {
  gc?.();
  gc?.();
  writeFileSync(`${report}.new`, `${process.memoryUsage().heapUsed}`);
  renameSync(`${report}.new`, report);
});

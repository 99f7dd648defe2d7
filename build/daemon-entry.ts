/*
 * What the start-up snapshot of the service is made of: all its modules, evaluated. A service that runs rehearses
 * connections as soon as clients can reach it.
 */
import v8 from 'node:v8';
import { runDaemon } from '../core/daemon/main.ts';
import { practise } from './practice.ts';
import type { Script } from './rehearsal.ts';

/** Put here by the bundler. */
declare const REHEARSAL_SCRIPT: Script;

// Node loads it when somebody first looks at it.
performance.now();

v8.startupSnapshot.setDeserializeMainFunction(() => {
  const running = runDaemon(process.argv.slice(2), (service) => {
    void practise(REHEARSAL_SCRIPT, service).catch((error: unknown) => console.error(error));
  });
  void running.then((code) => {
    process.exitCode = code;
  });
});

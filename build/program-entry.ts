/*
 * What the start-up snapshot is made of. Everything that the commands load when they need it is loaded here, and a
 * connection is rehearsed, before the heap is written down: a process that starts from it finds all modules evaluated
 * and what connecting calls compiled.
 */
import v8 from 'node:v8';
import '../core/cli/check.ts';
import '../core/composition/connection.ts';
import '../core/cli/completion/scripts.ts';
import '../core/cli/completion/words.ts';
import '../core/cli/help.ts';
import '../core/cli/host.ts';
import '../core/cli/service/main.ts';
import '../core/cli/service/policies.ts';
import '../core/cli/service/profiles.ts';
import '../core/cli/service/run-as.ts';
import { run } from '../core/cli/run.ts';
import { scripted } from './pretended.ts';
import { rehearse, type Script } from './rehearsal.ts';

/** Put here by the bundler. */
declare const REHEARSAL_SCRIPT: Script;

v8.startupSnapshot.setDeserializeMainFunction(async () => {
  process.exit(await run(process.argv.slice(2)));
});

// Node loads it when somebody first looks at it.
performance.now();

/** V8 gives this function to a process when it starts, and the one that makes a snapshot has not started. */
const stopgap =
  'fromBase64' in Uint8Array ? {} : { fromBase64: (text: string) => Buffer.from(text, 'base64') };

Object.assign(Uint8Array, stopgap);
rehearse(REHEARSAL_SCRIPT, scripted(REHEARSAL_SCRIPT.answers))
  .catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  })
  .finally(() => {
    for (const name of Object.keys(stopgap)) Reflect.deleteProperty(Uint8Array, name);
  });

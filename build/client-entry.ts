/*
 * What the start-up snapshot of the commands is made of that people wait for: they are clients of causewayd, and without
 * anything of IKE, of profiles and of policies they start in half the time. What they do is rehearsed before the heap is
 * written down.
 */
import v8 from 'node:v8';
import '../core/cli/host.ts';
import '../core/cli/service/main.ts';
import { run } from '../core/cli/run.ts';
import { rehearseClient } from './client-rehearsal.ts';

v8.startupSnapshot.setDeserializeMainFunction(async () => {
  process.exit(await run(process.argv.slice(2)));
});

// Node loads it when somebody first looks at it.
performance.now();
rehearseClient().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

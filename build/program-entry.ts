/*
 * What the start-up snapshot is made of. Everything that the commands load when they need it is loaded here, before
 * the heap is written down: a process that starts from it finds all modules evaluated.
 */
import v8 from 'node:v8';
import '../core/cli/check.ts';
import '../core/cli/compose.ts';
import '../core/cli/connect.ts';
import '../core/cli/help.ts';
import '../core/cli/host.ts';
import { run } from '../core/cli/run.ts';
import '../core/vpn/ike-config.ts';

v8.startupSnapshot.setDeserializeMainFunction(async () => {
  process.exit(await run(process.argv.slice(2)));
});

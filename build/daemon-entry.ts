/** What the start-up snapshot of the service is made of: all its modules, evaluated. */
import v8 from 'node:v8';
import { runDaemon } from '../core/daemon/main.ts';

v8.startupSnapshot.setDeserializeMainFunction(() => {
  void runDaemon(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
});

import { openSleepMonitor } from '../../core/platform/linux/sleep-monitor.ts';

/* A sleep monitor over the real clocks: a line of JSON for each event, until it is killed. */

const monitor = openSleepMonitor({ log: () => undefined, signals: () => () => undefined });
monitor.changes((event) => console.log(JSON.stringify(event)));
// The monitor alone keeps no process alive.
setInterval(() => undefined, 60_000);
console.log('"ready"');

import { formatAddress } from '../../core/net/address.ts';
import { FORWARDER_ADDRESS } from '../../core/platform/linux/dns/linux-dns.ts';
import { LinuxDnsManager } from '../../core/platform/linux/dns/manager.ts';
import type { DnsOs } from '../../core/platform/linux/dns/os.ts';
import { realDnsOs } from '../../core/platform/linux/dns/real-dns-os.ts';
import { runForwarder } from '../../core/platform/linux/dns/run-forwarder.ts';
import { dnsPlan, type DnsPlanText } from '../unit/platform/dns/plans.ts';

/*
 * A process that holds plans for DNS on the machine that it runs on: `node dns-child.ts <changes> <plan> …`. It takes
 * each plan (JSON) in turn, waits for a line on standard input after each, then clears and ends. It is killed by its own
 * hand before the change to the machine after so many. 'repair' instead of plans undoes what another one left. What it
 * has to say goes to standard output, a line of JSON each.
 */

const MARK = 0xca75;

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const [, , changes = '', ...texts] = process.argv;
let left = changes === 'all' ? Number.POSITIVE_INFINITY : Number(changes);

/** Everything that changes the machine comes by here before it does. */
function change(): void {
  if (left-- <= 0) process.kill(process.pid, 'SIGKILL');
}

function mortal(os: DnsOs): DnsOs {
  return {
    ...os,
    resolvConf: {
      ...os.resolvConf,
      put: (path, what) => {
        change();
        os.resolvConf.put(path, what);
      },
    },
    resolved: {
      present: () => os.resolved.present(),
      stub: () => os.resolved.stub(),
      call: (...args) => {
        change();
        return os.resolved.call(...args);
      },
    },
    runResolvconf: (...args) => {
      change();
      return os.runResolvconf(...args);
    },
    nft: (script) => {
      change();
      return os.nft(script);
    },
    journal: {
      ...os.journal,
      create: (text) => {
        change();
        return os.journal.create(text);
      },
      replace: (text) => {
        change();
        os.journal.replace(text);
      },
      remove: () => {
        change();
        os.journal.remove();
      },
    },
  };
}

const log = (_: string, event: string, fields?: object): void => say({ event, ...fields });
const manager = new LinuxDnsManager({
  os: mortal(realDnsOs({ log: () => undefined })),
  address: FORWARDER_ADDRESS,
  forward: (address, device, plan) =>
    runForwarder(address, device, plan, {
      bypassMark: MARK,
      onAnswers: (answers) => {
        for (const { name, aliases, address: told } of answers)
          say({ name, aliases, address: formatAddress(told) });
      },
      log,
    }),
  log,
});

if (texts[0] === 'repair') {
  say(await manager.repairStale());
} else {
  const lines = process.stdin.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  for (const text of texts) {
    const applied = await manager.apply(dnsPlan(JSON.parse(text) as DnsPlanText));
    say(applied.ok ? 'applied' : applied.error);
    await lines.next();
  }
  const cleared = await manager.clear();
  say(cleared.ok ? 'cleared' : cleared.error);
}
process.exit(0);

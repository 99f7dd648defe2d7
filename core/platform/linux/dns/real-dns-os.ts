import { mkdirSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Log } from '../../../lib/ports.ts';
import { failure } from '../../../lib/failure.ts';
import { err, ok } from '../../../lib/result.ts';
import { isDevice } from '../journal.ts';
import { journalFile } from '../journal-file.ts';
import type { JournalStore } from '../os.ts';
import { isAlive, ownIdentity } from '../process-identity.ts';
import { systemTimers } from '../timers.ts';
import { startTool } from '../tool-process.ts';
import { findTool } from '../tools.ts';
import type { DnsView } from './arrange.ts';
import type { DnsOs } from './os.ts';
import { resolvConfFile } from './resolv-file.ts';
import { ResolvedBus } from './resolved-bus.ts';
import { watchFiles } from './watch.ts';

/** /etc/resolv.conf outlives a reboot, and so does what is needed to put it back. */
const STATE_DIRECTORY = '/var/lib/causeway';
const JOURNALS = 'dns';
const UPLINKS = '/run/systemd/resolve/resolv.conf';
/** Where a resolvconf(8) keeps its records: Debian's, openresolv up to 3.12, openresolv from 3.13 on. */
const RECORDS = {
  debian: '/run/resolvconf/interface',
  old: '/run/resolvconf/interfaces',
  new: '/run/resolvconf/keys',
};
/** systemd's has the same name, and is another way to systemd-resolved. */
const RESOLVECTL = 'resolvectl';

export interface RealDnsOsOptions {
  readonly log: Log;
  readonly stateDirectory?: string;
  /** For tests. */
  readonly busPath?: string;
}

/** This machine. */
export function realDnsOs({ log, stateDirectory = STATE_DIRECTORY, busPath }: RealDnsOsOptions): DnsOs {
  const directory = join(stateDirectory, JOURNALS);
  const own = `net-${networkNamespace()}.json`;
  const resolved = new ResolvedBus({ log, ...(busPath === undefined ? {} : { busPath }) });
  const file = resolvConfFile();
  return {
    resolvConf: file,
    resolved,
    resolvconf,
    runResolvconf: async (args, input) => {
      const path = findTool('resolvconf');
      if (!path.ok) return err(failure('platform.tool-missing', { tool: 'resolvconf' }));
      return ok(await startTool(path.value, args).finish(input));
    },
    nft: async (script) => {
      const path = findTool('nft');
      return path.ok ? ok(await startTool(path.value, ['-f', '-']).finish(script)) : path;
    },
    records: (except) =>
      Object.values(RECORDS).flatMap((place) =>
        namesIn(place)
          .filter((name) => name !== except)
          .map((name) => textOf(join(place, name))),
      ),
    uplinks: () => textOf(UPLINKS),
    interfaceIndex: (name) => {
      const index = isDevice(name) ? Number(textOf(`/sys/class/net/${name}/ifindex`)) : 0;
      return index > 0 ? index : undefined;
    },
    journal: withParent(stateDirectory, journalFile(join(directory, own))),
    formerJournals: () =>
      namesIn(directory)
        .filter((name) => name !== own && /^net-\d+\.json$/.test(name))
        .map((name) => journalFile(join(directory, name))),
    self: ownIdentity(),
    boot: textOf('/proc/sys/kernel/random/boot_id').trim(),
    isAlive,
    watch: (callback) => {
      const { path, leads } = file.look();
      const files = [...new Set(['/etc/resolv.conf', path, leads, UPLINKS])];
      const endFiles = watchFiles({ files, directories: Object.values(RECORDS) }, systemTimers, () =>
        callback('changed'),
      );
      const endBus = resolved.watch(callback);
      return () => {
        endFiles();
        endBus();
      };
    },
  };
}

function resolvconf(): DnsView['resolvconf'] {
  const path = findTool('resolvconf');
  if (!path.ok || basename(realpathSync(path.value)) === RESOLVECTL) return undefined;
  // Only Debian's has this directory, from the start of the machine on.
  return namesIn('/run/resolvconf').includes(basename(RECORDS.debian)) ? 'in-front' : 'alone';
}

/** A directory that holds those of others, too, may be missing when nobody has needed it yet. */
function withParent(directory: string, store: JournalStore): JournalStore {
  return {
    ...store,
    create: (text) => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return store.create(text);
    },
  };
}

/** Names in a directory, sorted; none when it is not there. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** The text of a file with a character for each octet; '' when it cannot be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Each network namespace has links of its own, and a journal. */
function networkNamespace(): string {
  return /^net:\[(\d+)\]$/.exec(readlinkSync('/proc/self/ns/net'))?.[1] ?? '0';
}

import type { Failure } from '../../../lib/failure.ts';
import type { Result } from '../../../lib/result.ts';
import type { DbusRefusal } from '../dbus/connection.ts';
import type { DbusValue } from '../dbus/values.ts';
import type { CommandResult, JournalStore, ProcessIdentity } from '../os.ts';
import type { DnsView } from './arrange.ts';
import type { Before } from './steps.ts';

/** The file /etc/resolv.conf, and where it leads to. */
export interface ResolvConfFile {
  /**
   * What is there now. A link is followed to a regular file in a place that nobody but root can write to; any other
   * link counts as what stands at its own place. Throws when it cannot be read.
   */
  look(): DnsView['resolvConf'];
  /** What stands at a path, without following. Throws when it cannot be read, or is neither file nor link. */
  at(path: string): Before;
  /** Where a link at the path would lead to, and what programs would read there. */
  through(path: string, target: string): { readonly leads: string; readonly text: string };
  /** Makes it so that `what` stands at the path, whole or not at all where the system lets us. Throws. */
  put(path: string, what: Before): void;
  /** Takes away what a process left behind that was killed while it wrote. */
  tidy(path: string): void;
}

/** systemd-resolved, as the bus knows it. */
export interface ResolvedPort {
  present(): Promise<DnsView['resolved']>;
  /** Whether it listens at its own address. */
  stub(): Promise<boolean>;
  /** Calls a method of its manager. */
  call(
    member: string,
    signature: string,
    args: readonly DbusValue[],
  ): Promise<Result<readonly DbusValue[], DbusRefusal>>;
}

/** 'began': systemd-resolved did, and knows nothing of us. */
export type DnsChange = 'changed' | 'began';

/** What the DNS of a Linux machine consists of, as arguments: the real one is real-dns-os.ts. */
export interface DnsOs {
  readonly resolvConf: ResolvConfFile;
  readonly resolved: ResolvedPort;
  /** Which resolvconf(8) there is. */
  resolvconf(): DnsView['resolvconf'];
  /** Runs it. Fails with platform.tool-missing alone. */
  runResolvconf(args: readonly string[], input: string): Promise<Result<CommandResult, Failure>>;
  /** Loads an nftables script. Fails with platform.tool-missing alone. */
  nft(script: string): Promise<Result<CommandResult, Failure>>;
  /** The texts of records of resolvconf(8), but for the one of that name. */
  records(except: string): readonly string[];
  /** The list of servers that systemd-resolved keeps; '' without one. */
  uplinks(): string;
  interfaceIndex(name: string): number | undefined;
  readonly journal: JournalStore;
  /** Journals of processes before the machine was last started: what they did to files is still there. */
  formerJournals(): readonly JournalStore[];
  readonly self: ProcessIdentity;
  /** Another one after each start of the machine. */
  readonly boot: string;
  isAlive(process: ProcessIdentity): boolean;
  /**
   * Calls back when something of this may have changed, and when systemd-resolved began anew. The returned function ends
   * it.
   */
  watch(callback: (what: DnsChange) => void): () => void;
}

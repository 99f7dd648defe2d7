import { err, ok } from '../../core/lib/result.ts';
import { toHex } from '../../core/lib/bytes.ts';
import type { ForwarderPlan } from '../../core/platform/dns-forwarder/forwarder.ts';
import type { DbusValue } from '../../core/platform/linux/dbus/values.ts';
import type { RunningForwarder } from '../../core/platform/linux/dns/manager.ts';
import type { DnsChange, DnsOs } from '../../core/platform/linux/dns/os.ts';
import { parseResolvConf, resolvConfText } from '../../core/platform/linux/dns/resolv-conf.ts';
import type { Before } from '../../core/platform/linux/dns/steps.ts';
import type { JournalStore } from '../../core/platform/linux/os.ts';
import { Killed } from './fake-os.ts';

export const RESOLV_CONF = '/etc/resolv.conf';
export const STUB = '/run/systemd/resolve/stub-resolv.conf';
export const UPLINKS = '/run/systemd/resolve/resolv.conf';
export const GENERATED = '/run/resolvconf/resolv.conf';

export function textFile(text: string, mode = 0o644): Before {
  return { kind: 'file', text, mode, uid: 0, gid: 0 };
}

/** How a machine looks names up: who writes /etc/resolv.conf on it. */
export type DnsKind =
  'plain' | 'absent' | 'followed' | 'no-bus' | 'resolved' | 'uplinks' | 'in-front' | 'alone';

/**
 * The DNS of a Linux machine in memory: files, a systemd-resolved, a resolvconf(8). Processes on it can be killed between
 * any two effects; what they started dies with them.
 */
export class FakeDnsMachine {
  readonly transcript: string[] = [];
  readonly files = new Map<string, Before>();
  /** By the number of a link: what systemd-resolved was told last, by method. */
  readonly links = new Map<number, Map<string, string>>();
  readonly records = new Map<string, string>();
  readonly devices = new Map<string, number>([['causeway0', 7]]);
  resolvedRuns = false;
  /** What the forwarder gets: another than 53 when somebody else has that. */
  forwarderPort = 53;
  /** Tables of nftables by their names. */
  readonly tables = new Map<string, string>();
  hasBus = true;
  hasStub = true;
  boot = 'first';
  /** Makes a matching effect fail. */
  refuse: RegExp | undefined;
  readonly forwarders: { address: string; plan: ForwarderPlan; open: boolean }[] = [];
  readonly #resolvconf: 'in-front' | 'alone' | undefined;
  readonly #journals = new Map<string, string>();
  readonly #alive = new Set<string>();
  readonly #watchers = new Set<(what: DnsChange) => void>();
  #nextPid = 100;
  #effectsLeft = Number.POSITIVE_INFINITY;

  constructor(kind: DnsKind) {
    const text = 'nameserver 192.168.7.1\nsearch home.lan\noptions edns0\n';
    this.#resolvconf = kind === 'in-front' || kind === 'alone' ? kind : undefined;
    switch (kind) {
      case 'plain':
        this.files.set(RESOLV_CONF, textFile(text, 0o640));
        break;
      case 'absent':
        break;
      case 'followed':
        this.files.set(RESOLV_CONF, { kind: 'link', target: '/run/NetworkManager/resolv.conf' });
        this.files.set('/run/NetworkManager/resolv.conf', textFile(text));
        break;
      case 'no-bus':
        this.hasBus = false;
        this.files.set(RESOLV_CONF, { kind: 'link', target: STUB });
        break;
      case 'uplinks':
        this.files.set(RESOLV_CONF, { kind: 'link', target: UPLINKS });
        this.startResolved();
        break;
      case 'resolved':
        this.startResolved();
        break;
      case 'in-front':
      case 'alone':
        this.files.set(RESOLV_CONF, { kind: 'link', target: GENERATED });
        this.records.set('eth0.dhclient', text);
        this.#generate();
        break;
    }
  }

  startResolved(): void {
    this.resolvedRuns = true;
    this.files.set(RESOLV_CONF, this.files.get(RESOLV_CONF) ?? { kind: 'link', target: STUB });
    this.files.set(STUB, textFile('nameserver 127.0.0.53\noptions edns0 trust-ad\n'));
    this.files.set(UPLINKS, textFile('nameserver 192.168.7.1\nsearch home.lan\n'));
    this.links.clear();
    this.tell('began');
  }

  stopResolved(): void {
    this.resolvedRuns = false;
    this.files.delete(STUB);
    this.links.clear();
    this.tell('changed');
  }

  /** Somebody else writes a file. */
  write(path: string, text: string): void {
    this.files.set(path, textFile(text));
    this.tell('changed');
  }

  tell(what: DnsChange): void {
    for (const watcher of [...this.#watchers]) watcher(what);
  }

  killAfter(effects: number): void {
    this.#effectsLeft = effects;
  }

  /** A new start of the machine: nobody lives, what is in /run and in the kernel is gone. */
  reboot(): void {
    this.boot = 'second';
    this.#alive.clear();
    this.#watchers.clear();
    this.links.clear();
    this.devices.clear();
    this.tables.clear();
    this.records.delete('tun.causeway0');
    if (this.#resolvconf) this.#generate();
    this.#journals.set('former', this.#journals.get('own') ?? '');
    this.#journals.delete('own');
  }

  /** Everything that somebody outside can see, but for who wrote the journal. */
  state(): Record<string, unknown> {
    return {
      files: Object.fromEntries([...this.files].sort(([a], [b]) => (a < b ? -1 : 1))),
      links: Object.fromEntries([...this.links].map(([index, told]) => [index, Object.fromEntries(told)])),
      tables: Object.fromEntries(this.tables),
      records: Object.fromEntries([...this.records].sort(([a], [b]) => (a < b ? -1 : 1))),
      forwarders: this.forwarders.filter(({ open }) => open),
      journal: [...this.#journals.values()].filter((text) => text !== '').length,
    };
  }

  journal(): string | undefined {
    return this.#journals.get('own');
  }

  plantJournal(text: string): void {
    this.#journals.set('own', text);
  }

  /** The machine as a new process sees it. */
  process(): DnsOs {
    const pid = this.#nextPid++;
    const self = { pid, startTicks: pid * 7 };
    this.#alive.add(`${this.boot} ${pid}`);
    const effect = (what: string): void => {
      if (!this.#alive.has(`${this.boot} ${pid}`)) throw new Killed();
      if (this.#effectsLeft-- <= 0) {
        this.#effectsLeft = Number.POSITIVE_INFINITY;
        this.#die(pid);
        throw new Killed();
      }
      if (this.refuse?.test(what)) throw new Error(`refused: ${what}`);
      this.transcript.push(what);
    };
    return {
      resolvConf: this.#resolvConf(effect),
      resolved: {
        present: () => Promise.resolve(this.resolvedRuns ? 'there' : this.hasBus ? 'away' : 'no-bus'),
        stub: () => Promise.resolve(this.hasStub),
        call: (member, _, args) => this.#call(member, args, effect),
      },
      resolvconf: () => this.#resolvconf,
      runResolvconf: (args, input) => this.#run(args, input, effect),
      nft: (script) => this.#nft(script, effect),
      records: (except) => [...this.records].flatMap(([name, text]) => (name === except ? [] : [text])),
      uplinks: () => (this.resolvedRuns ? 'nameserver 192.168.7.1\n' : ''),
      interfaceIndex: (name) => this.devices.get(name),
      journal: this.#store('own', effect),
      formerJournals: () => (this.#journals.has('former') ? [this.#store('former', effect)] : []),
      self,
      boot: this.boot,
      isAlive: ({ pid: other }) => this.#alive.has(`${this.boot} ${other}`),
      watch: (callback) => {
        this.#watchers.add(callback);
        return () => this.#watchers.delete(callback);
      },
    };
  }

  /** Starts a forwarder of a process; it dies with it. */
  forward = (address: { readonly octets: Uint8Array }, _: string, plan: ForwarderPlan) => {
    if (this.refuse?.test('forward')) {
      const context = { command: 'listen', detail: 'EADDRINUSE' };
      return Promise.resolve(err({ code: 'platform.dns-failed', retry: 'after-user', context } as const));
    }
    const own = { address: address.octets.join('.'), plan, open: true };
    this.forwarders.push(own);
    const running: RunningForwarder = {
      port: this.forwarderPort,
      update: (changed) => void (own.plan = changed),
      close: () => {
        own.open = false;
        return Promise.resolve();
      },
    };
    return Promise.resolve(ok(running));
  };

  #die(pid: number): void {
    this.#alive.delete(`${this.boot} ${pid}`);
    this.#watchers.clear();
    for (const forwarder of this.forwarders) forwarder.open = false;
    // The device, and what systemd-resolved knew about it, go with who holds it.
  }

  /** Ends whoever still runs, without a chance to clean up. */
  killAll(): void {
    this.killAfter(Number.POSITIVE_INFINITY);
    for (const who of [...this.#alive]) this.#die(Number(who.split(' ')[1]));
  }

  #resolvConf(effect: (what: string) => void): DnsOs['resolvConf'] {
    const at = (path: string): Before => this.files.get(path) ?? { kind: 'absent' };
    const through = (_: string, target: string): { leads: string; text: string } => {
      const there = at(target);
      return { leads: target, text: there.kind === 'file' ? there.text : '' };
    };
    return {
      at,
      through,
      look: () => {
        const before = at(RESOLV_CONF);
        if (before.kind !== 'link') {
          const text = before.kind === 'file' ? before.text : '';
          return { path: RESOLV_CONF, before, leads: RESOLV_CONF, text };
        }
        const { leads, text } = through(RESOLV_CONF, before.target);
        const there = at(leads);
        const follow = there.kind === 'file' && !leads.startsWith('/run/systemd/');
        return follow
          ? { path: leads, before: there, leads, text }
          : { path: RESOLV_CONF, before, leads, text };
      },
      put: (path, what) => {
        effect(`put ${path} ${what.kind}`);
        if (what.kind === 'absent') this.files.delete(path);
        else this.files.set(path, what);
      },
      tidy: () => undefined,
    };
  }

  #call(member: string, args: readonly DbusValue[], effect: (what: string) => void) {
    return new Promise<Awaited<ReturnType<DnsOs['resolved']['call']>>>((resolve, reject) => {
      try {
        if (!this.resolvedRuns) {
          resolve(err({ name: 'org.freedesktop.DBus.Error.ServiceUnknown', detail: 'nobody' }));
          return;
        }
        const [index, value] = args as [number, DbusValue];
        effect(`${member} ${shown(args)}`);
        if (member === 'RevertLink') this.links.delete(index);
        else if (!['FlushCaches', 'ResolveAddress'].includes(member))
          this.links.set(
            index,
            (this.links.get(index) ?? new Map<string, string>()).set(member, shown(value)),
          );
        resolve(ok([]));
      } catch (error) {
        if (error instanceof Killed) reject(error);
        else resolve(err({ name: 'org.freedesktop.resolve1.LinkBusy', detail: String(error) }));
      }
    });
  }

  /** Tables are declared, deleted and made. */
  #nft(script: string, effect: (what: string) => void) {
    return new Promise<Awaited<ReturnType<DnsOs['nft']>>>((resolve, reject) => {
      try {
        effect(`nft\n  ${script.trimEnd().replaceAll('\n', '\n  ')}`);
        for (const [, name = ''] of script.matchAll(/^delete table inet (\S+)$/gm)) this.tables.delete(name);
        const [, made, rules = ''] = /^table inet (\S+) \{\n([\s\S]+)\}$/m.exec(script) ?? [];
        if (made !== undefined) this.tables.set(made, rules);
        resolve(ok({ status: 0, stderr: '' }));
      } catch (error) {
        if (error instanceof Killed) reject(error);
        else resolve(ok({ status: 1, stderr: String(error) }));
      }
    });
  }

  #run(args: readonly string[], input: string, effect: (what: string) => void) {
    return new Promise<Awaited<ReturnType<DnsOs['runResolvconf']>>>((resolve, reject) => {
      try {
        effect(
          `resolvconf ${args.join(' ')}${input === '' ? '' : `\n  ${input.trimEnd().replaceAll('\n', '\n  ')}`}`,
        );
        const [verb, record = ''] = args;
        if (verb === '-a') this.records.set(record, input);
        else this.records.delete(record);
        this.#generate();
        resolve(ok({ status: 0, stderr: '' }));
      } catch (error) {
        if (error instanceof Killed) reject(error);
        else resolve(ok({ status: 1, stderr: String(error) }));
      }
    });
  }

  /** What resolvconf(8) makes of its records. */
  #generate(): void {
    const ordered = [...this.records].sort(([a], [b]) =>
      a.startsWith('tun') ? -1 : b.startsWith('tun') ? 1 : 0,
    );
    const used = this.#resolvconf === 'alone' && this.records.size > 1 ? ordered.slice(0, 1) : ordered;
    const read = used.map(([, text]) => parseResolvConf(text));
    const text = resolvConfText({
      servers: read.flatMap(({ servers }) => servers),
      search: read.flatMap(({ search }) => search),
      manner: read.flatMap(({ manner }) => manner),
    });
    this.files.set(GENERATED, textFile(text));
  }

  #store(name: string, effect: (what: string) => void): JournalStore {
    return {
      place: `/var/lib/${name}`,
      read: () => this.#journals.get(name),
      create: (text) => {
        effect('journal written');
        if (this.#journals.has(name)) return false;
        this.#journals.set(name, text);
        return true;
      },
      replace: (text) => {
        effect('journal written again');
        this.#journals.set(name, text);
      },
      remove: () => {
        effect('journal removed');
        this.#journals.delete(name);
      },
    };
  }
}

/** Values of D-Bus as a text that tests compare. */
function shown(value: DbusValue): string {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return `[${(value as readonly DbusValue[]).map(shown).join(' ')}]`;
  return String(value);
}

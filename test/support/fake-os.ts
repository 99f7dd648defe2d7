import { ok } from '../../core/lib/result.ts';
import type { CommandResult, LinuxOs, Tool } from '../../core/platform/linux/os.ts';

/** What a process that is killed between two effects sees: nothing, ever again. */
export class Killed extends Error {}

/** Everything about a machine that the platform code can change, in a form that tests compare. */
export interface MachineState {
  readonly links: Record<string, { up: boolean; mtu: number }>;
  /** '<device> <address>/<length>' */
  readonly addresses: string[];
  /** '<table> <prefix> dev <device> src <source>' */
  readonly routes: string[];
  /** By family: '<preference> <words>' */
  readonly rules: Record<4 | 6, string[]>;
  readonly nftTables: Record<string, string>;
  readonly parameters: Record<string, string>;
  readonly journal: string | undefined;
}

interface Route {
  readonly table: string;
  readonly prefix: string;
  readonly device: string;
  readonly source: string | undefined;
}

const FILE_EXISTS = 'RTNETLINK answers: File exists';
const NO_FAMILY = 'RTNETLINK answers: Address family not supported by protocol';
const NO_PROCESS = 'RTNETLINK answers: No such process';
const NO_FILE = 'RTNETLINK answers: No such file or directory';
const SOURCE_MARK = '/proc/sys/net/ipv4/conf/all/src_valid_mark';

/**
 * A Linux machine in memory: it understands the `ip` and `nft` that the platform code speaks, and refuses what
 * the kernel would refuse. Anything that it does not understand is an error of the test, never passed over.
 * Processes on it can be killed between any two effects.
 */
export class FakeMachine {
  /** Each run of a tool with its input, each parameter written, each change of the journal's presence. */
  readonly transcript: string[] = [];
  /** Makes a matching line of `ip -batch` fail with that message. */
  refuse: { readonly line: RegExp; readonly message: string } | undefined;
  readonly #links = new Map<string, { up: boolean; mtu: number }>();
  readonly #addresses = new Set<string>();
  readonly #routes = new Map<string, Route>();
  readonly #rules: Record<4 | 6, Set<string>> = { 4: new Set(), 6: new Set() };
  readonly #tables = new Map<string, string>();
  readonly #parameters = new Map<string, string>();
  readonly #alive = new Set<number>();
  #journal: string | undefined;
  #nextPid = 100;
  /** Effects until the next one kills its process. */
  #effectsLeft = Number.POSITIVE_INFINITY;

  constructor(parameters: Readonly<Record<string, string>> = {}) {
    const defaults = { [SOURCE_MARK]: '0', ...rpFilter({ all: 0, default: 0, lo: 0, eth0: 0 }) };
    for (const [path, value] of Object.entries({ ...defaults, ...parameters })) {
      this.#parameters.set(path, value);
    }
    this.#links.set('eth0', { up: true, mtu: 1500 });
    // Of somebody else, and to be left alone.
    this.#rules[4].add('5210 from all fwmark 0x80000 lookup main');
    this.#routes.set('52 100.64.0.0/10', {
      table: '52',
      prefix: '100.64.0.0/10',
      device: 'eth0',
      source: undefined,
    });
  }

  /** A TUN device as opening it leaves it. */
  addDevice(name: string): void {
    this.#links.set(name, { up: false, mtu: 1500 });
  }

  /** What the kernel does when the process that holds a TUN device is gone. */
  removeDevice(name: string): void {
    this.#links.delete(name);
    for (const address of this.#addresses)
      if (address.startsWith(`${name} `)) this.#addresses.delete(address);
    this.#dropRoutes((route) => route.device === name);
  }

  /** The effect after `count` more kills its process: it does not happen, nor does anything after it. */
  killAfter(count: number): void {
    this.#effectsLeft = count;
  }

  /** The machine as a new process sees it. */
  process(): LinuxOs {
    const pid = this.#nextPid++;
    this.#alive.add(pid);
    const effect = (): void => {
      if (!this.#alive.has(pid)) throw new Killed();
      if (this.#effectsLeft-- > 0) return;
      this.#effectsLeft = Number.POSITIVE_INFINITY;
      this.end(pid);
      throw new Killed();
    };
    return {
      run: (tool, args, input) => new Promise((resolve) => resolve(ok(this.#run(tool, args, input, effect)))),
      readParameter: (path) => this.#parameters.get(path),
      writeParameter: (path, value) => {
        effect();
        this.transcript.push(`write ${value} ${path}`);
        this.#parameters.set(path, value);
      },
      parameterInterfaces: () =>
        [...this.#parameters.keys()].flatMap((path) => /conf\/(\w+)\/rp_filter$/.exec(path)?.[1] ?? []),
      journal: this.#journalOf(effect),
      self: { pid, startTicks: pid * 7 },
      isAlive: ({ pid: other, startTicks }) => this.#alive.has(other) && startTicks === other * 7,
    };
  }

  /** Ends a process without a chance to clean up. */
  end(pid: number): void {
    this.#alive.delete(pid);
  }

  state(): MachineState {
    const sorted = (texts: Iterable<string>): string[] => [...texts].sort();
    return {
      links: Object.fromEntries([...this.#links].map(([name, link]) => [name, { ...link }])),
      addresses: sorted(this.#addresses),
      routes: sorted(
        [...this.#routes.values()].map(
          ({ table, prefix, device, source }) => `${table} ${prefix} dev ${device} src ${source ?? '-'}`,
        ),
      ),
      rules: { 4: sorted(this.#rules[4]), 6: sorted(this.#rules[6]) },
      nftTables: Object.fromEntries(this.#tables),
      parameters: Object.fromEntries(this.#parameters),
      journal: this.#journal,
    };
  }

  /** Puts a text into the journal, as a process of long ago might have. */
  plantJournal(text: string): void {
    this.#journal = text;
  }

  #journalOf(effect: () => void): LinuxOs['journal'] {
    return {
      place: '/run/fake.json',
      read: () => this.#journal,
      create: (text) => {
        effect();
        if (this.#journal !== undefined) return false;
        this.transcript.push('journal written');
        this.#journal = text;
        return true;
      },
      replace: (text) => {
        effect();
        this.#journal = text;
      },
      remove: () => {
        effect();
        this.transcript.push('journal removed');
        this.#journal = undefined;
      },
    };
  }

  #run(tool: Tool, args: readonly string[], input: string, effect: () => void): CommandResult {
    this.transcript.push([`${tool} ${args.join(' ')}`, ...input.trimEnd().split('\n')].join('\n  '));
    if (tool === 'nft') {
      effect();
      return this.#nft(input);
    }
    const family = args.includes('-6') ? 6 : 4;
    const force = args.includes('-force');
    let stderr = '';
    for (const [i, line] of input.trimEnd().split('\n').entries()) {
      effect();
      const message = this.refuse?.line.test(line) === true ? this.refuse.message : this.#ip(line, family);
      if (message === undefined) continue;
      stderr += `${message}\nCommand failed -:${i + 1}\n`;
      if (!force) break;
    }
    return { status: stderr === '' ? 0 : 1, stderr };
  }

  /** One line of a batch. undefined: done; else what ip says. */
  #ip(line: string, family: 4 | 6): string | undefined {
    const [object = '', verb = '', ...words] = line.split(' ');
    switch (`${object} ${verb}`) {
      case 'link set':
        return this.#link(words, line);
      case 'address add':
      case 'address del':
        return this.#address(verb, words, line);
      case 'route replace':
      case 'route del':
        return this.#route(verb, words, line);
      case 'rule add':
      case 'rule del':
        return this.#rule(verb, words, family);
      default:
        throw new Error(`ip does not know: ${line}`);
    }
  }

  #link(words: readonly string[], line: string): string | undefined {
    const match = /^dev (\S+) (?:mtu (\d+)( addrgenmode none)?|up|(down))$/.exec(words.join(' '));
    if (!match) throw new Error(`ip does not know: ${line}`);
    const [, name = '', mtu, addrgenmode, down] = match;
    const link = this.#links.get(name);
    if (link === undefined) return `Cannot find device "${name}"`;
    // A link with a smaller MTU than IPv6 wants has none.
    if (addrgenmode !== undefined && Number(mtu) < 1280) return NO_FAMILY;
    if (mtu !== undefined) link.mtu = Number(mtu);
    else link.up = down === undefined;
    if (!link.up) this.#dropRoutes((route) => route.device === name);
    return undefined;
  }

  #address(verb: string, words: readonly string[], line: string): string | undefined {
    const match = /^(\S+)\/(32|128) dev (\S+)( nodad)?( noprefixroute)?$/.exec(words.join(' '));
    const [, address = '', length, device = '', nodad, noprefixroute] = match ?? [];
    // Without these the kernel would wait, or write a route into the main table.
    const complete = verb === 'del' || (noprefixroute && (nodad !== undefined) === address.includes(':'));
    if (!match || !complete) throw new Error(`ip does not know: ${line}`);
    if (!this.#links.has(device)) return `Cannot find device "${device}"`;
    const key = `${device} ${address}/${length}`;
    if (verb === 'add') {
      if (this.#addresses.has(key)) return FILE_EXISTS;
      this.#addresses.add(key);
      return undefined;
    }
    if (!this.#addresses.delete(key)) {
      return length === '128' ? 'Error: ipv6: address not found.' : 'Error: ipv4: Address not found.';
    }
    this.#dropRoutes((route) => route.source === address);
    return undefined;
  }

  #route(verb: string, words: readonly string[], line: string): string | undefined {
    if (words[0] === 'throw') return this.#exception(verb, words, line);
    const match = /^(\S+\/\d+) dev (\S+) table (\d+)(?: src (\S+))?$/.exec(words.join(' '));
    if (!match) throw new Error(`ip does not know: ${line}`);
    const [, prefix = '', device = '', table = '', source] = match;
    const link = this.#links.get(device);
    if (link === undefined) return `Cannot find device "${device}"`;
    const key = `${table} ${prefix}`;
    if (verb === 'del') return this.#routes.delete(key) ? undefined : NO_PROCESS;
    if (!link.up) return 'Error: Device for nexthop is not up.';
    const length = source?.includes(':') === true ? 128 : 32;
    if (source !== undefined && !this.#addresses.has(`${device} ${source}/${length}`)) {
      return 'Error: Invalid prefsrc address.';
    }
    this.#routes.set(key, { table, prefix, device, source });
    return undefined;
  }

  /** It is of no device, and outlives them all. */
  #exception(verb: string, words: readonly string[], line: string): string | undefined {
    const match = /^throw (\S+\/\d+) table (\d+)$/.exec(words.join(' '));
    if (!match) throw new Error(`ip does not know: ${line}`);
    const [, prefix = '', table = ''] = match;
    const key = `${table} throw ${prefix}`;
    if (verb === 'del') return this.#routes.delete(key) ? undefined : NO_PROCESS;
    this.#routes.set(key, { table, prefix: `throw ${prefix}`, device: '-', source: undefined });
    return undefined;
  }

  #rule(verb: string, words: readonly string[], family: 4 | 6): string | undefined {
    const [pref, preference, ...rest] = words;
    if (pref !== 'pref') throw new Error(`a rule without preference: ${words.join(' ')}`);
    const rule = `${preference} ${rest.join(' ')}`;
    const rules = this.#rules[family];
    if (verb === 'del') return rules.delete(rule) ? undefined : NO_FILE;
    if (rules.has(rule)) return FILE_EXISTS;
    rules.add(rule);
    return undefined;
  }

  #nft(script: string): CommandResult {
    for (const statement of script.match(/table inet \w+ \{[^]*?\n?\}\n(?![\s}])|delete table inet \w+\n/g) ??
      []) {
      const [, name = ''] = /table inet (\w+)/.exec(statement) ?? [];
      if (statement.startsWith('delete')) this.#tables.delete(name);
      else this.#tables.set(name, (this.#tables.get(name) ?? '') + statement);
    }
    return { status: 0, stderr: '' };
  }

  #dropRoutes(which: (route: Route) => boolean): void {
    for (const [key, route] of this.#routes) if (which(route)) this.#routes.delete(key);
  }
}

/** rp_filter of interfaces, as parameters for a machine. */
export function rpFilter(values: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `/proc/sys/net/ipv4/conf/${name}/rp_filter`,
      String(value),
    ]),
  );
}

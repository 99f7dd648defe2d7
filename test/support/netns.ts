import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * Network laboratories made of network namespaces, for tests with real packets. Nothing here touches the
 * namespace that the tests themselves run in: both ends of every link are created inside namespaces of the lab.
 */

const IP = firstOf('/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip');
const NFT = firstOf('/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft');
const TCPDUMP = firstOf('/usr/bin/tcpdump', '/usr/sbin/tcpdump');
const RESOLV_CONF = '/etc/resolv.conf';
const DEFAULT_TIMEOUT_MS = 30_000;

/** What a finished command left behind. `status` is -1 when a signal ended it or it could not start. */
export interface ExecResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Replaces the environment; the tests' own is inherited without it. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface LinkOptions {
  /** Addresses with prefix lengths ('10.0.0.1/24', 'fd00::1/64') of the end in the first namespace. */
  readonly addrA?: readonly string[];
  readonly addrB?: readonly string[];
  /** Interface names, at most 15 characters each; eth0, eth1, ... of each namespace without it. */
  readonly names?: readonly [string, string];
  readonly mtu?: number;
}

/** A packet capture that is running. */
export interface Capture {
  readonly file: string;
  /** Ends the capture; the file is complete when this resolves. */
  stop(): Promise<void>;
}

/** One network namespace. Its commands run through `ip netns exec` and see `/etc/netns/<name>/` over /etc. */
export class Namespace {
  /** The full name, as `ip netns` shows it. */
  readonly name: string;
  #interfaces = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** argv that runs `argv` inside this namespace, for callers that start processes in their own way. */
  argv(argv: readonly string[]): readonly [string, ...string[]] {
    return [tool(IP, 'ip'), 'netns', 'exec', this.name, ...argv];
  }

  /** Runs a command to its end. Never throws for a command that fails: look at `status`. */
  exec(argv: readonly string[], options: ExecOptions = {}): ExecResult {
    return runSync(this.argv(argv), options);
  }

  /** Like exec, but throws (with what the command said) unless it ends with status 0. Returns stdout. */
  run(argv: readonly string[], options: ExecOptions = {}): string {
    return mustSucceed(this.exec(argv, options), argv);
  }

  /** `exec` without blocking this process: needed when this process must answer what the command asks. */
  execAsync(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const child = this.spawn(argv, { ...(options.env ? { env: options.env } : {}), stdio: 'pipe' });
    return collect(child, options);
  }

  /** Starts a command. The lab's destroy() kills it when it still runs then. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [file, ...rest] = this.argv(argv);
    return spawn(file, rest, { ...options, shell: false });
  }

  /** `ip <args>` inside this namespace; throws when it fails. Returns stdout. */
  ip(...args: readonly string[]): string {
    const argv = [tool(IP, 'ip'), '-n', this.name, ...args];
    return mustSucceed(runSync(argv, {}), argv);
  }

  /** `ip` commands without the `ip`, in one process one after the other; throws at the first that fails. */
  ipBatch(commands: readonly string[]): void {
    const argv = [tool(IP, 'ip'), '-n', this.name, '-batch', '-'];
    mustSucceed(runSync(argv, { input: `${commands.join('\n')}\n` }), [...argv, ...commands]);
  }

  /** Loads an nftables script; throws when it is refused. Returns stdout. */
  nft(script: string): string {
    return this.run([tool(NFT, 'nft'), '-f', '-'], { input: script });
  }

  /** Sets a kernel parameter of this namespace, such as `net.ipv4.ip_forward`. */
  sysctl(key: string, value: string | number): void {
    const path = `/proc/sys/${key.replaceAll('.', '/')}`;
    this.run(['/bin/sh', '-c', 'printf %s "$1" > "$2"', 'sh', String(value), path]);
  }

  /**
   * What commands in this namespace find at /etc/<file> instead of the machine's own: 'hosts' or
   * 'resolv.conf', say. Seen by commands that start afterwards; the file must exist on the machine.
   */
  etc(file: string, text: string): void {
    mkdirSync(`/etc/netns/${this.name}`, { recursive: true });
    writeFileSync(`/etc/netns/${this.name}/${file}`, text);
  }

  /** The next free default interface name: eth0, eth1, ... */
  nextInterface(): string {
    return `eth${this.#interfaces++}`;
  }
}

/**
 * A set of namespaces and links with one life. destroy() (also called when this process exits) kills every
 * process inside and removes every namespace; what an earlier, killed run with the same label left is swept
 * when the next lab with that label is created.
 */
export class NetLab {
  /** What every namespace name starts with: `cw-<label>-<process id in hexadecimal>-`. */
  readonly prefix: string;
  readonly #namespaces = new Map<string, Namespace>();
  readonly #onExit: () => void;

  private constructor(prefix: string) {
    this.prefix = prefix;
    this.#onExit = () => {
      this.destroy();
    };
    process.on('exit', this.#onExit);
  }

  /**
   * Why labs cannot be made here, or undefined when they can; for node:test's `skip` option:
   * `test('…', { skip: NetLab.unavailable() }, …)`.
   */
  static unavailable(): string | false {
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    if (IP === undefined) return 'iproute2 is not installed';
    return false;
  }

  /** `label`: lower-case letters and digits, at most 8; a process uses each label for one lab at a time. */
  static create(label: string): NetLab {
    if (!/^[a-z0-9]{1,8}$/.test(label)) throw new RangeError(`not a lab label: ${label}`);
    const prefix = `cw-${label}-${process.pid.toString(16)}-`;
    if (living.has(prefix)) throw new Error(`this process already has a lab labelled ${label}`);
    sweep(label);
    const lab = new NetLab(prefix);
    living.add(prefix);
    return lab;
  }

  /** A new namespace `<prefix><name>` with its loopback up and IPv6 usable at once (no address detection delay). */
  namespace(name: string): Namespace {
    const full = this.prefix + name;
    if (this.#namespaces.has(name)) throw new Error(`namespace ${name} exists`);
    must([tool(IP, 'ip'), 'netns', 'add', full]);
    const namespace = new Namespace(full);
    this.#namespaces.set(name, namespace);
    // Whoever changes it in there changes nothing of this machine.
    namespace.etc('resolv.conf', existsSync(RESOLV_CONF) ? readFileSync(RESOLV_CONF, 'utf8') : '');
    namespace.ip('link', 'set', 'lo', 'up');
    for (const scope of ['all', 'default']) {
      namespace.sysctl(`net.ipv6.conf.${scope}.accept_dad`, 0);
      namespace.sysctl(`net.ipv6.conf.${scope}.dad_transmits`, 0);
    }
    return namespace;
  }

  /** A veth pair with one end in each namespace, up and addressed. Returns the two interface names. */
  link(a: Namespace, b: Namespace, options: LinkOptions = {}): readonly [string, string] {
    const names = options.names ?? [a.nextInterface(), b.nextInterface()];
    for (const name of names) {
      if (name.length > 15 || name.length === 0) throw new RangeError(`not an interface name: ${name}`);
    }
    a.ip('link', 'add', names[0], 'type', 'veth', 'peer', 'name', names[1], 'netns', b.name);
    configure(a, names[0], options.addrA, options.mtu);
    configure(b, names[1], options.addrB, options.mtu);
    return names;
  }

  /** A bridge inside a namespace: an interface that is up without a peer, to stand for a LAN. */
  bridge(namespace: Namespace, name: string, addresses: readonly string[]): void {
    namespace.ip('link', 'add', name, 'type', 'bridge');
    configure(namespace, name, addresses, undefined);
  }

  /** `ip route add <args>` (or -6 when an argument looks like IPv6). */
  route(namespace: Namespace, ...args: readonly string[]): void {
    const six = args.some((arg) => arg.includes(':'));
    namespace.ip(...(six ? ['-6'] : []), 'route', 'add', ...args);
  }

  /** Makes a namespace forward packets of both families. */
  forward(namespace: Namespace): void {
    namespace.sysctl('net.ipv4.ip_forward', 1);
    namespace.sysctl('net.ipv6.conf.all.forwarding', 1);
  }

  /** Makes a namespace a NAT router: forwards, and rewrites the source of what leaves by `outInterface`. */
  masquerade(namespace: Namespace, outInterface: string): void {
    this.forward(namespace);
    namespace.nft(
      `table inet causeway_nat {
        chain post {
          type nat hook postrouting priority srcnat;
          oifname "${outInterface}" masquerade
        }
      }\n`,
    );
  }

  /** Starts tcpdump on an interface ('any' for all); resolves once it listens. `filter`: pcap syntax, one text. */
  async capture(namespace: Namespace, ifName: string, file: string, filter?: string): Promise<Capture> {
    const argv = [tool(TCPDUMP, 'tcpdump'), '-i', ifName, '-w', file, '-U', '-n', '-Z', 'root'];
    const child = namespace.spawn([...argv, '--immediate-mode', ...(filter === undefined ? [] : [filter])], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await waitFor(
      () => said.includes('listening on') || child.exitCode !== null,
      10_000,
      'tcpdump to listen',
    );
    if (child.exitCode !== null) throw new Error(`tcpdump: ${said}`);
    return {
      file,
      stop: () => {
        child.kill('SIGINT');
        return ended;
      },
    };
  }

  /** Kills every process in the lab's namespaces and removes them. May be called again. */
  destroy(): void {
    process.off('exit', this.#onExit);
    for (const namespace of this.#namespaces.values()) removeNamespace(namespace.name);
    this.#namespaces.clear();
    living.delete(this.prefix);
  }
}

/** Looks at `predicate` every few milliseconds until it holds; rejects naming `what` after `timeoutMs`. */
export async function waitFor(
  predicate: () => boolean | Promise<boolean>,
  timeoutMs: number,
  what: string,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await predicate())) {
    if (performance.now() >= until) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(10);
  }
}

/** Prefixes of the labs of this process that were created and not destroyed. */
const living = new Set<string>();

function configure(ns: Namespace, name: string, addresses: readonly string[] = [], mtu?: number): void {
  if (mtu !== undefined) ns.ip('link', 'set', name, 'mtu', String(mtu));
  for (const address of addresses) {
    ns.ip('address', 'add', address, 'dev', name, ...(address.includes(':') ? ['nodad'] : []));
  }
  ns.ip('link', 'set', name, 'up');
}

/** Removes the namespaces of labs with this label whose process is gone. */
function sweep(label: string): void {
  const pattern = new RegExp(`^cw-${label}-([0-9a-f]+)-`);
  for (const directory of ['/run/netns', '/etc/netns']) {
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      const owner = pattern.exec(name)?.[1];
      if (owner === undefined) continue;
      const pid = Number.parseInt(owner, 16);
      if (pid === process.pid || !existsSync(`/proc/${pid}`)) removeNamespace(name);
    }
  }
}

function removeNamespace(name: string): void {
  if (existsSync(`/run/netns/${name}`)) {
    killInside(name);
    // What a client that was killed would have put back.
    const { ino } = statSync(`/run/netns/${name}`);
    rmSync(`/var/lib/causeway/dns/net-${ino}.json`, { force: true });
    runSync([tool(IP, 'ip'), 'netns', 'delete', name], {});
  }
  rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
}

/** Kills until nothing is left inside: a process may have forked between the listing and the signal. */
function killInside(name: string): void {
  for (let round = 0; round < 20; round++) {
    const listed = runSync([tool(IP, 'ip'), 'netns', 'pids', name], {}).stdout;
    const pids = listed.split('\n').filter((line) => /^[1-9][0-9]*$/.test(line));
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    }
  }
}

function firstOf(...paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}

function tool(path: string | undefined, name: string): string {
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

function runSync(argv: readonly string[], options: ExecOptions): ExecResult {
  const [file = '', ...rest] = argv;
  const done = spawnSync(file, rest, {
    input: options.input ?? '',
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
    ...(options.env ? { env: options.env } : {}),
  });
  const trouble = done.error === undefined ? '' : `\n${done.error.message}`;
  // Both are null when the process could not be started.
  const [stdout, stderr] = [done.stdout as Buffer | null, done.stderr as Buffer | null];
  return {
    status: done.status ?? -1,
    stdout: stdout?.toString() ?? '',
    stderr: (stderr?.toString() ?? '') + trouble,
  };
}

function must(argv: readonly string[]): string {
  return mustSucceed(runSync(argv, {}), argv);
}

function mustSucceed(result: ExecResult, argv: readonly string[]): string {
  if (result.status === 0) return result.stdout;
  throw new Error(`${argv.join(' ')}: status ${result.status}\n${result.stderr}${result.stdout}`);
}

function collect(child: ChildProcess, options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve) => {
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    child.once('error', (error) => (stderr += error.message));
    child.once('close', (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? -1, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

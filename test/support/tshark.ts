import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * tshark as a judge of captures: an implementation that is not ours reads every message and every ESP packet with
 * the keys of our key log and says what it finds wrong.
 */

const TSHARK = '/usr/bin/tshark';
const TIMEOUT_MS = 60_000;

/** One packet of a capture as tshark reads it. */
export interface JudgedPacket {
  readonly number: number;
  /** The layers from the outside in, such as ['eth', 'ethertype', 'ip', 'udp', 'udpencap', 'esp', 'ip', 'icmp']. */
  readonly layers: readonly string[];
  /** Everything that tshark says about it, one line a field. */
  readonly text: string;
  /** What is wrong with it: malformed fields, errors and warnings of IKE or ESP, checks that failed. */
  readonly problems: readonly string[];
}

/** Why captures cannot be judged here, or undefined when they can. */
export function tsharkMissing(): string | undefined {
  return existsSync(TSHARK) ? undefined : `not installed: ${TSHARK}; run sh build/setup`;
}

/**
 * Reads a capture with the keys of a key log. A line of it is the name of one of Wireshark's tables,
 * `ikev2_decryption_table` or `esp_sa`, a space, and a line of that table's file.
 */
export async function judge(captureFile: string, keyLog: string): Promise<JudgedPacket[]> {
  const missing = tsharkMissing();
  if (missing !== undefined) throw new Error(missing);
  const directory = mkdtempSync(join(tmpdir(), 'cw-tshark-'));
  try {
    for (const table of ['ikev2_decryption_table', 'esp_sa'])
      writeFileSync(join(directory, table), tableOf(keyLog, table));
    writeFileSync(
      join(directory, 'preferences'),
      'esp.enable_encryption_decode: TRUE\nesp.enable_authentication_check: TRUE\n',
    );
    return packetsOf(await run(['-n', '-V', '-r', captureFile], directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Packets of IKE that are encrypted, that is, all but IKE_SA_INIT. */
export function encryptedIke(packets: readonly JudgedPacket[]): JudgedPacket[] {
  return packets.filter(({ layers, text }) => layers.includes('isakmp') && /Payload: Encrypted/.test(text));
}

/** Packets of ESP; decrypted ones have more layers after it. */
export function esp(packets: readonly JudgedPacket[]): JudgedPacket[] {
  return packets.filter(({ layers }) => layers.includes('esp'));
}

/** Whether tshark decrypted an encrypted IKE or ESP packet and found its integrity check good. */
export function wasRead({ layers, text }: JudgedPacket): boolean {
  return layers.includes('esp')
    ? /ESP ICV: .*\[correct\]/.test(text) && layers.at(-1) !== 'esp'
    : /Integrity Checksum Data: .*\[correct\]/.test(text) && /Decrypted Data/.test(text);
}

/** A message for a failing test: what is wrong in which packet. */
export function problemsOf(packets: readonly JudgedPacket[]): string[] {
  return packets.flatMap(({ number, problems }) => problems.map((problem) => `packet ${number}: ${problem}`));
}

function tableOf(keyLog: string, table: string): string {
  const prefix = `${table} `;
  return keyLog
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => `${line.slice(prefix.length)}\n`)
    .join('');
}

function run(argv: readonly string[], directory: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(TSHARK, argv, {
      env: { PATH: process.env['PATH'], WIRESHARK_CONFIG_DIR: directory, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => {
      // A line of the key log that tshark does not understand is told here and nowhere else.
      if (status !== 0 || /Error loading table/.test(stderr))
        reject(new Error(`tshark: ${status}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

function packetsOf(verbose: string): JudgedPacket[] {
  return verbose
    .split(/^(?=Frame \d+:)/m)
    .filter((text) => text.startsWith('Frame '))
    .map((text) => ({
      number: Number(/^Frame (\d+):/.exec(text)?.[1]),
      layers: /\[Protocols in frame: (.*)\]/.exec(text)?.[1]?.split(':') ?? [],
      text,
      problems: problemLines(text),
    }));
}

const PROBLEM =
  /Expert Info \(Error\/|Expert Info \(Warning\/|Malformed|Dissector bug|\[incorrect|Not enough data|unparsed/i;

/** Warnings count only where they are about IKE or ESP: what the visitor's own TCP does is not judged here. */
function problemLines(text: string): string[] {
  let section = '';
  const found: string[] = [];
  for (const line of text.split('\n')) {
    if (/^\S/.test(line)) section = line;
    const ours = /^(Internet Security Association|Encapsulating Security|UDP Encapsulation)/.test(section);
    if (PROBLEM.test(line) && (ours || !/Warning/.test(line))) found.push(line.trim());
  }
  return found;
}

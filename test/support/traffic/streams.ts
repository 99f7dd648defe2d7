import { fileURLToPath } from 'node:url';
import { octetsSummary } from '../../interop/octets.ts';
import { AskedProgram } from '../asked-program.ts';
import type { Namespace } from '../netns.ts';
import type { StreamReport } from './stream-log.ts';

/*
 * The traffic that roaming is judged by: a stream of numbered UDP packets that the office echoes, and a TCP download
 * that lasts as long as the test. Each end is a process of its own, so that a busy test measures nothing of itself.
 */

const ECHO_PORT = 7007;
const DOWNLOAD_PORT = 7080;
export const END_WORD = 'end';
const FINISH_TIMEOUT_MS = 60_000;

export interface OfficeConfig {
  readonly echoPort: number;
  readonly downloadPort: number;
}

export interface StreamConfig {
  readonly target: string;
  readonly port: number;
  readonly perSecond: number;
  /** Of a packet's payload; 100 without it. */
  readonly octets?: number;
  /** See StreamReport; 50 and 1,000 without them. */
  readonly gapMs?: number;
  readonly lateMs?: number;
}

/** When a packet came through, on the clock of monotonic.ts. */
export interface Through {
  readonly atMs: number;
}

export type StreamQuestion =
  | { readonly command: 'through'; readonly sinceMs: number }
  | { readonly command: 'report' }
  | { readonly command: 'stop'; readonly lingerMs: number };

export interface DownloadConfig {
  readonly target: string;
  readonly port: number;
  readonly octetsPerSecond: number;
}

export interface DownloadReport {
  readonly octets: number;
  readonly longestStallMs: number;
  /** 'whole': it ended when it was asked to; 'early': the office ended it; otherwise the error, such as ECONNRESET. */
  readonly ended: string;
  /** Whether what came is the beginning of the known stream. */
  readonly intact: boolean;
}

/** Starts the far end on a host; the lab ends it. */
export async function startOffice(host: Namespace): Promise<AskedProgram> {
  const config: OfficeConfig = { echoPort: ECHO_PORT, downloadPort: DOWNLOAD_PORT };
  return AskedProgram.start('the office host', host, argvOf('office-main.ts'), config);
}

/** A stream of numbered packets that is running. */
export class UdpStream {
  readonly #program: AskedProgram;

  private constructor(program: AskedProgram) {
    this.#program = program;
  }

  static async start(from: Namespace, options: Omit<StreamConfig, 'port'>): Promise<UdpStream> {
    const config: StreamConfig = { port: ECHO_PORT, ...options };
    return new UdpStream(await AskedProgram.start('the stream', from, argvOf('stream-main.ts'), config));
  }

  /**
   * When the first packet came back of those that were sent at `sinceMs` or later. Rejects when none does within the
   * time.
   */
  async through(sinceMs: number, timeoutMs = 30_000): Promise<number> {
    return (await this.#program.ask<Through>({ command: 'through', sinceMs }, timeoutMs)).atMs;
  }

  /** How it went so far; what is still on its way counts as lost. */
  report(): Promise<StreamReport> {
    return this.#program.ask<StreamReport>({ command: 'report' });
  }

  /** Sends nothing more, waits for what is still on its way, and ends. */
  async stop(lingerMs = 500): Promise<StreamReport> {
    const report = await this.#program.ask<StreamReport>({ command: 'stop', lingerMs }, lingerMs + 10_000);
    await this.#program.stop();
    return report;
  }
}

/** A TCP download that is running. */
export class Download {
  readonly #program: AskedProgram;

  private constructor(program: AskedProgram) {
    this.#program = program;
  }

  /** Rejects when no connection can be made. */
  static async start(from: Namespace, options: Omit<DownloadConfig, 'port'>): Promise<Download> {
    const config: DownloadConfig = { port: DOWNLOAD_PORT, ...options };
    return new Download(await AskedProgram.start('the download', from, argvOf('download-main.ts'), config));
  }

  /** Octets so far. */
  async octets(): Promise<number> {
    return (await this.#program.ask<{ octets: number }>({ command: 'progress' })).octets;
  }

  /** Asks the office to end it, and checks what came. */
  async finish(): Promise<DownloadReport> {
    const { sha256, ...report } = await this.#program.ask<
      Omit<DownloadReport, 'intact'> & { sha256: string }
    >({ command: 'finish' }, FINISH_TIMEOUT_MS);
    await this.#program.stop();
    return { ...report, intact: octetsSummary(report.octets) === `${report.octets} ${sha256}` };
  }
}

function argvOf(program: string): readonly string[] {
  return [process.execPath, fileURLToPath(new URL(`./${program}`, import.meta.url))];
}

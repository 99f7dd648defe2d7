import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { CommandResult } from './os.ts';

/** The tools answer within milliseconds; one that hangs must not hang the connection. */
const COMMAND_TIMEOUT_MS = 10_000;
/** As much of what a tool says as is kept. */
const STDERR_LIMIT = 65_536;

/** A tool that has started and waits for its input. It ends with us: its input ends when we do. */
export interface ToolProcess {
  /** True as long as it waits. */
  readonly waits: () => boolean;
  /** Gives it its whole input, and waits for its end. */
  readonly finish: (input: string) => Promise<CommandResult>;
}

/**
 * No shell, no environment of the caller's, messages in English; what it runs itself is of the system's directories. It
 * does not keep our process alive by waiting.
 */
export function startTool(path: string, args: readonly string[]): ToolProcess {
  const child = spawn(path, args, {
    cwd: '/',
    env: { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let ended: CommandResult | undefined;
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < STDERR_LIMIT) stderr += text;
  });
  const end = new Promise<CommandResult>((resolve) => {
    const settle = (result: CommandResult): void => {
      ended ??= result;
      resolve(ended);
    };
    child.once('error', (error) => settle({ status: -1, stderr: error.message }));
    child.once('close', (status) => settle({ status: status ?? -1, stderr }));
  });
  // A tool that ends before it has read everything says why on its own.
  child.stdin.on('error', () => undefined);
  const pipes = [child.stdin, child.stderr].filter((pipe) => pipe instanceof Socket);
  const holds = [child, ...pipes];
  for (const hold of holds) hold.unref();
  return {
    waits: () => ended === undefined,
    finish: (input) => {
      for (const hold of holds) hold.ref();
      const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_TIMEOUT_MS);
      child.stdin.end(input);
      return end.finally(() => clearTimeout(timer));
    },
  };
}

/**
 * The test gateway as a program, for a namespace of a network laboratory. The first line on standard input is
 * its configuration in JSON (config-json.ts); each further line is a command such as {"command":"stats"}.
 * Every event is one line of JSON on standard output. It ends at SIGTERM, at SIGINT, and when its input ends.
 */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { parseGatewayConfig } from './config-json.ts';
import { GatewayProgram, type ProgramCommand } from './program.ts';
import { print } from './report.ts';

let program: GatewayProgram | undefined;

function stop(status: number): void {
  program?.close();
  process.exit(status);
}

function handle(line: string): void {
  if (line.trim() === '') return;
  if (program !== undefined) {
    program.command(JSON.parse(line) as ProgramCommand);
    return;
  }
  const config = parseGatewayConfig(JSON.parse(line), Date.now() - performance.now());
  program = GatewayProgram.start(config, (length) => new Uint8Array(randomBytes(length)));
}

process.on('SIGTERM', () => stop(0));
process.on('SIGINT', () => stop(0));
const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  try {
    handle(line);
  } catch (error) {
    print({ event: 'failed', reason: error instanceof Error ? error.message : String(error) });
    stop(1);
  }
});
input.on('close', () => stop(0));

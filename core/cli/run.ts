import { readFileSync } from 'node:fs';
import { parseCommand } from './arguments.ts';

const EXIT_USAGE = 2;

/** Runs one command line and returns the exit code. What a command does not need is not loaded. */
export async function run(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'completion' && argv[1] === 'words') {
    const { completionLines } = await import('./completion/words.ts');
    for (const line of await completionLines(argv)) process.stdout.write(`${line}\n`);
    return 0;
  }
  const command = parseCommand(argv);
  if (!command.ok) {
    process.stderr.write(`causeway: ${command.error}\nSee all commands and options with: causeway --help\n`);
    return EXIT_USAGE;
  }
  switch (command.value.kind) {
    case 'version':
      process.stdout.write(`causeway ${version()}\n`);
      return 0;
    case 'help':
      process.stdout.write((await import('./help.ts')).HELP);
      return 0;
    case 'completion':
      process.stdout.write((await import('./completion/scripts.ts')).completionScript(command.value.shell));
      return 0;
    case 'check': {
      const [{ check }, { processHost }] = await Promise.all([import('./check.ts'), import('./host.ts')]);
      return check(command.value.profilePath, processHost());
    }
    case 'connect': {
      const [{ connect }, { processHost }] = await Promise.all([import('./connect.ts'), import('./host.ts')]);
      return connect(command.value.options, processHost());
    }
    case 'service': {
      const [{ runServiceCommand }, { processHost }] = await Promise.all([
        import('./service/main.ts'),
        import('./host.ts'),
      ]);
      return runServiceCommand(command.value.command, processHost(), version());
    }
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && 'version' in value
    ? String(value.version)
    : 'unknown';
}

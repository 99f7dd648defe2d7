/** Completion as people get it: real shells on terminals, which ask the program, which asks a service. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildProgram } from '../../build/program.ts';
import { passwordProfile } from '../interop/office.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { NetLab } from '../support/netns.ts';
import { notUnpacked } from '../support/private-machine.ts';
import { SHELL_PACKAGES, withShells } from '../support/shells.ts';

const CLI = join(import.meta.dirname, '../../core/cli/main.ts');
const TYPIST = join(import.meta.dirname, '../support/typist.py');
/** How each shell is started without anybody's own settings, and what it is told first. */
const SHELLS = {
  bash: {
    argv: ['bash', '--norc', '--noprofile', '-i'],
    setup: "bind 'set bell-style none'; PS1=; source <(causeway completion bash)",
  },
  zsh: {
    argv: ['zsh', '-f', '-i'],
    setup: 'PS1= PROMPT_SP=; autoload -U compinit; compinit -u -D; source <(causeway completion zsh)',
  },
  fish: {
    argv: ['fish', '--private'],
    setup: 'function fish_prompt; end; causeway completion fish | source',
  },
} as const;

describe('completion', { skip: NetLab.unavailable() || notUnpacked(...SHELL_PACKAGES) }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cw-completion-'));
  let lab: NetLab;
  let daemon: DaemonProcess;

  before(async () => {
    const built = await buildProgram();
    lab = NetLab.create('compl');
    daemon = await DaemonProcess.start(lab.namespace('client'));
    const client = await daemon.client();
    for (const name of ['Head Office', 'Branch']) {
      assert.ok((await client.call('profile.write', { contents: passwordProfile({ name }) })).ok);
    }
    client.close();
    // What is completed is the program; what is run afterwards only tells what it was run with.
    const program = join(folder, 'causeway');
    writeFileSync(
      program,
      `#!/bin/sh
if [ "$1" = completion ]; then exec '${built.file}' "$@"; fi
printf 'ran:'
printf '<%s>' "$@"
printf '\\nend of it\\n'
`,
    );
    chmodSync(program, 0o755);
    writeFileSync(join(folder, 'a file.json'), '{}');
  });
  after(async () => {
    await daemon.destroy();
    lab.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Types a line with tabs in it into a shell, and gives the words that the program was run with. */
  async function typed(shell: keyof typeof SHELLS, line: string): Promise<string[]> {
    const { argv, setup } = SHELLS[shell];
    const script = [
      ['', `${setup}; echo se''t up\r`],
      ['set up', `${line}\r`],
      ['end of it', 'exit\r'],
    ];
    const child = spawn('python3', [TYPIST, JSON.stringify(script), ...withShells(argv)], {
      cwd: folder,
      env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    const ran = /ran:((?:<[^>]*>)+)/.exec(text)?.[1];
    assert.ok(ran !== undefined, text);
    return ran.slice(1, -1).split('><');
  }

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    test(`in ${shell} knows commands, what they do, options, files and the profiles of the service`, async () => {
      const socket = `--socket ${daemon.socketPath}`;
      assert.deepEqual(await typed(shell, 'causeway stat\t--wa\t'), ['status', '--watch']);
      assert.deepEqual(await typed(shell, `causeway pol\t${socket} ed\tHe\t`), [
        'policy',
        '--socket',
        daemon.socketPath,
        'edit',
        'Head Office',
      ]);
      assert.deepEqual(await typed(shell, 'causeway check a\t'), ['check', 'a file.json']);
    });
  }

  function words(...argv: readonly string[]): string[] {
    const { stdout } = spawnSync(process.execPath, [CLI, 'completion', 'words', ...argv], {
      encoding: 'utf8',
    });
    return stdout.split('\n').filter((line) => line !== '');
  }

  test('offers what begins as the word does, and each option once', () => {
    assert.deepEqual(words('bash', '0', 'pro'), ['profile']);
    assert.deepEqual(words('bash', '2', 'status', '--json', '--'), ['--watch', '--socket']);
    assert.deepEqual(words('bash', '2', 'settings', 'kill-switch', ''), ['off', 'session', 'always']);
    assert.deepEqual(words('bash', '3', 'up', '--socket', daemon.socketPath, ''), [
      'Branch',
      'Head\\ Office',
    ]);
    assert.deepEqual(words('bash', '3', 'up', '--socket', daemon.socketPath, '"Head '), ['Head Office']);
    assert.deepEqual(words('zsh', '3', 'up', '--socket', daemon.socketPath, 'B'), ['Branch\t192.0.2.1']);
    assert.deepEqual(words('bash', '1', 'down', ''), []);
    assert.deepEqual(words('nonsense'), []);
  });

  test('waits for a service that does not answer no longer than a person would', () => {
    process.kill(daemon.pid, 'SIGSTOP');
    try {
      const startedAt = performance.now();
      assert.deepEqual(words('bash', '3', 'up', '--socket', daemon.socketPath, ''), []);
      assert.ok(performance.now() - startedAt < 3000);
    } finally {
      process.kill(daemon.pid, 'SIGCONT');
    }
  });
});

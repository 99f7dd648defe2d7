import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCommand } from '../../../core/cli/arguments.ts';
import { SERVICE_FORMS, usageOf } from '../../../core/cli/command-table.ts';
import { factRows, stateText } from '../../../core/cli/service/status-text.ts';
import type { ConnectionStatus } from '../../../core/contract/daemon-api.ts';
import { STATES } from '../../../core/contract/snapshot.ts';

function parsed(line: string): unknown {
  const command = parseCommand(line.split(' '));
  return command.ok ? command.value : command.error;
}

describe('commands for the service', () => {
  test('are understood as the help writes them', () => {
    for (const form of SERVICE_FORMS) {
      const line = usageOf(form).replaceAll(/[[\]]/g, '').replace(' N', ' 7');
      const command = parseCommand(line.split(' '));
      assert.ok(command.ok && command.value.kind === 'service', line);
    }
  });

  test('carry their operands and options', () => {
    assert.deepEqual(parsed('profile import office.json Office --json --socket /x/y'), {
      kind: 'service',
      command: {
        name: 'profile',
        operands: ['import', 'office.json', 'Office'],
        json: true,
        watch: false,
        repair: false,
        follow: false,
        print: false,
        lines: 100,
        socketPath: '/x/y',
      },
    });
  });

  test('that start a program leave everything behind -- to it', () => {
    const command = parsed('run --app work -- curl --json -s --help') as { command: object };
    assert.deepEqual(command.command, {
      name: 'run',
      operands: ['curl', '--json', '-s', '--help'],
      json: false,
      watch: false,
      repair: false,
      follow: false,
      print: false,
      lines: 100,
      app: 'work',
      socketPath: '/run/causewayd/socket',
    });
  });

  test('that are not understood are answered with what was meant', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['statsu', "'statsu' is not a command; did you mean 'causeway status'?"],
      ['profile lst', "'causeway profile' cannot 'lst'; did you mean 'causeway profile list'?"],
      ['profile', "'causeway profile' is followed by one of list, import, show, export, remove"],
      ['status --wacth', "--wacth is not an option of 'causeway status'; did you mean --watch?"],
      ['up --repair', "--repair is not an option of 'causeway up'"],
      [
        'up --password-fd secret',
        '--password-fd needs the number of an open file descriptor, such as --password-fd 3 with 3<FILE; never the secret itself',
      ],
      ['down --password-fd 3', "--password-fd is not an option of 'causeway down'"],
      ['down now', "'now' is one argument too many for 'causeway down': causeway down"],
      ['profile show', "'causeway profile show' needs PROFILE: causeway profile show PROFILE"],
      ['run --app a/b -- x', '--app needs the name of a service or an application, such as --app firefox'],
      ['run --app', '--app needs a value: --app NAME'],
      ['run --app work', "'causeway run' needs PROGRAM: causeway run --app NAME -- PROGRAM [ARG]"],
      ['logs --lines 0', '--lines needs a number from 1 to 10000'],
      ['status --socket run', '--socket needs an absolute path'],
    ];
    for (const [line, sentence] of cases) assert.equal(parsed(line), sentence);
  });

  test('with --help show the help', () => {
    assert.deepEqual(parsed('profile --help'), { kind: 'help' });
  });
});

describe('what people read', () => {
  const connection = {
    profile: { id: 'system.office', name: 'Office' },
    isYours: true,
    startedAt: 0,
    since: 1000,
    warnings: [] as ConnectionStatus['warnings'],
  } satisfies Partial<ConnectionStatus>;

  test('is a line for every state', () => {
    const lines = [...STATES, 'asking' as const].map((state) => stateText({ ...connection, state }, 61_000));
    assert.equal(new Set(lines).size, lines.length);
    for (const line of lines) assert.match(line, /Office/);
    assert.equal(
      stateText({ ...connection, state: 'connected' }, 61_000),
      'Connected to Office for 00:01:00',
    );
  });

  test('says why and when it tries again', () => {
    const cause = {
      code: 'timeout.liveness',
      title: 'The gateway fell silent',
      why: '',
      context: {},
    } as const;
    assert.equal(
      stateText({ ...connection, state: 'reconnecting', cause, retryAt: 65_000 }, 61_000),
      'Reconnecting to Office (The gateway fell silent). Next attempt in 4 seconds.',
    );
  });

  test('says of a connection on demand what it waits for, and why the last attempt came to nothing', () => {
    const cause = {
      code: 'timeout.init',
      title: 'No answer from the gateway',
      why: '',
      context: {},
    } as const;
    assert.equal(
      stateText({ ...connection, state: 'on-demand' }, 61_000),
      'Ready for Office: it connects when something needs it.',
    );
    const waiting = { ...connection, state: 'on-demand', cause, retryAt: 65_000 } as const;
    assert.equal(
      stateText(waiting, 61_000),
      'Ready for Office: it connects when something needs it. The last attempt failed: No answer from the gateway. The next can begin in 4.0 s.',
    );
    assert.doesNotMatch(stateText(waiting, 66_000), /next/);
  });

  test('cannot do anything to a terminal', () => {
    const profile = { id: 'system.office', name: '\u001b[2JOffice\u202e' };
    assert.doesNotMatch(stateText({ ...connection, profile, state: 'connecting' }, 0), /[\u001b\u202e]/);
    const warnings = [{ code: 'x', message: 'evil\u001b]0;title\u0007' }];
    assert.doesNotMatch(factRows({ ...connection, state: 'connected', warnings }).join(), /[\u001b\u0007]/);
  });
});

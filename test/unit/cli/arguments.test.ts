import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommand } from '../../../core/cli/arguments.ts';
import {
  type CommandForm,
  OPTION_FORMS,
  type OptionForm,
  OWN_FORMS,
  SERVICE_FORMS,
} from '../../../core/cli/command-table.ts';
import { HELP } from '../../../core/cli/help.ts';

function parse(line: string): unknown {
  const result = parseCommand(line === '' ? [] : line.split(' '));
  return result.ok ? result.value : result.error;
}

const plain = { profilePath: 'p.json', json: false, verbose: false };

test('commands and options become a value', () => {
  assert.deepEqual(parse('connect p.json'), { kind: 'connect', options: plain });
  assert.deepEqual(parse('connect --json -v p.json --password-fd 3 --passphrase-fd=0 --keylog k'), {
    kind: 'connect',
    options: {
      profilePath: 'p.json',
      json: true,
      verbose: true,
      passwordFd: 3,
      passphraseFd: 0,
      keylogPath: 'k',
    },
  });
  assert.deepEqual(parse('check p.json'), { kind: 'check', profilePath: 'p.json' });
  assert.deepEqual(parse('connect -- --odd.json'), {
    kind: 'connect',
    options: { ...plain, profilePath: '--odd.json' },
  });
});

test('help and version win over everything else', () => {
  for (const line of [
    '',
    '--help',
    '-h',
    'help',
    'connect --help',
    'connect --json -h x y z',
    'bogus --help',
  ])
    assert.deepEqual(parse(line), { kind: 'help' }, line);
  for (const line of ['--version', '-V', 'check --version'])
    assert.deepEqual(parse(line), { kind: 'version' }, line);
});

test('an unknown word is answered with the nearest known one', () => {
  assert.equal(parse('conect p.json'), "'conect' is not a command; did you mean 'causeway connect'?");
  assert.equal(
    parse('office.json'),
    "'office.json' is not a command; to connect: causeway connect office.json",
  );
  assert.equal(
    parse('frobnicate'),
    "'frobnicate' is not a command; the commands are connect, check, completion, up, down, status, profile, policy, run, settings, automatic, beacon, logs, doctor, diagnostics",
  );
  assert.equal(
    parse('connect p.json --pasword-fd 3'),
    "--pasword-fd is not an option of 'causeway connect'; did you mean --password-fd?",
  );
  assert.equal(parse('connect p.json -x'), "-x is not an option of 'causeway connect'");
  assert.equal(parse('check p.json --json'), "--json is not an option of 'causeway check'");
  assert.equal(parse('--json'), '--json is not an option without a command');
  assert.equal(parse('--verison'), '--verison is not an option without a command; did you mean --version?');
  assert.equal(parse('connect --__proto__ p.json'), "--__proto__ is not an option of 'causeway connect'");
});

test('what is missing, doubled or too much is named', () => {
  assert.equal(parse('connect'), "'causeway connect' needs a profile: causeway connect PROFILE.json");
  assert.equal(parse('check'), "'causeway check' needs a profile: causeway check PROFILE.json");
  assert.equal(parse('check a b'), "'causeway check' takes one profile, and 'b' is one argument too many");
  assert.equal(parse('connect p --json=1'), '--json takes no value');
  assert.equal(parse('connect p --keylog'), '--keylog needs a value: --keylog FILE');
  assert.equal(parse('connect p --json --json'), '--json is given twice');
});

test('a descriptor must be a number that is not for output, and is never repeated', () => {
  for (const value of ['hunter2', '-1', '3.0', '99999', '0x3']) {
    const answer = String(parse(`connect p --password-fd=${value}`));
    assert.match(answer, /needs the number of an open file descriptor/);
    assert.ok(!answer.includes(value));
  }
  assert.equal(parse('connect p --password-fd 1'), '--password-fd cannot be 1, which is for output');
  assert.equal(
    parse('connect p --password-fd 3 --passphrase-fd 3'),
    '--password-fd and --passphrase-fd must be different descriptors',
  );
});

test('the help text shows every command and option', () => {
  for (const form of [...OWN_FORMS, ...SERVICE_FORMS] as readonly CommandForm[]) {
    const { words, options } = form;
    assert.ok(HELP.includes(words === 'help' ? '--help' : `causeway ${words}`), words);
    for (const option of options) {
      const { value }: OptionForm = OPTION_FORMS[option];
      assert.match(HELP, new RegExp(`--${option}${value ? ` ${value.name}` : ''}\\b`), option);
    }
  }
});

test('the help text fits a terminal of ninety columns', () => {
  for (const line of HELP.split('\n')) assert.ok(line.length <= 90, line);
});

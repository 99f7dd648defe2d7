import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_CODE_OF_FAMILY, EXIT_CODES, exitCodeOf } from '../../../core/cli/exit-codes.ts';
import { HELP } from '../../../core/cli/help.ts';
import { failure, FAILURES, type FailureCode } from '../../../core/lib/failure.ts';

const codes = Object.keys(FAILURES) as FailureCode[];
const documented = EXIT_CODES.map(([code]) => code);

test('every failure has an exit code that is documented and is not success', () => {
  for (const code of codes) {
    for (const wasConnected of [false, true]) {
      const exit = exitCodeOf(failure(code), wasConnected);
      assert.ok(exit > 0 && documented.includes(exit), `${code}: ${exit}`);
    }
  }
});

test('every family of failures is mapped and none that does not exist', () => {
  assert.deepEqual(
    Object.keys(EXIT_CODE_OF_FAMILY).sort(),
    [...new Set(codes.map((code) => code.split('.')[0]))].sort(),
  );
});

test('the exit codes are those that scripts rely on', () => {
  const expected: Partial<Record<FailureCode, number>> = {
    'internal.bug': 1,
    'config.usage': 2,
    'config.profile-invalid': 3,
    'network.name-unknown': 4,
    'timeout.init': 5,
    'peer.no-proposal-chosen': 6,
    'auth.wrong-password': 7,
    'protocol.malformed': 8,
    'platform.not-root': 9,
  };
  for (const [code, exit] of Object.entries(expected))
    assert.equal(exitCodeOf(failure(code as FailureCode), false), exit, code);
});

test('a connection that had been made and ends by failure was lost, unless the fault is ours', () => {
  assert.equal(exitCodeOf(failure('timeout.liveness'), true), 10);
  assert.equal(exitCodeOf(failure('peer.deleted'), true), 10);
  assert.equal(exitCodeOf(failure('internal.bug'), true), 1);
});

test('the help text lists every exit code once, in order', () => {
  const listed = [...HELP.matchAll(/^ +(\d+) {2}\S/gm)].map(([, code]) => Number(code));
  assert.deepEqual(listed, documented);
  assert.deepEqual(
    [...documented].sort((a, b) => a - b),
    documented,
  );
});

import assert from 'node:assert/strict';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import type { ConnectOptions } from '../../../core/cli/arguments.ts';
import { connect } from '../../../core/cli/connect.ts';
import { connectionEventSchema } from '../../../core/contract/snapshot.ts';
import { failure } from '../../../core/lib/failure.ts';
import { utf8Text } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { CERTIFICATE, PRIVATE_KEY, profileWith } from '../contract/samples.ts';
import { FakeHost, LIVE } from './fake-host.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const profilePath = join(folder, 'office.json');
writeFileSync(profilePath, JSON.stringify(profileWith()));

function passwordFd(): number {
  const path = join(folder, 'password');
  writeFileSync(path, 'hunter2\n');
  return openSync(path, 'r');
}

function options(changes: Partial<ConnectOptions> = {}): ConnectOptions {
  return { profilePath, json: false, verbose: false, passwordFd: passwordFd(), ...changes };
}

test('a connection is shown step by step, and Ctrl-C ends it with success', async () => {
  const host = new FakeHost((connection) => {
    connection.connects();
    host.nowMs = 812;
    setImmediate(() => {
      host.nowMs = 84_500;
      host.endAsked?.('orderly');
    });
  });
  assert.equal(await connect(options(), host), 0);
  assert.deepEqual(host.connection?.stops, ['orderly']);
  assert.equal(
    host.shown,
    [
      '- Looking up vpn.example.com',
      '- Agreeing on keys with 192.0.2.1:500',
      '- Signing in by password',
      '- Setting up the tunnel',
      '+ Connected to Office in 0.8 s',
      '  Address    10.3.0.5',
      '  Networks   10.0.0.0/8',
      '  DNS        10.0.0.53 for office.example',
      '  Gateway    vpn.example.com at 192.0.2.1, UDP port 4500, through an address translator',
      '  Encryption aes256gcm16 (control: aes256gcm16-prfsha384-ecp384)',
      '  Interface  causeway0, packets up to 1400 octets',
      '- Disconnecting...',
      '+ Disconnected after 00:01:24, sent 0 B received 0 B',
      '',
    ].join('\n'),
  );
  assert.equal(host.shownAsError, '');
});

test('the password reaches the connection as often as it asks, and is wiped after it', async () => {
  const copies: SecretBytes[] = [];
  const question = { what: 'password', rejected: false } as const;
  const host = new FakeHost((connection) => {
    const { credentials } = connection.setup;
    void (async () => {
      for (let login = 0; login < 2; login++) copies.push((await credentials.get(question)) ?? assert.fail());
      assert.equal(await credentials.get({ ...question, rejected: true }), undefined, 'nobody can be asked');
      await connection.stop('orderly');
    })();
  });
  assert.equal(await connect(options(), host), 0);
  assert.deepEqual(
    copies.map((copy) => utf8Text(copy.reveal())),
    ['hunter2', 'hunter2'],
  );
  assert.equal(await host.connection?.setup.credentials.get(question), undefined);
  assert.ok(!host.shown.includes('hunter2') && !host.shownAsError.includes('hunter2'));
});

test('the password is wiped also when there is no connection to give it to', async () => {
  const made = mock.method(SecretBytes, 'copyOf');
  const host = new FakeHost(() => undefined);
  const broken = Object.assign(host, { loadConnections: () => Promise.reject(new Error('not built')) });
  assert.equal(await connect(options(), broken), 1);
  made.mock.restore();
  const [password] = made.mock.calls.flatMap(({ result }) => (result ? [result] : []));
  assert.equal(password?.wiped, true);
});

test('nothing of the process is left in use when the connection is over', async () => {
  const host = new FakeHost((connection) => void connection.stop('orderly'));
  await connect(options(), host);
  assert.deepEqual([host.endAsked, host.fault, host.second], [undefined, undefined, undefined]);
});

test('a second request to end does not wait for the gateway', async () => {
  const host = new FakeHost((connection) => {
    connection.gatewayAnswers = false;
    connection.connects();
    setImmediate(() => {
      host.endAsked?.('orderly');
      host.endAsked?.('at-once');
    });
  });
  assert.equal(await connect(options(), host), 0);
  assert.deepEqual(host.connection?.stops, ['orderly', 'at-once']);
  assert.equal(host.shown.match(/Disconnecting/g)?.length, 1);
});

test('a failure before the connection stands gives the exit code of its family, and its words once', async () => {
  const host = new FakeHost((connection) =>
    connection.fails(failure('auth.wrong-password', { user: 'alice' }), false),
  );
  assert.equal(await connect(options(), host), 7);
  assert.equal(host.shownAsError.match(/The user name or the password is wrong/g)?.length, 1);
  assert.match(host.shownAsError, /password of alice/);
  assert.match(host.shownAsError, /\[auth\.wrong-password\]/);
});

test('a failure after the connection stood is its loss', async () => {
  const host = new FakeHost((connection) => {
    connection.connects();
    connection.fails(failure('timeout.liveness'), true);
  });
  assert.equal(await connect(options(), host), 10);
  assert.match(host.shownAsError, /The gateway did not answer any more/);
});

test('with --json every line is an event, also for a failure before there is a connection', async () => {
  const host = new FakeHost((connection) => {
    connection.connects();
    connection.counts(10, 20);
    connection.fails(failure('peer.deleted'), true);
  });
  assert.equal(await connect(options({ json: true }), host), 10);
  const events = host.shown
    .trimEnd()
    .split('\n')
    .map((line) => connectionEventSchema.parse(JSON.parse(line)).event);
  assert.deepEqual(events, [
    'phase',
    'phase',
    'phase',
    'phase',
    'connected',
    'counters',
    'failed',
    'disconnected',
  ]);

  const early = new FakeHost(() => assert.fail('there must be no connection'));
  assert.equal(await connect(options({ json: true, profilePath: join(folder, 'missing.json') }), early), 3);
  const event = connectionEventSchema.parse(JSON.parse(early.shown));
  assert.ok(event.event === 'failed' && event.failure.code === 'config.profile-unreadable');
  assert.equal(early.shownAsError, '');
});

test('on a terminal one line is kept up to date', async () => {
  const host = new FakeHost((connection) => {
    connection.connects();
    host.nowMs = 812;
    setImmediate(() => {
      host.nowMs += 83_000;
      connection.counts(3_400_000, 1_200_000);
      host.nowMs += 1000;
      host.second?.();
      host.endAsked?.('orderly');
    });
  }, LIVE);
  assert.equal(await connect(options(), host), 0);
  const lines = host.shown.split(/\r|\n/);
  assert.ok(lines.includes('connected for 00:01:23 · 10.3.0.5 · ↑ 1.2 MB ↓ 3.4 MB\u001b[K'), host.shown);
  assert.ok(lines.includes('connected for 00:01:24 · 10.3.0.5 · ↑ 1.2 MB ↓ 3.4 MB\u001b[K'), host.shown);
  assert.ok(
    lines.includes('✓ Found vpn.example.com at 192.0.2.1:500 (12 ms)'.replace(/^/, '\u001b[K')),
    host.shown,
  );
  assert.ok(host.shown.endsWith('✓ Disconnected after 00:01:24, ↑ 1.2 MB ↓ 3.4 MB\n'));
});

test('an error that nobody caught cleans up at once and is a fault of ours', async () => {
  const host = new FakeHost((connection) => {
    connection.gatewayAnswers = false;
    connection.connects();
    setImmediate(() => host.fault?.(new Error('index 7 of 3')));
  });
  assert.equal(await connect(options(), host), 1);
  assert.deepEqual(host.connection?.stops, ['at-once']);
  assert.match(host.shownAsError, /Causeway made a mistake[^]*index 7 of 3/);
  assert.ok(!host.shownAsError.includes('connect.test.ts'), 'the place of the error is for --verbose');
});

test('a clean-up that hangs after a fault does not keep the program', async () => {
  const host = new FakeHost((connection) => {
    connection.stop = () => new Promise(() => undefined);
    setImmediate(() => {
      host.fault?.(new Error('x'));
      host.later.forEach((callback) => callback());
    });
  });
  assert.equal(await connect(options(), host), 1);
});

test('a connection that throws at its start is a fault of ours', async () => {
  const host = new FakeHost(() => {
    throw new Error('no such suite');
  });
  assert.equal(await connect(options({ verbose: true }), host), 1);
  assert.match(host.shownAsError, /error fault stack=Error: no such suite/);
  assert.match(host.shownAsError, /Causeway made a mistake/);
});

test('without root, or on another system, nothing is asked and nothing is started', async () => {
  const host = new FakeHost(() => assert.fail('there must be no connection'));
  host.userId = 1000;
  assert.equal(await connect(options(), host), 9);
  assert.match(host.shownAsError, /needs administrator rights[^]*sudo/);
  const other = new FakeHost(() => assert.fail('there must be no connection'));
  other.system = 'plan9';
  assert.equal(await connect(options(), other), 9);
  assert.match(other.shownAsError, /plan9/);
});

test('without a terminal and without --password-fd the missing password is named', async () => {
  const host = new FakeHost(() => assert.fail('there must be no connection'));
  assert.equal(await connect({ profilePath, json: false, verbose: false }, host), 3);
  assert.match(host.shownAsError, /needs the password of alice, and there is no terminal to ask on/);
  const closed = new FakeHost(() => assert.fail('there must be no connection'));
  assert.equal(await connect(options({ passwordFd: 987 }), closed), 3);
  assert.match(closed.shownAsError, /from file descriptor 987: it is not open/);
});

test('each way to sign in asks for its own secret', async () => {
  const encrypted = PRIVATE_KEY.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE');
  const certificate = { method: 'certificate', certificate: CERTIFICATE };
  const cases = [
    [{ method: 'psk', identity: 'alice@example.com' }, /needs the pre-shared key of alice@example\.com, and/],
    [{ ...certificate, privateKey: encrypted }, /needs the passphrase, and/],
  ] as const;
  for (const [user, words] of cases) {
    const path = join(folder, 'other.json');
    writeFileSync(path, JSON.stringify(profileWith({ user })));
    const host = new FakeHost(() => assert.fail('there must be no connection'));
    assert.equal(await connect({ profilePath: path, json: false, verbose: false }, host), 3);
    assert.match(host.shownAsError, words);
  }
});

test('a secret that the profile does not need is said to be unused', async () => {
  const path = join(folder, 'certificate.json');
  const user = { method: 'certificate', certificate: CERTIFICATE, privateKey: PRIVATE_KEY };
  writeFileSync(path, JSON.stringify(profileWith({ user })));
  const host = new FakeHost((connection) => void connection.stop('orderly'));
  assert.equal(
    await connect(
      { profilePath: path, json: false, verbose: false, passwordFd: 987, passphraseFd: 988 },
      host,
    ),
    0,
  );
  assert.match(host.shownAsError, /--password-fd is not used/);
  assert.match(host.shownAsError, /--passphrase-fd is not used/);
  const question = { what: 'password', rejected: false } as const;
  assert.equal(await host.connection?.setup.credentials.get(question), undefined);
});

test(
  'keys are written only to a safe file, and a banner says so',
  { skip: process.getuid?.() !== 0 },
  async () => {
    const keylogPath = join(folder, 'keys');
    const host = new FakeHost((connection) => {
      connection.setup.keyLog?.('esp_sa "x"');
      void connection.stop('orderly');
    });
    assert.equal(await connect(options({ keylogPath }), host), 0);
    assert.equal(readFileSync(keylogPath, 'utf8'), 'esp_sa "x"\n');
    assert.ok(host.shownAsError.includes(`keys of this connection are being written to ${keylogPath}`));

    const refused = new FakeHost(() => assert.fail('there must be no connection'));
    assert.equal(await connect(options({ keylogPath: folder }), refused), 3);
    assert.match(refused.shownAsError, /config\.keylog-refused/);
  },
);

test('the log is shown with --verbose alone, without packets, and harmless for a terminal', async () => {
  const script = (connection: { setup: { log: FakeLog }; stop: (how: 'orderly') => Promise<void> }): void => {
    connection.setup.log('debug', 'ike-sa-init-sent', { port: 500, note: 'a\u001b[2Jb', left: undefined });
    connection.setup.log('trace', 'packet', {});
    void connection.stop('orderly');
  };
  const quiet = new FakeHost(script);
  await connect(options(), quiet);
  assert.equal(quiet.shownAsError, '');
  const verbose = new FakeHost(script);
  await connect(options({ verbose: true }), verbose);
  assert.equal(verbose.shownAsError, '    0.000 debug ike-sa-init-sent port=500 note=a?[2Jb\n');
});

type FakeLog = (
  level: 'debug' | 'trace',
  event: string,
  fields: Record<string, string | number | undefined>,
) => void;

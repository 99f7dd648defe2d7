/**
 * Ways in which privileged services of VPN clients were broken into, tried on ours. Each test has the name of its class.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { encodeFrame } from '../../core/rpc/frame.ts';
import { passwordProfile } from '../interop/office.ts';
import { asUser, DAEMON_GROUP, DaemonProcess } from '../support/daemon.ts';
import { pictureOf } from '../support/machine-picture.ts';
import { measured, neededOctets } from '../support/memory.ts';
import { NetLab, type Namespace } from '../support/netns.ts';

const RANDOM = join(import.meta.dirname, 'random-messages-child.ts');
const CLI = join(import.meta.dirname, '../../core/cli/main.ts');
const STRANGER = 64_126;
const MESSAGES = 10_000;
/** What only an administrator may, as the contract has it. */
const RESERVED = ['settings.write', 'log.read', 'doctor.repair'];
/** More than what a service keeps of its log. */
const MEMORY_GROWTH = 6 * 1024 * 1024;

interface Sent {
  readonly sent: number;
  readonly bugs: number;
  readonly allowed: readonly string[];
  readonly answers: Readonly<Record<string, number>>;
}

describe('the service against its attackers', { skip: NetLab.unavailable() }, () => {
  let lab: NetLab;
  let machine: Namespace;
  let daemon: DaemonProcess;

  before(() => {
    lab = NetLab.create('attack');
    machine = lab.namespace('machine');
    machine.etc('resolv.conf', '# none\n');
    machine.etc('hosts', '127.0.0.1 localhost\n');
  });
  after(() => lab.destroy());
  beforeEach(() => {
    daemon = DaemonProcess.create(machine);
  });
  afterEach(async () => {
    await daemon.end();
    await daemon.destroy();
  });

  function random(uid: number, count: number, seed: number, ...ids: readonly string[]): Promise<Sent> {
    const words = [daemon.socketPath, `${count}`, `${seed}`, ...ids];
    return asUser({ uid, gid: DAEMON_GROUP }, RANDOM, ...words) as Promise<Sent>;
  }

  test('parser and logic bugs: ten thousand random messages break nothing and change nothing that is not the sender’s', async (t) => {
    await daemon.start(measured(daemon));
    const untouched = pictureOf(machine);
    const client = await daemon.client();
    assert.ok((await client.call('settings.write', { killSwitch: 'off', lan: false })).ok);
    const written = await client.call('profile.write', { contents: passwordProfile() });
    assert.ok(written.ok);
    const { id } = written.value;
    const { pid } = daemon;

    // What is only made when it is first needed is there after these.
    await random(STRANGER, 1000, 1, id);
    const before = await neededOctets(daemon);
    for (let seed = 2; seed < 4; seed++) {
      const { sent, bugs, allowed, answers } = await random(STRANGER, MESSAGES / 4, seed, id);
      t.diagnostic(`seed ${seed}: ${JSON.stringify(answers)}`);
      assert.ok(sent >= MESSAGES / 4);
      assert.equal(bugs, 0);
      assert.deepEqual(
        allowed.filter((name) => RESERVED.includes(name)),
        [],
      );
      assert.ok(allowed.includes('profile.list'), 'and some were in order');
    }
    await client.call('connection.down', {});
    assert.deepEqual(pictureOf(machine), untouched);
    const settings = await client.call('settings.read', {});
    assert.deepEqual(settings.ok && settings.value, { killSwitch: 'off', lan: false });
    assert.deepEqual(await client.call('profile.read', { profile: id }), {
      ok: true,
      value: passwordProfile(),
    });

    for (let seed = 4; seed < 6; seed++) {
      const { bugs, allowed } = await random(0, MESSAGES / 4, seed, id);
      assert.equal(bugs, 0);
      assert.ok(allowed.includes('settings.write'));
    }
    await client.call('connection.down', {});
    assert.ok((await client.call('settings.write', { killSwitch: 'off', lan: true })).ok);
    assert.deepEqual(pictureOf(machine), untouched);
    assert.ok((await neededOctets(daemon)) - before < MEMORY_GROWTH, 'memory is flat');
    assert.equal(daemon.pid, pid);
    assert.equal(daemon.isGone, false);
    const lines = daemon
      .said()
      .split('\n')
      .filter((line) => line !== '');
    for (const line of lines) assert.match(line, /^\S+Z (warn|info|debug) [a-z0-9-]+( \{.*\})?$/);
    client.close();
  });

  test('parser and logic bugs: who sends something oversize, deep, broken or slow is hung up on, and nobody else notices', async () => {
    await daemon.start();
    const client = await daemon.client();
    const ended = (...pieces: readonly Uint8Array[]): Promise<string> =>
      new Promise((resolve) => {
        const socket = createConnection(daemon.socketPath);
        let told = '';
        socket.on('data', (piece: Buffer) => (told += piece.toString('latin1')));
        socket.on('error', () => undefined);
        socket.once('close', () => resolve(told));
        for (const piece of pieces) socket.write(piece);
      });
    const header = (text: number, secret = 0): Uint8Array => {
      const octets = Buffer.alloc(8);
      octets.writeUInt32BE(text, 0);
      octets.writeUInt32BE(secret, 4);
      return octets;
    };
    const hello = encodeFrame({ type: 'hello', versions: [1], client: 'test' });
    const slow = [ended(), ended(header(10)), ended(hello, header(1000), Buffer.from('{"type":'))];
    for (const attack of [
      [header(0xffff_ffff)],
      [header(2, 0xffff_ffff)],
      [hello, header(2 * 1024 * 1024 + 1)],
      [hello, header(100_000), Buffer.from('['.repeat(100_000))],
      [hello, header(4), Buffer.from([0xff, 0xfe, 0xfd, 0xfc])],
      [hello, hello],
      [encodeFrame({ type: 'call', id: 1, name: 'profile.list', params: {} })],
    ])
      assert.match(await ended(...attack), /"bye".*contract\.invalid/);
    for (const told of await Promise.all(slow)) assert.match(told, /"bye".*contract\.timeout/);
    assert.ok((await client.call('profile.list', {})).ok);
    client.close();
  });

  test('unauthenticated local IPC: another user neither signals the service nor sees what is its own', async () => {
    await daemon.start();
    const client = await daemon.client();
    assert.ok((await client.call('profile.write', { contents: passwordProfile() })).ok);
    client.close();
    const tries = (...argv: readonly string[]): number | null =>
      spawnSync('/usr/bin/setpriv', [
        ...['--reuid', `${STRANGER}`, '--regid', `${DAEMON_GROUP}`, '--clear-groups', '--'],
        ...argv,
      ]).status;
    const { directory, socketPath } = daemon;
    for (const argv of [
      ['/bin/kill', '-KILL', `${daemon.pid}`],
      ['/bin/ls', join(directory, 'state')],
      ['/bin/cat', join(directory, 'log')],
      ['/bin/rm', '-f', socketPath],
      ['/bin/mv', socketPath, `${socketPath}-mine`],
      ['/usr/bin/touch', join(directory, 'run', 'mine')],
      ['/bin/cat', `/proc/${daemon.pid}/environ`],
    ])
      assert.notEqual(tries(...argv), 0, argv.join(' '));
    assert.equal(
      tries('/bin/ls', join(directory, 'run')),
      0,
      'the group may look into the socket’s directory',
    );
    assert.equal(daemon.isGone, false);
  });

  test('IPC socket mode drift: modes do not follow the umask or the environment, also when it starts again', async () => {
    const modes = (): Record<string, string> =>
      Object.fromEntries(
        ['run', 'run/socket', 'state', 'state/profiles', 'state/profiles/0', 'log'].map((name) => {
          const { mode, uid, gid } = statSync(join(daemon.directory, name));
          return [name, `${(mode & 0o7777).toString(8)} ${uid} ${gid === DAEMON_GROUP ? 'group' : gid}`];
        }),
      );
    for (const [umask, signal] of [
      ['000', 'SIGKILL'],
      ['777', 'SIGTERM'],
      ['022', 'SIGKILL'],
    ] as const) {
      await daemon.start({
        before: ['/bin/sh', '-c', `umask ${umask}; exec "$@"`, 'sh'],
        env: { CAUSEWAY_GROUP: 'users', GROUP: 'users', SOCKET_GROUP: '100' },
      });
      const client = await daemon.client();
      assert.ok((await client.call('profile.write', { contents: passwordProfile() })).ok, umask);
      client.close();
      assert.deepEqual(modes(), {
        run: '750 0 group',
        'run/socket': '660 0 group',
        state: '700 0 0',
        'state/profiles': '700 0 0',
        'state/profiles/0': '700 0 0',
        log: '600 0 0',
      });
      for (const name of readdirSync(join(daemon.directory, 'state/profiles/0')))
        assert.equal(statSync(join(daemon.directory, 'state/profiles/0', name)).mode & 0o777, 0o600);
      await daemon.end(signal);
    }
  });

  test('server impersonation: a client says nothing to who listens where the service would', async () => {
    const place = mkdtempSync(join(tmpdir(), 'cw-fake-'));
    let heard = 0;
    const fake = createServer((socket) => socket.on('data', (piece) => (heard += piece.length)));
    const status = (): { status: number | null; text: string } => {
      const done = spawnSync(process.execPath, [CLI, 'status', '--socket', join(place, 'socket')], {
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin' },
      });
      return { status: done.status, text: done.stdout + done.stderr };
    };
    try {
      await new Promise<void>((resolve) => fake.listen(join(place, 'socket'), resolve));
      // A socket of somebody else; then one of root where others can write; then a link to a good one.
      chownSync(join(place, 'socket'), STRANGER, STRANGER);
      for (const prepare of [
        () => undefined,
        () => {
          chownSync(join(place, 'socket'), 0, 0);
          chmodSync(place, 0o777);
        },
        () => {
          chmodSync(place, 0o755);
          rmSync(join(place, 'socket'));
          symlinkSync(daemon.socketPath, join(place, 'socket'));
        },
      ]) {
        prepare();
        const { status: code, text } = status();
        assert.notEqual(code, 0);
        assert.match(text, /not the service|somebody else|trust/i);
      }
      assert.equal(heard, 0);
    } finally {
      fake.close();
      rmSync(place, { recursive: true, force: true });
    }
  });

  describe('writable directories, and links in them', () => {
    let victims = '';
    beforeEach(() => {
      victims = mkdtempSync(join(tmpdir(), 'cw-victim-'));
      chmodSync(victims, 0o777);
      writeFileSync(join(victims, 'file'), 'precious');
    });
    afterEach(() => rmSync(victims, { recursive: true, force: true }));

    const at = (...parts: readonly string[]): string => join(daemon.directory, ...parts);
    /** Starts it, if it does, and has it write everything that it ever does. */
    async function use(): Promise<string[]> {
      try {
        await daemon.start();
      } catch {
        return ['no service'];
      }
      const client = await daemon.client();
      const outcomes = [
        await client.call('settings.write', { killSwitch: 'off', lan: true }),
        await client.call('profile.write', { contents: passwordProfile() }),
      ];
      client.close();
      return outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code));
    }
    function assertSafe(): void {
      assert.equal(readFileSync(join(victims, 'file'), 'utf8'), 'precious');
      assert.equal(statSync(victims).mode & 0o777, 0o777);
      assert.deepEqual(readdirSync(victims), ['file']);
    }

    const GAMES: readonly (readonly [string, () => void, readonly string[]])[] = [
      [
        'a state directory that is a link',
        () => symlinkSync(victims, at('state')),
        ['platform.not-saved', 'platform.not-saved'],
      ],
      [
        'a state directory that others can write in',
        () => {
          mkdirSync(at('state'));
          chmodSync(at('state'), 0o777);
        },
        ['platform.not-saved', 'platform.not-saved'],
      ],
      [
        'a state directory of somebody else',
        () => {
          mkdirSync(at('state'), { mode: 0o700 });
          chownSync(at('state'), STRANGER, STRANGER);
        },
        ['platform.not-saved', 'platform.not-saved'],
      ],
      [
        'a link in the place of the profiles',
        () => {
          mkdirSync(at('state'), { mode: 0o700 });
          symlinkSync(victims, at('state', 'profiles'));
        },
        ['ok', 'platform.not-saved'],
      ],
      [
        'a link in the place of what is being written',
        () => {
          mkdirSync(at('state'), { mode: 0o700 });
          symlinkSync(join(victims, 'file'), at('state', '.settings.json.new'));
        },
        ['ok', 'ok'],
      ],
      ['a runtime directory that is a link', () => symlinkSync(victims, at('run')), ['no service']],
      [
        'a runtime directory of somebody else',
        () => {
          mkdirSync(at('run'));
          chownSync(at('run'), STRANGER, STRANGER);
        },
        ['no service'],
      ],
      [
        'a link in the place of the socket',
        () => {
          mkdirSync(at('run'), { mode: 0o700 });
          symlinkSync(join(victims, 'file'), at('run', 'socket'));
        },
        ['ok', 'ok'],
      ],
      [
        'a directory in the place of the socket',
        () => mkdirSync(at('run', 'socket'), { recursive: true, mode: 0o700 }),
        ['no service'],
      ],
      ['a log that is a link', () => symlinkSync(join(victims, 'file'), at('log')), ['ok', 'ok']],
    ];
    for (const [what, play, outcome] of GAMES) {
      test(`leftovers and links: ${what} leads the service nowhere`, async () => {
        play();
        assert.deepEqual(await use(), outcome, daemon.said());
        assertSafe();
      });
    }

    test('daemon opens files named by a user: profiles of the machine are read from root’s own files alone', async () => {
      const profiles = at('etc', 'profiles.d');
      const text = JSON.stringify(passwordProfile());
      writeFileSync(join(victims, 'good.json'), text, { mode: 0o644 });
      symlinkSync(join(victims, 'good.json'), join(profiles, 'link.json'));
      writeFileSync(join(profiles, 'theirs.json'), text, { mode: 0o644 });
      chownSync(join(profiles, 'theirs.json'), STRANGER, STRANGER);
      writeFileSync(join(profiles, 'open.json'), text);
      chmodSync(join(profiles, 'open.json'), 0o666);
      spawnSync('/usr/bin/mkfifo', [join(profiles, 'pipe.json')]);
      writeFileSync(join(profiles, 'good.json'), text, { mode: 0o644 });
      await daemon.start();
      const client = await daemon.client();
      const list = await client.call('profile.list', {});
      assert.deepEqual(list.ok && list.value.map(({ id }) => id), ['system.good']);
      for (const profile of ['system.link', 'system.theirs', 'system.open', 'system.pipe']) {
        const read = await client.call('profile.read', { profile });
        assert.equal(read.ok || read.error.code, 'config.profile-unreadable', profile);
      }
      client.close();
      rmSync(join(victims, 'good.json'));
      assert.ok(lstatSync(join(profiles, 'link.json')).isSymbolicLink());
      assertSafe();
    });
  });
});

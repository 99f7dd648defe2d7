import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AppFiles, defaultSettings, type Kept } from '../../../electron/main/app-files.ts';
import { autostartEntry, setLinuxAutostart } from '../../../electron/main/autostart.ts';
import { linkAmong, profileOfLink } from '../../../electron/main/deep-link.ts';
import { isModest } from '../../../electron/main/modest.ts';
import { fileOf } from '../../../electron/main/page-files.ts';
import { placementOf } from '../../../electron/main/placement.ts';
import { busPathOf } from '../../../electron/main/session-bus.ts';
import { isNewer, versionOf } from '../../../electron/main/versions.ts';

function inDirectory(use: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'cw-app-'));
  try {
    use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('a link', () => {
  const link = (text: string): string => `causeway://import#${Buffer.from(text).toString('base64url')}`;

  test('of ours holds the octets of a profile', () => {
    assert.deepEqual(profileOfLink(link('{"version":1}')), new TextEncoder().encode('{"version":1}'));
  });

  for (const bad of [
    'causeway://import',
    'causeway://import#',
    'causeway://import#a b',
    'causeway://import#%41',
    'causeway://import/etc/passwd#YQ',
    'causeway://import?from=https://example.com#YQ',
    'causeway://connect#YQ',
    'causeway://import@example.com#YQ',
    'https://import#YQ',
    'file:///etc/passwd',
    `causeway://import#${'A'.repeat(200_000)}`,
    '',
  ])
    test(`of this kind is none: ${bad.slice(0, 50)}`, () => assert.equal(profileOfLink(bad), undefined));

  test('is found among arguments, and nothing else is', () => {
    assert.equal(
      linkAmong(['/usr/bin/causeway', '--hidden', 'CAUSEWAY://import#YQ']),
      'CAUSEWAY://import#YQ',
    );
    assert.equal(linkAmong(['/usr/bin/causeway', '/home/alice/causeway.json', '--causeway://x']), undefined);
  });
});

describe('the entry that starts the app at login', () => {
  test('starts it without its window', () => {
    assert.match(autostartEntry(['/opt/Causeway/causeway']), /^Exec=\/opt\/Causeway\/causeway --hidden$/m);
  });

  test('quotes what the specification wants quoted', () => {
    const entry = autostartEntry(['/home/a b/50%/"x"$HOME`\\']);
    // Exec is a string (\\ for \), of quoted arguments (\" for "), with codes of fields (%% for %).
    assert.match(entry, /^Exec="\/home\/a b\/50%%\/\\\\"x\\\\"\\\\\$HOME\\\\`\\\\\\\\" --hidden$/m);
  });

  test('is written, and removed again', () =>
    inDirectory((config) => {
      const path = join(config, 'autostart/causeway.desktop');
      setLinuxAutostart(config, ['/opt/causeway'], true);
      assert.match(readFileSync(path, 'utf8'), /^\[Desktop Entry\]\n/);
      setLinuxAutostart(config, ['/opt/causeway'], false);
      assert.ok(!existsSync(path));
      setLinuxAutostart(config, ['/opt/causeway'], false);
    }));
});

describe('what the app keeps', () => {
  const kept: Kept = {
    settings: { ...defaultSettings(), theme: 'dark', language: 'de' },
    remembered: ['00112233445566aa password'],
    window: { x: 1, y: 2, width: 800, height: 600, isMaximized: false },
  };

  test('comes back as it was, in a file of its user alone', () =>
    inDirectory((directory) => {
      const files = new AppFiles(join(directory, 'Causeway'));
      files.write(kept);
      assert.deepEqual(files.read(), kept);
      assert.equal(statSync(join(directory, 'Causeway/settings.json')).mode & 0o777, 0o600);
    }));

  test('is what it is at first when it cannot be read', () =>
    inDirectory((directory) => {
      const files = new AppFiles(directory);
      const first = { settings: defaultSettings(), remembered: [] };
      assert.deepEqual(files.read(), first);
      for (const text of ['', '{', '[]', '{"settings":{"theme":"pink"}}', '{"settings":{},"more":1}']) {
        writeFileSync(join(directory, 'settings.json'), text);
        assert.deepEqual(files.read(), first, text);
      }
    }));

  test('that could not be put in its place leaves nothing beside it', () =>
    inDirectory((directory) => {
      mkdirSync(join(directory, 'settings.json/occupied'), { recursive: true });
      assert.throws(() => new AppFiles(directory).write(kept));
      assert.deepEqual(readdirSync(directory), ['settings.json']);
    }));
});

describe('an address of the page', () => {
  const DIRECTORY = '/opt/app/renderer';
  test('leads to a file of the page', () => {
    assert.equal(fileOf('app://causeway/', DIRECTORY), `${DIRECTORY}/index.html`);
    assert.equal(fileOf('app://causeway/assets/a.js?x#y', DIRECTORY), `${DIRECTORY}/assets/a.js`);
  });
  test('never leads out of its directory', () => {
    const part = fc.constantFrom(
      '..',
      '%2e%2e',
      '%2E.',
      '/',
      '%2f',
      '\\',
      '%5c',
      '%00',
      'a',
      '.',
      '//',
      '%',
      '%25',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const file = fileOf(`app://causeway/${parts.join('')}`, DIRECTORY);
        assert.ok(file === undefined || file.startsWith(`${DIRECTORY}/`), file ?? '');
        assert.ok(file === undefined || !/(^|\/)\.\.(\/|$)|\0/.test(file), file ?? '');
      }),
    );
  });
  for (const other of [
    'app://other/',
    'file:///opt/app/renderer/index.html',
    'https://causeway/',
    'app://causeway:1/',
    'app://a@causeway/',
    'x',
  ])
    test(`is none: ${other}`, () => assert.equal(fileOf(other, DIRECTORY), undefined));
});

test('plain data of a modest size passes, and nothing else does', () => {
  for (const good of [null, undefined, 1, 'a', [], {}, { a: [{ b: true }] }, Object.create(null)])
    assert.ok(isModest(good));
  let deep: unknown = 1;
  for (let at = 0; at < 30; at += 1) deep = { deep };
  const many = Array.from({ length: 60_000 }, () => 1);
  for (const bad of [
    new Map(),
    new Date(),
    new Uint8Array(2),
    1n,
    () => 1,
    deep,
    many,
    'a'.repeat(2_000_000),
    { ['a'.repeat(2_000_000)]: 1 },
  ])
    assert.ok(!isModest(bad));
});

describe('the window opens', () => {
  const screens = [
    { x: 0, y: 0, width: 1920, height: 1040 },
    { x: 1920, y: 0, width: 1280, height: 1000 },
  ];
  const place = { x: 2000, y: 100, width: 900, height: 700, isMaximized: false };
  const at = { x: 2000, y: 100, width: 900, height: 700 };

  test('where it was', () => assert.deepEqual(placementOf(place, screens), at));
  test('anywhere when it was nowhere', () =>
    assert.deepEqual(placementOf(undefined, screens), { width: 960, height: 680 }));
  test('where the desktop wants it, when its screen is gone', () =>
    assert.deepEqual(placementOf(place, screens.slice(0, 1)), { width: 900, height: 700 }));
  test('so that it can be taken by its top', () => {
    for (const odd of [{ y: -50 }, { y: 1030 }, { x: 3150 }])
      assert.ok(!('x' in placementOf({ ...place, ...odd }, screens)));
  });
  test('no larger than its screen, and no smaller than it can be', () => {
    assert.deepEqual(placementOf({ ...place, width: 9000, height: 9000 }, screens), {
      ...at,
      width: 1280,
      height: 1000,
    });
    assert.deepEqual(placementOf({ ...place, width: 200, height: 1 }, screens), {
      ...at,
      width: 640,
      height: 480,
    });
  });
});

test('the session bus is found by its address, or beside the things of the session', () => {
  assert.equal(busPathOf('unix:path=/run/user/1000/bus,guid=ab', '/x'), '/run/user/1000/bus');
  assert.equal(busPathOf('unix:abstract=/tmp/dbus-1,guid=ab', '/x'), '\0/tmp/dbus-1');
  assert.equal(busPathOf('tcp:host=a;unix:path=/a%20b', '/x'), '/a b');
  assert.equal(busPathOf(undefined, '/run/user/1000'), '/run/user/1000/bus');
  assert.equal(busPathOf('autolaunch:', undefined), undefined);
});

test('versions are compared by their numbers', () => {
  assert.equal(versionOf('causewayd 0.10.1'), '0.10.1');
  assert.equal(versionOf('something'), undefined);
  assert.equal(isNewer('0.10.0', '0.9.9'), true);
  assert.equal(isNewer('0.9.9', '0.10.0'), false);
  assert.equal(isNewer('1.0.0', '1.0.0'), undefined);
  assert.equal(isNewer('1.0.0-rc.1', '1.0.0'), undefined);
  assert.equal(isNewer('new', '1.0.0'), undefined);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  appNamesOf,
  holdsUnits,
  isOfApp,
  isPlainName,
  runGroupName,
} from '../../../../core/platform/linux/apps/unit-names.ts';

const SESSION = 'user.slice/user-1000.slice/user@1000.service';
const APPS = `${SESSION}/app.slice`;
const UUID = '1c8d9fd3-6a43-4f0e-8c1b-6d1f0c9f6e52';
const ID128 = '0f7b1c9f2a4b4d0c9b1e6b7f6a5d4c3b';

/** Paths as desktops make them, what a policy calls what is in them, and what it must not be taken for. */
const PATHS: readonly (readonly [
  where: string,
  path: string,
  is: readonly string[],
  isNot?: readonly string[],
])[] = [
  ['a service of the machine', 'system.slice/nginx.service', ['nginx', 'nginx.service'], ['ngin', 'system']],
  ['a service in a slice of its own', 'backup.slice/restic.service', ['restic'], ['backup']],
  [
    'an instance of a template',
    'system.slice/system-postgresql.slice/postgresql@15\\x2dmain.service',
    ['postgresql', 'postgresql@15-main', 'postgresql@15-main.service', 'postgresql@'],
    ['postgresql@14-main', '15-main', 'system-postgresql'],
  ],
  [
    'a process of a service, below it',
    'system.slice/docker.service/inner/nginx.service',
    ['docker'],
    ['nginx', 'inner'],
  ],
  ['a service with a name that the kernel could use', 'system.slice/_cpu.service', ['cpu']],
  ['a service of OpenRC', 'openrc.transmission-daemon', ['transmission-daemon']],
  ['a service of a user', `${APPS}/syncthing.service`, ['syncthing'], ['app']],
  ['a user service beside applications', `${SESSION}/session.slice/pipewire.service`, ['pipewire']],
  [
    'GNOME, a launcher',
    `${APPS}/app-gnome-org.gnome.Epiphany-4711.scope`,
    ['org.gnome.Epiphany'],
    ['gnome', '4711'],
  ],
  [
    'GNOME, a hyphen in the name',
    `${APPS}/app-gnome-google\\x2dchrome-4711.scope`,
    ['google-chrome', 'google-chrome.desktop'],
  ],
  [
    'GNOME, at the start of a session',
    `${APPS}/app-gnome\\x2dkeyring\\x2dssh@autostart.service`,
    ['gnome-keyring-ssh'],
  ],
  [
    'GNOME, started over D-Bus',
    `${APPS}/app-dbus\\x2d:1.2\\x2dorg.gnome.Nautilus.slice/dbus-:1.2-org.gnome.Nautilus@0.service`,
    ['org.gnome.Nautilus'],
    ['dbus', 'org.gnome'],
  ],
  [
    'GNOME, what a terminal starts',
    `${APPS}/app-org.gnome.Terminal.slice/vte-spawn-${UUID}.scope`,
    ['org.gnome.Terminal'],
    ['vte-spawn'],
  ],
  ['KDE, a service', `${APPS}/app-org.kde.konsole@${ID128}.service`, ['org.kde.konsole'], ['konsole']],
  ['KDE, a scope', `${APPS}/app-org.kde.dolphin-${ID128}.scope`, ['org.kde.dolphin']],
  [
    'KDE, a scope by process number',
    `${APPS}/app-firefox\\x2desr-12345.scope`,
    ['firefox-esr'],
    ['firefox', 'esr'],
  ],
  [
    'KDE, at the start of a session',
    `${APPS}/app-org.kde.kdeconnect.daemon@autostart.service`,
    ['org.kde.kdeconnect.daemon'],
  ],
  ['KDE, in the days of Plasma 5.20', `${APPS}/apps-org.kde.kate-77.scope`, ['org.kde.kate']],
  ['a launcher that escapes nothing', `${APPS}/app-google-chrome-4711.scope`, ['google-chrome'], ['google']],
  ['a service of an older desktop', `${APPS}/app-gnome-org.gnome.Weather-991.service`, ['org.gnome.Weather']],
  ['a scope with a UUID', `${APPS}/app-code-${UUID}.scope`, ['code']],
  [
    'flatpak',
    `${APPS}/app-flatpak-org.mozilla.firefox-3021.scope`,
    ['org.mozilla.firefox'],
    ['flatpak', 'firefox'],
  ],
  ['flatpak, a hyphen in the name', `${APPS}/app-flatpak-io.github.a\\x2db-3021.scope`, ['io.github.a-b']],
  [
    'snap',
    `${APPS}/snap.firefox.firefox-${UUID}.scope`,
    ['firefox', 'firefox_firefox', 'snap.firefox.firefox'],
    ['snap', 'firefox.firefox'],
  ],
  [
    'snap, in the days of 20.04',
    `${SESSION}/snap.chromium.chromium.${UUID}.scope`,
    ['chromium', 'chromium_chromium'],
  ],
  [
    'snap, a part of it',
    `${APPS}/snap.libreoffice.calc-${UUID}.scope`,
    ['libreoffice', 'libreoffice_calc'],
    ['calc'],
  ],
  ['snap, a service', 'system.slice/snap.cups.cupsd.service', ['cups', 'cups_cupsd']],
  ['started as an application', `${SESSION}/session.slice/causeway-app-work`, ['work'], ['session']],
  [
    'started as one in another',
    `${APPS}/app-gnome-org.gnome.Console-9.scope/causeway-app-work`,
    ['work', 'org.gnome.Console'],
  ],
  ['a session', 'user.slice/user-1000.slice/session-2.scope', [], ['session-2', '2', 'session']],
  ['a manager itself', `${SESSION}/init.scope`, [], ['user', 'init', 'user@1000']],
  ['the root', '', [], ['']],
  ['a machine', 'machine.slice/machine-debian.scope/payload/system.slice/nginx.service', [], ['nginx']],
];

describe('the application of a control group', () => {
  for (const [where, path, is, isNot = []] of PATHS) {
    test(`is known for ${where}`, () => {
      for (const app of is) assert.ok(isOfApp(path, app), `${app}: ${appNamesOf(path).join()}`);
      for (const app of isNot) assert.ok(!isOfApp(path, app), `${app}: ${appNamesOf(path).join()}`);
      if (is.length === 0) assert.deepEqual(appNamesOf(path), []);
    });
  }

  test('is none of what a program makes below its own unit', () => {
    const unit = `${APPS}/app-gnome-org.gnome.Boxes-1.scope`;
    const own = appNamesOf(unit);
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z.@-]{1,12}$/), { minLength: 1, maxLength: 4 }),
        (below) => {
          const names = appNamesOf(`${unit}/${below.join('/')}`);
          assert.deepEqual(names, own);
        },
      ),
    );
  });

  test('is found for each that a launcher escapes as systemd does', () => {
    const id = fc
      .stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}$/)
      .filter((one) => !/\.(?:service|desktop)$/.test(one));
    const escaped = (text: string): string => text.replaceAll('-', '\\x2d');
    fc.assert(
      fc.property(id, fc.constantFrom('', 'gnome-', 'KDE-'), fc.nat(), (app, launcher, random) => {
        assert.ok(isOfApp(`${APPS}/app-${launcher}${escaped(app)}-${random}.scope`, app));
        assert.ok(isOfApp(`${APPS}/app-${launcher}${escaped(app)}@${random}.service`, app));
        assert.ok(isOfApp(`system.slice/${runGroupName(app)}`, app));
      }),
    );
  });

  test('is none for a name that could be more than a name to the firewall', () => {
    for (const name of ['a" }', 'a\nb', 'a b', 'ä', '*', '', 'a,b', 'a#', 'a;b', 'a{b']) {
      assert.ok(!isPlainName(name), name);
      assert.deepEqual(appNamesOf(`system.slice/${name}.service`.replace(/^.*\/\.service$/, 'x y')), []);
    }
    assert.ok(!isPlainName('x'.repeat(256)));
  });

  test('holds units when it is a slice or the manager of a user', () => {
    assert.ok(holdsUnits('app.slice') && holdsUnits('user@1000.service'));
    for (const name of ['user@a.service', 'x.service', 'slice', 'user@1.service.scope'])
      assert.ok(!holdsUnits(name));
  });
});

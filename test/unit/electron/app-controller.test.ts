import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ConnectionStatus, Status } from '../../../core/contract/daemon-api.ts';
import { appStateSchema, type AppState } from '../../../core/contract/gui-api.ts';
import { failure } from '../../../core/lib/failure.ts';
import { err, ok } from '../../../core/lib/result.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { AppController, type Desktop } from '../../../electron/main/app-controller.ts';
import { AppFiles } from '../../../electron/main/app-files.ts';
import type {
  CredentialRef,
  CredentialStore,
  KeychainState,
} from '../../../electron/main/credential-store.ts';
import type { DaemonLink, DaemonView } from '../../../electron/main/daemon-link.ts';
import { Importer } from '../../../electron/main/importer.ts';
import { connection, need, PROFILE, status, told } from './states.ts';

const SUMMARY = {
  id: PROFILE,
  name: 'Office',
  origin: 'user',
  gateway: 'vpn.example.com',
  method: 'psk',
} as const;
const ASKING = connection({ state: 'asking', need: need() });
const AGAIN = connection({ state: 'asking', need: need({ id: 2, rejected: true }) });
const UP = connection({ state: 'connected' });
const noParams = {};

/** In place of the connection to the service: answers everything, and remembers what it was asked. */
class MockLink {
  view: DaemonView = { link: 'ready', status: null, profiles: [SUMMARY], machine: null };
  readonly calls: { name: string; params: unknown; secret: string | undefined }[] = [];
  readonly answers = new Map<string, unknown>();
  call(name: string, params: unknown, secret?: SecretBytes): Promise<unknown> {
    this.calls.push({ name, params, secret: secret && new TextDecoder().decode(secret.reveal()) });
    return Promise.resolve(this.answers.get(name) ?? ok(null));
  }
  refresh(): Promise<void> {
    return Promise.resolve();
  }
  retry(): void {
    this.calls.push({ name: 'retry', params: undefined, secret: undefined });
  }
}

/** In place of the keychain. */
class MockCredentials implements CredentialStore {
  state: KeychainState = { state: 'ready', backend: 'Mock' };
  readonly kept = new Map<string, string>();
  works = true;
  look(): Promise<void> {
    return Promise.resolve();
  }
  get({ profile, what }: CredentialRef): Promise<SecretBytes | undefined> {
    const text = this.works ? this.kept.get(`${profile} ${what}`) : undefined;
    return Promise.resolve(text === undefined ? undefined : SecretBytes.ofText(text));
  }
  set({ profile, what }: CredentialRef, secret: SecretBytes): Promise<boolean> {
    if (this.works) this.kept.set(`${profile} ${what}`, new TextDecoder().decode(secret.reveal()));
    return Promise.resolve(this.works);
  }
  delete({ profile, what }: CredentialRef): Promise<boolean> {
    if (this.works) this.kept.delete(`${profile} ${what}`);
    return Promise.resolve(this.works);
  }
}

/** In place of the desktop. */
class MockDesktop implements Desktop {
  readonly done: string[] = [];
  readonly locale = 'de-AT';
  readonly platform = 'linux';
  refuses = false;
  hasTray = (): boolean => true;
  chooseFile(): Promise<undefined> {
    this.done.push('choose');
    return Promise.resolve(undefined);
  }
  saveText(kind: string, name: string, text: string): Promise<boolean> {
    if (this.refuses) return Promise.reject(new Error('the disk is full'));
    this.done.push(`save ${kind} ${name} ${text.length}`);
    return Promise.resolve(true);
  }
  setLaunchAtLogin(isWanted: boolean): void {
    if (this.refuses) throw new Error('read-only');
    this.done.push(`login ${isWanted}`);
  }
  sayBadLink(): void {
    this.done.push('bad link');
  }
  restart(): void {
    this.done.push('restart');
  }
}

let directory: string;
let link: MockLink;
let credentials: MockCredentials;
let desktop: MockDesktop;
let controller: AppController;
let states: AppState[];

function begin(): void {
  controller = new AppController({
    version: '0.1.0',
    link: link as unknown as DaemonLink,
    credentials,
    files: new AppFiles(directory),
    desktop,
    importer: new Importer(),
    epoch: () => 5,
    onState: (state) => states.push(state),
  });
}

function follow(of: ConnectionStatus | null, change: Partial<Status> = {}): void {
  link.view = { ...link.view, status: status(of, change) };
  controller.follow(link.view);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cw-app-'));
  [link, credentials, desktop, states] = [new MockLink(), new MockCredentials(), new MockDesktop(), []];
  begin();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function given(): (string | undefined)[] {
  return link.calls.filter(({ name }) => name === 'need.answer').map(({ secret }) => secret);
}

async function remember(): Promise<void> {
  follow(ASKING);
  await controller.handlers.answerNeed({ need: 1, secret: 'right', remember: true });
  follow(UP);
  await settled();
  follow(null);
}

describe('a secret', () => {
  test('that the gateway took is kept, and not before it did', async () => {
    follow(ASKING);
    await controller.handlers.answerNeed({ need: 1, secret: 'right', remember: true });
    assert.equal(credentials.kept.size, 0);
    follow(UP);
    await settled();
    assert.deepEqual([...credentials.kept], [[`${PROFILE} password`, 'right']]);
    assert.equal(controller.state.profiles[0]?.secretSaved, true);
  });

  test('that is kept answers the next time, and nobody is asked', async () => {
    await remember();
    const before = states.length;
    follow(connection({ ...ASKING, startedAt: 2000 }));
    await settled();
    assert.deepEqual(given(), ['right', 'right']);
    for (const state of states.slice(before)) {
      assert.equal(state.status?.connection?.need, undefined);
      assert.equal(state.status?.connection?.state, 'connecting');
    }
  });

  test('is found again by an app that was started anew, and by a service that counts from the beginning', async () => {
    await remember();
    begin();
    follow(ASKING);
    await settled();
    link.view = { ...link.view, link: 'absent', status: null };
    controller.follow(link.view);
    follow(connection({ ...ASKING, startedAt: 3000 }));
    await settled();
    assert.deepEqual(given(), ['right', 'right', 'right']);
  });

  test('that the gateway refuses is forgotten and asked for, and not tried again', async () => {
    await remember();
    follow(connection({ ...ASKING, startedAt: 2000 }));
    await settled();
    follow(connection({ ...AGAIN, startedAt: 2000 }));
    await settled();
    assert.deepEqual(given(), ['right', 'right']);
    assert.equal(credentials.kept.size, 0);
    assert.equal(controller.state.profiles[0]?.secretSaved, false);
    assert.equal(controller.state.status?.connection?.need?.rejected, true);
  });

  test('after which the connection ended at once is forgotten too', async () => {
    await remember();
    follow(connection({ ...ASKING, startedAt: 2000 }));
    await settled();
    follow(null, { lastFailure: told('auth.psk-mismatch') });
    await settled();
    assert.equal(credentials.kept.size, 0);
  });

  test('is kept when the connection ended for another reason', async () => {
    await remember();
    follow(connection({ ...ASKING, startedAt: 2000 }));
    await settled();
    follow(null, { lastFailure: told('network.no-route') });
    await settled();
    assert.equal(credentials.kept.size, 1);
  });

  test('that the gateway refused is not kept when the next one is right', async () => {
    follow(ASKING);
    await controller.handlers.answerNeed({ need: 1, secret: 'wrong', remember: true });
    follow(AGAIN);
    await controller.handlers.answerNeed({ need: 2, secret: 'right', remember: false });
    follow(UP);
    await settled();
    assert.equal(credentials.kept.size, 0);
  });

  test('of a connection that never was is not kept for another', async () => {
    follow(ASKING);
    await controller.handlers.answerNeed({ need: 1, secret: 'wrong', remember: true });
    follow(connection({ state: 'connected', startedAt: 9000 }));
    await settled();
    assert.equal(credentials.kept.size, 0);
  });

  test('of somebody else is none of ours to give', async () => {
    await remember();
    follow(connection({ ...ASKING, startedAt: 2000, isYours: false }));
    await settled();
    assert.deepEqual(given(), ['right']);
  });

  test('that the keychain does not give is asked for', async () => {
    await remember();
    credentials.works = false;
    credentials.state = { state: 'locked', backend: 'Mock' };
    follow(connection({ ...ASKING, startedAt: 2000 }));
    await settled();
    assert.deepEqual(given(), ['right']);
    assert.equal(controller.state.status?.connection?.need?.id, 1);
    assert.equal(controller.state.profiles[0]?.secretSaved, true);
  });

  test('that somebody took out of the keychain is no longer said to be there', async () => {
    await remember();
    credentials.kept.clear();
    follow(connection({ ...ASKING, startedAt: 2000 }));
    await settled();
    assert.equal(controller.state.profiles[0]?.secretSaved, false);
    assert.equal(controller.state.status?.connection?.need?.id, 1);
  });

  test('that could not be kept is said not to be', async () => {
    credentials.works = false;
    await remember();
    assert.equal(controller.state.keychain.notKept, true);
    assert.equal(controller.state.profiles[0]?.secretSaved, false);
  });

  test('is not kept where nothing is to be remembered, whatever the page says', async () => {
    await controller.handlers.writeAppSettings({ ...controller.state.settings, saveSecrets: false });
    await remember();
    assert.equal(credentials.kept.size, 0);
  });

  test('is forgotten by wish, with its profile, and with the wish to remember any', async () => {
    for (const forget of [
      () => controller.handlers.forgetSecret({ profile: PROFILE }),
      () => controller.handlers.removeProfile({ profile: PROFILE }),
      () => controller.handlers.writeAppSettings({ ...controller.state.settings, saveSecrets: false }),
    ]) {
      await remember();
      assert.equal(credentials.kept.size, 1);
      assert.equal((await forget()).ok, true);
      assert.equal(credentials.kept.size, 0);
    }
  });

  test('that cannot be forgotten is said to be there still', async () => {
    await remember();
    credentials.works = false;
    assert.equal((await controller.handlers.forgetSecret({ profile: PROFILE })).ok, false);
    assert.equal(controller.state.profiles[0]?.secretSaved, true);
  });

  test('is in no state that the page was ever told', async () => {
    await remember();
    follow(connection({ ...ASKING, startedAt: 2000 }));
    await settled();
    assert.ok(states.length > 3);
    for (const state of states) {
      appStateSchema.parse(state);
      assert.doesNotMatch(JSON.stringify(state), /right/);
    }
  });
});

describe('the app', () => {
  const linked = (name: string): Uint8Array => {
    const gateway = { address: 'vpn.example.com' };
    const user = { method: 'eap-mschapv2', username: 'alice' };
    return new TextEncoder().encode(JSON.stringify({ version: 1, name, gateway, user }));
  };

  test('proposes what a link holds, does nothing with it, and lets no other link in its place', () => {
    controller.propose(linked('Office'));
    const { proposal } = controller.state;
    assert.equal(proposal?.profile['name'], 'Office');
    controller.propose(linked('Evil'));
    assert.equal(controller.state.proposal, proposal);
    assert.deepEqual(link.calls, []);
  });

  test('says that a link holds nothing of ours', () => {
    controller.propose(undefined);
    controller.propose(new TextEncoder().encode('no profile'));
    assert.deepEqual(desktop.done, ['bad link', 'bad link']);
    assert.equal(controller.state.proposal, null);
  });

  test('speaks the language of the desktop, or that which was chosen', async () => {
    assert.equal(controller.state.language, 'de');
    await controller.handlers.writeAppSettings({ ...controller.state.settings, language: 'en' });
    assert.equal(controller.state.language, 'en');
    begin();
    assert.equal(controller.state.language, 'en');
  });

  test('is started at login when that is wanted, and says when the desktop refuses', async () => {
    const { settings } = controller.state;
    await controller.handlers.writeAppSettings({ ...settings, launchAtLogin: true });
    await controller.handlers.writeAppSettings({ ...settings, launchAtLogin: true, theme: 'dark' });
    await controller.handlers.writeAppSettings({ ...settings, launchAtLogin: false });
    assert.deepEqual(desktop.done, ['login true', 'login false']);
    desktop.refuses = true;
    const refused = await controller.handlers.writeAppSettings({ ...settings, launchAtLogin: true });
    assert.equal(!refused.ok && refused.error.code, 'platform.not-saved');
    assert.equal(controller.state.settings.launchAtLogin, false);
  });

  test('saves the report that was shown, and no other', async () => {
    assert.deepEqual(await controller.handlers.saveReport(noParams), ok(false));
    link.answers.set('diagnostics', ok({ made: 'now', parts: [], pseudonyms: {} }));
    const made = await controller.handlers.makeReport(noParams);
    assert.ok(made.ok);
    await controller.handlers.saveReport(noParams);
    assert.deepEqual(desktop.done, [`save report causeway-report.json ${made.value.text.length}`]);
    desktop.refuses = true;
    const refused = await controller.handlers.saveReport(noParams);
    assert.equal(!refused.ok && refused.error.code, 'platform.not-saved');
  });

  test('exports a profile under its name, without what would be another place', async () => {
    link.view = { ...link.view, profiles: [{ ...SUMMARY, name: '../../a\\b' }] };
    controller.follow(link.view);
    link.answers.set('profile.read', ok({ version: 1 }));
    await controller.handlers.exportProfile({ profile: PROFILE });
    assert.match(desktop.done[0] ?? '', /^save profile \.\.-\.\.-a-b\.json /);
  });

  test('hands on why the service refused', async () => {
    link.answers.set('connection.up', err(failure('contract.denied')));
    const refused = await controller.handlers.connect({ profile: PROFILE });
    assert.equal(!refused.ok && refused.error.code, 'contract.denied');
  });

  test('says which of app and service is older', () => {
    controller.follow({
      ...link.view,
      link: 'other-version',
      version: '0.0.9',
      appIsNewer: true,
      status: null,
    });
    assert.deepEqual(controller.state.service, { link: 'other-version', version: '0.0.9', appIsNewer: true });
  });
});

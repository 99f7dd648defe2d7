import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { Keychain, type Keytar } from '../../../electron/main/credential-store.ts';

const REF = { profile: '00112233445566aa', what: 'password' };

/** A keychain with a program in place of keytar, and time that a test lets pass. */
function rig(keytar: Partial<Keytar> | Error) {
  const timers: (() => void)[] = [];
  let changes = 0;
  const kept = new Map<string, string>();
  const working: Keytar = {
    getPassword: (service, account) => Promise.resolve(kept.get(`${service}/${account}`) ?? null),
    setPassword: (service, account, password) => {
      kept.set(`${service}/${account}`, password);
      return Promise.resolve();
    },
    deletePassword: (service, account) => Promise.resolve(kept.delete(`${service}/${account}`)),
  };
  const keychain = new Keychain({
    load: () => {
      if (keytar instanceof Error) throw keytar;
      return { ...working, ...keytar };
    },
    platform: 'linux',
    after: (_ms, callback) => {
      timers.push(callback);
      return () => undefined;
    },
    onChange: () => (changes += 1),
  });
  return { keychain, kept, changes: () => changes, late: () => timers.at(-1)?.() };
}

const failing = (message: string) => (): Promise<never> => Promise.reject(new Error(message));

test('a secret is kept under the name of the app, and found and forgotten again', async () => {
  const { keychain, kept } = rig({});
  assert.equal(keychain.state.state, 'unknown');
  assert.equal(await keychain.set(REF, SecretBytes.ofText('geheim ✓')), true);
  assert.deepEqual([...kept], [['Causeway/00112233445566aa password', 'geheim ✓']]);
  assert.equal(keychain.state.state, 'ready');
  const found = await keychain.get(REF);
  assert.ok(found?.equals(SecretBytes.ofText('geheim ✓')));
  assert.equal(await keychain.delete(REF), true);
  assert.equal(await keychain.get(REF), undefined);
});

test('a library that is not there is a keychain that is not there', async () => {
  const { keychain } = rig(new Error('libsecret-1.so.0: cannot open shared object file'));
  assert.equal(await keychain.set(REF, SecretBytes.ofText('x')), false);
  assert.equal(keychain.state.state, 'absent');
  assert.equal(await keychain.delete(REF), false);
});

for (const [message, state] of [
  ['Cannot create an item in a locked collection', 'locked'],
  ['The prompt was dismissed', 'locked'],
  ['The name org.freedesktop.secrets was not provided by any .service files', 'absent'],
] as const) {
  test(`a keychain that says '${message}' is ${state}`, async () => {
    const { keychain } = rig({ setPassword: failing(message) });
    assert.equal(await keychain.set(REF, SecretBytes.ofText('x')), false);
    assert.equal(keychain.state.state, state);
  });
}

test('one whose owner does not unlock it is locked, and what it takes later is taken out again', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const deleted: string[] = [];
  const { keychain, late } = rig({
    setPassword: () => promise,
    deletePassword: (_service, account) => {
      deleted.push(account);
      return Promise.resolve(true);
    },
  });
  const setting = keychain.set(REF, SecretBytes.ofText('x'));
  late();
  assert.equal(await setting, false);
  assert.equal(keychain.state.state, 'locked');
  resolve(undefined);
  await new Promise(setImmediate);
  assert.deepEqual(deleted, ['00112233445566aa password']);
});

test('what somebody saw from outside counts, but not that nobody can know', async () => {
  const { keychain, changes } = rig({});
  keychain.hear({ state: 'locked', backend: 'GNOME Keyring' });
  assert.deepEqual(keychain.state, { state: 'locked', backend: 'GNOME Keyring' });
  await keychain.set(REF, SecretBytes.ofText('x'));
  keychain.hear({ state: 'unknown' });
  assert.deepEqual(keychain.state, { state: 'ready', backend: 'GNOME Keyring' });
  keychain.hear({ state: 'absent' });
  assert.equal(keychain.state.state, 'absent');
  keychain.hear({ state: 'unknown' });
  assert.equal(keychain.state.state, 'unknown');
  assert.equal(changes(), 4);
});

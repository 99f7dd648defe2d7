import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectionStatus, Need } from '../../../core/contract/daemon-api.ts';
import { utf8Text } from '../../../core/lib/bytes.ts';
import { ok } from '../../../core/lib/result.ts';
import type { CredentialStore } from '../../../electron/main/credential-store.ts';
import type { DaemonView } from '../../../electron/main/daemon-link.ts';
import { Secrets } from '../../../electron/main/secrets.ts';

const PROFILE = 'office';

function connection(what: Need['what'], id: number, state: ConnectionStatus['state']): ConnectionStatus {
  const need: Need = { id, what, rejected: false, profile: 'Office', until: 1000 };
  return {
    profile: { id: PROFILE, name: 'Office' },
    isYours: true,
    startedAt: 1,
    state,
    since: 1,
    warnings: [],
    ...(state === 'asking' ? { need } : {}),
  };
}

function view(made: ConnectionStatus): DaemonView {
  return { status: { connection: made } } as unknown as DaemonView;
}

/** A keychain that has something under every name, and what was asked of it and of the service. */
function rig(remembered: readonly string[] = []) {
  const said: string[] = [];
  const credentials = {
    state: { state: 'ready' },
    look: () => Promise.resolve(),
    get: ({ what }: { what: string }) => {
      said.push(`get ${what}`);
      return Promise.resolve(undefined);
    },
    set: ({ what }: { what: string }) => {
      said.push(`set ${what}`);
      return Promise.resolve(true);
    },
    delete: () => Promise.resolve(true),
  } as unknown as CredentialStore;
  const secrets = new Secrets({
    credentials,
    give: (need, secret) => {
      said.push(`give ${need} ${utf8Text(secret.reveal())}`);
      return Promise.resolve(ok(null));
    },
    remembered: () => remembered,
    remember: () => undefined,
    onChange: () => undefined,
  });
  return { secrets, said };
}

async function signIn(secrets: Secrets, what: Need['what']): Promise<void> {
  const asking = connection(what, 7, 'asking');
  secrets.follow(view(asking), view(asking));
  await secrets.answer(asking, { need: 7, secret: '123456', remember: true });
  secrets.follow(view(asking), view(connection(what, 7, 'connected')));
  await new Promise(setImmediate);
}

describe('a one-time code in the app', () => {
  test('is never put into the keychain, whatever the page says, as a password is', async () => {
    const { secrets, said } = rig();
    await signIn(secrets, 'one-time code');
    assert.deepEqual(said, ['give 7 123456']);
    const other = rig();
    await signIn(other.secrets, 'password');
    assert.deepEqual(other.said, ['give 7 123456', 'set password']);
  });

  test('is never taken out of it, even if something is there under its name', async () => {
    const { secrets, said } = rig([`${PROFILE} one-time code`, `${PROFILE} password`]);
    const asking = connection('one-time code', 8, 'asking');
    secrets.follow(view(asking), view(asking));
    await new Promise(setImmediate);
    assert.deepEqual(said, []);
    assert.ok(asking.need);
    assert.equal(secrets.hides(asking.need), false);
    const other = connection('password', 9, 'asking');
    secrets.follow(view(asking), view(other));
    await new Promise(setImmediate);
    assert.deepEqual(said, ['get password']);
  });
});

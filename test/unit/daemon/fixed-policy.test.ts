import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type PolicyInput, policySchema } from '../../../core/contract/policy.ts';
import type { ConnectionSetup, RunningConnection } from '../../../core/daemon/connect.ts';
import { ProfileStore } from '../../../core/daemon/profile-store.ts';
import { Protector } from '../../../core/daemon/protector.ts';
import { Service } from '../../../core/daemon/service.ts';
import { SettingsStore } from '../../../core/daemon/settings-store.ts';
import type { Failure } from '../../../core/lib/failure.ts';
import { silent } from '../../../core/lib/ports.ts';
import { ok, type Result } from '../../../core/lib/result.ts';
import type { Caller } from '../../../core/rpc/handlers.ts';
import type { ProtectionChange } from '../../../core/vpn/protection.ts';
import { AutomaticRig } from './automatic-rig.ts';

const ALICE: Caller = { uid: 1000, pid: 1, isAdministrator: false };
const BOB: Caller = { uid: 1001, pid: 2, isAdministrator: false };
const BROKEN = 'config.fixed-policy-invalid';

function code(outcome: Result<unknown, Failure>): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

describe('the service and the policies of IT and of users', () => {
  let directory = '';
  let service: Service;
  let setups: ConnectionSetup[] = [];
  let changes: ProtectionChange[] = [];

  /** A connection that is there until it is stopped. */
  function connectionOf(setup: ConnectionSetup): RunningConnection {
    const ended = Promise.withResolvers<undefined>();
    setups.push(setup);
    return {
      done: ended.promise,
      tunnel: undefined,
      start: () => undefined,
      protect: (to) => {
        changes.push(to);
        return Promise.resolve(undefined);
      },
      stop: () => {
        ended.resolve(undefined);
        return ended.promise;
      },
    };
  }

  beforeEach(() => {
    [setups, changes] = [[], []];
    directory = mkdtempSync(join(tmpdir(), 'cw-fixed-'));
    const owner = process.getuid?.() ?? 0;
    const [systemDirectory, stateDirectory] = [join(directory, 'system'), join(directory, 'state')];
    mkdirSync(systemDirectory);
    const gateway = { address: 'vpn.example.com' };
    const user = { method: 'eap-mschapv2', username: 'alice' };
    const profile = { version: 1, name: 'Office', gateway, user };
    writeFileSync(join(systemDirectory, 'office.json'), JSON.stringify(profile));
    const done = (): Promise<Result<void, Failure>> => Promise.resolve(ok(undefined));
    const common = { epoch: () => 0, after: () => () => undefined, log: silent };
    service = new Service({
      ...common,
      version: '1.2.3',
      profiles: new ProfileStore({
        systemDirectory,
        stateDirectory,
        owner,
        random: (length) => new Uint8Array(length),
        log: silent,
      }),
      connect: connectionOf,
      logFile: { tail: () => [], end: 0, watch: () => () => undefined },
      programs: { areKnown: false, list: () => [], enter: () => Promise.resolve(ok({ ruled: false })) },
      doctor: { examine: () => Promise.resolve([]), repair: () => Promise.resolve([]) },
      protector: new Protector({
        ...common,
        store: new SettingsStore(stateDirectory, owner),
        firewall: { apply: done, clear: done, forget: () => undefined },
      }),
      automatic: new AutomaticRig().automatic,
      askBeacon: () => Promise.resolve({ outcome: 'silent' }),
      lookUp: () => Promise.resolve([]),
      routeOf: () => Promise.resolve(undefined),
    });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const calls = (): typeof service.handlers.calls => service.handlers.calls;
  const up = (): Promise<string> =>
    Promise.resolve(calls()['connection.up']({ profile: 'system.office' }, ALICE, undefined)).then(code);

  test('puts what IT fixed before every policy, whoever writes one', async () => {
    const fix = (policy: unknown): void =>
      writeFileSync(join(directory, 'system', 'office.policy'), JSON.stringify(policy));
    fix({ version: 1, rules: [{ action: 'block', to: ['192.0.2.7'] }], otherwise: 'bypass' });
    const profile = 'system.office';
    const policy = policySchema.parse({
      version: 1,
      rules: [
        { action: 'bypass', to: ['192.0.2.7'] },
        { action: 'protect', to: ['192.0.2.0/24'] },
      ],
      otherwise: 'block',
    });
    const lint = await calls()['policy.lint']({ profile, policy }, ALICE, undefined);
    assert.deepEqual(lint.ok && lint.value.map(({ kind, rule }) => [kind, rule]), [
      ['shadowed', 2],
      ['partly-shadowed', 3],
    ]);
    await calls()['policy.write']({ profile, policy }, ALICE, undefined);
    await up();
    const given = setups[0]?.policy;
    assert.deepEqual(
      [given?.rules.map(({ action }) => action), given?.otherwise],
      [['block', 'bypass', 'protect'], 'bypass'],
    );
    const told = await calls()['policy.explain']({ profile, destination: '192.0.2.7' }, ALICE, undefined);
    assert.deepEqual(told.ok && told.value.decisions.map(({ effective, rule }) => [effective, rule]), [
      ['block', 1],
    ]);
    assert.deepEqual(await calls()['policy.read']({ profile }, ALICE, undefined), {
      ok: true,
      value: policy,
    });
    const fixed = await calls()['policy.fixed']({ profile }, BOB, undefined);
    assert.deepEqual(fixed.ok && [fixed.value.rules.length, fixed.value.otherwise], [1, 'bypass']);
    await calls()['policy.write']({ profile, policy: { ...policy, rules: [] } }, ALICE, undefined);
    assert.deepEqual(
      changes.at(-1)?.policy?.rules.map(({ action }) => action),
      ['block'],
    );
    fix({ version: 1, rules: [{ action: 'allow' }] });
    assert.equal(code(await calls()['policy.write']({ profile, policy }, ALICE, undefined)), BROKEN);
    assert.equal(code(await calls()['policy.lint']({ profile, policy }, ALICE, undefined)), BROKEN);
    await calls()['connection.down']({}, ALICE, undefined);
    assert.equal(await up(), BROKEN);
  });

  test('explains by a policy that nobody has written yet', async () => {
    const ask = async (draft?: PolicyInput): Promise<unknown> => {
      const told = await calls()['policy.explain'](
        {
          profile: 'system.office',
          destination: '192.0.2.7',
          ...(draft ? { policy: policySchema.parse(draft) } : {}),
        },
        ALICE,
        undefined,
      );
      return told.ok && told.value.decisions.map(({ effective, reason }) => [effective, reason]);
    };
    assert.deepEqual(await ask(), [['protect', 'gateway']]);
    assert.deepEqual(await ask({ version: 1, otherwise: 'block' }), [['block', 'otherwise']]);
    assert.deepEqual(await ask(), [['protect', 'gateway']]);
    const long = policySchema.parse({
      version: 1,
      rules: Array(2).fill({ action: 'block', to: Array(999).fill('::1') }),
    });
    const asked = { profile: 'system.office', policy: long };
    assert.equal(code(await calls()['policy.lint'](asked, ALICE, undefined)), 'config.policy-unusable');
  });
});

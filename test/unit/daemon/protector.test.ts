import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Protector } from '../../../core/daemon/protector.ts';
import { SettingsStore } from '../../../core/daemon/settings-store.ts';
import { failure, type Failure } from '../../../core/lib/failure.ts';
import { silent } from '../../../core/lib/ports.ts';
import { err, ok, type Result } from '../../../core/lib/result.ts';
import type { FirewallPlan } from '../../../core/platform/ports.ts';

const REFUSED = failure('platform.firewall-failed', { detail: 'busy' });

describe('what protects the machine', () => {
  let directory = '';
  let store: SettingsStore;
  let protector: Protector;
  let walls: (FirewallPlan | undefined)[];
  /** What comes of the next changes of the firewall; those behind them go well. */
  let endings: (Promise<unknown> | 'refused')[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cw-protector-'));
    store = new SettingsStore(join(directory, 'state'), process.getuid?.() ?? 0);
    walls = [];
    endings = [];
    const done = async (plan?: FirewallPlan): Promise<Result<void, Failure>> => {
      const ending = endings.shift();
      await ending;
      if (ending !== undefined) return err(REFUSED);
      walls.push(plan);
      return ok(undefined);
    };
    protector = new Protector({
      store,
      firewall: { apply: done, clear: () => done(), forget: () => undefined },
      after: () => () => undefined,
      epoch: () => 0,
      log: silent,
    });
    await protector.start();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('is as the last settings say that were taken, also when others before them are refused late', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    endings = [promise];
    const first = protector.write({ killSwitch: 'always', lan: false });
    const second = protector.write({ killSwitch: 'always', lan: true });
    resolve(undefined);
    assert.equal((await first).ok, false);
    assert.equal((await second).ok, true);
    const wanted = { killSwitch: 'always', lan: true };
    assert.deepEqual(protector.settings, wanted);
    const read = store.read();
    assert.deepEqual(read.ok && read.value, wanted);
    assert.equal(walls.at(-1)?.stance, 'closed');
  });

  test('has no hole that could not be opened', async () => {
    assert.ok((await protector.write({ killSwitch: 'always', lan: true })).ok);
    endings = ['refused'];
    assert.equal((await protector.openHole(1000, 60)).ok, false);
    assert.equal(protector.holeUntil, undefined);
    assert.equal(protector.current.hole, undefined);
  });
});

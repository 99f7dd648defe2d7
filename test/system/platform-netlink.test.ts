/** What we ask of rtnetlink must be what ip asks of it: the same lines, by each in a namespace of its own. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { doing, undoing, type Step } from '../../core/platform/linux/steps.ts';
import { NetLab, type Namespace } from '../support/netns.ts';

const CHILD = join(import.meta.dirname, 'platform-netlink-child.ts');
const DEVICE = 'causeway0';

const STEPS: readonly Step[] = [
  { kind: 'link', device: DEVICE, mtu: 1390 },
  { kind: 'address', device: DEVICE, address: '10.5.0.7' },
  { kind: 'address', device: DEVICE, address: 'fd05::7' },
  { kind: 'route', device: DEVICE, prefix: '0.0.0.0/0', source: '10.5.0.7' },
  { kind: 'route', device: DEVICE, prefix: '10.0.0.0/8', source: '10.5.0.7' },
  { kind: 'route', device: DEVICE, prefix: '192.0.2.9/32', source: undefined },
  { kind: 'route', device: DEVICE, prefix: '::/0', source: 'fd05::7' },
  { kind: 'route', device: DEVICE, prefix: 'fd00::/8', source: 'fd05::7' },
  { kind: 'main-first', family: 4, to: '192.168.0.0/16' },
  { kind: 'main-first', family: 6, to: 'fc00::/7' },
  { kind: 'tunnel-rule', family: 4, mark: 0xca75 },
  { kind: 'tunnel-rule', family: 6, mark: 0xca75 },
  { kind: 'marked-route', device: DEVICE, family: 4, source: '10.5.0.7' },
  { kind: 'marked-route', device: DEVICE, family: 6, source: 'fd05::7' },
  { kind: 'marked-rule', family: 4, mark: 0xca76 },
  { kind: 'marked-rule', family: 6, mark: 0xca76 },
];

interface Batch {
  readonly args: readonly string[];
  readonly input: string;
}

/** The batches that take the steps, or undo them. */
function batches(verb: 'do' | 'undo', steps = STEPS): readonly Batch[] {
  const inOrder = verb === 'do' ? steps : steps.toReversed();
  return (['any', 6] as const).map((family) => {
    const lines = inOrder.flatMap((step) => {
      const action = verb === 'do' ? doing(step) : undoing(step);
      return action.kind === 'ip' && action.family === family ? action.lines : [];
    });
    const args = [...(family === 6 ? ['-6'] : []), ...(verb === 'undo' ? ['-force'] : []), '-batch', '-'];
    return { args, input: lines.map((line) => `${line}\n`).join('') };
  });
}

interface Said {
  readonly status: number;
  readonly stderr: string;
}

function byIp(namespace: Namespace, { args, input }: Batch): Said {
  const { status, stderr } = namespace.exec(['/usr/sbin/ip', ...args], { input, env: { LC_ALL: 'C' } });
  return { status: status === 0 ? 0 : 1, stderr };
}

function byUs(namespace: Namespace, { args, input }: Batch): Said {
  const said = namespace.run([process.execPath, CHILD, ...args], { input });
  return JSON.parse(said) as Said;
}

/** All that the steps are about, as ip shows it. */
function picture(namespace: Namespace): Record<string, string> {
  const show = (...args: readonly string[]): string => namespace.ip('-d', ...args);
  return {
    link: show('link', 'show', DEVICE),
    addresses: show('address', 'show', DEVICE),
    routes: show('route', 'show', 'table', 'all'),
    routes6: show('-6', 'route', 'show', 'table', 'all'),
    rules: show('rule', 'show'),
    rules6: show('-6', 'rule', 'show'),
  };
}

describe('changes over rtnetlink', { skip: NetLab.unavailable() }, () => {
  let lab: NetLab;
  let theirs: Namespace;
  let ours: Namespace;

  before(() => {
    lab = NetLab.create('nlink');
    [theirs, ours] = ['theirs', 'ours'].map((name) => lab.namespace(name)) as [Namespace, Namespace];
    for (const namespace of [theirs, ours]) namespace.ip('tuntap', 'add', 'dev', DEVICE, 'mode', 'tun');
  });
  after(() => lab.destroy());

  test('leave what ip leaves, when they are made and when they are undone', () => {
    const bare = picture(ours);
    assert.deepEqual(bare, picture(theirs));
    for (const verb of ['do', 'undo'] as const) {
      for (const batch of batches(verb)) {
        assert.deepEqual(byUs(ours, batch), { status: 0, stderr: '' });
        assert.equal(byIp(theirs, batch).status, 0);
      }
      assert.deepEqual(picture(ours), picture(theirs), verb);
      if (verb === 'do') assert.match(picture(ours)['rules'] ?? '', /15511/);
    }
    // The device itself is somebody else's.
    const { link, addresses, ...rest } = picture(ours);
    assert.deepEqual({ ...rest, link: '', addresses: '' }, { ...bare, link: '', addresses: '' });
    assert.doesNotMatch(`${link}${addresses}`, /[<,]UP[,>]|inet/);
  });

  test('are refused as they are to ip: a rule and an address that are there, a device that is not', () => {
    const again: readonly Step[] = [
      { kind: 'tunnel-rule', family: 4, mark: 0xca75 },
      { kind: 'tunnel-rule', family: 4, mark: 0xca75 },
    ];
    const missing: readonly Step[] = [{ kind: 'link', device: 'causeway9', mtu: 1400 }];
    for (const batch of [batches('do', again)[0], batches('do', missing)[0]]) {
      assert.ok(batch);
      const said = byUs(ours, batch);
      assert.equal(said.status, 1);
      assert.deepEqual(said, byIp(theirs, batch));
    }
  });

  test('are undone where there is nothing to undo, as ip does', () => {
    for (const batch of batches('undo')) {
      const [told, toldByIp] = [byUs(ours, batch), byIp(theirs, batch)];
      const numbers = (stderr: string): string[] => stderr.match(/-:\d+/g) ?? [];
      assert.deepEqual(numbers(told.stderr), numbers(toldByIp.stderr), told.stderr);
      assert.deepEqual(picture(ours), picture(theirs));
    }
  });
});

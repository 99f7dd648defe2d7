/** The split-tunnel screen. What lint and explain say is worked out from the rules, as the service does. */
import type { PolicyExplanation } from '../../../core/contract/daemon-api.ts';
import type { AppState } from '../../../core/contract/gui-api.ts';
import { type FixedPolicy, type Policy, policyWith } from '../../../core/contract/policy.ts';
import { parseAddress } from '../../../core/net/address.ts';
import { compilePolicy } from '../../../core/net/policy/compile.ts';
import { explain } from '../../../core/net/policy/explain.ts';
import { lintPolicy } from '../../../core/net/policy/lint.ts';
import { parsePrefix } from '../../../core/net/prefix.ts';
import { selectorOfPrefix } from '../../../core/net/selector.ts';
import { splitPolicyOf } from '../../../core/vpn/policy-rules.ts';
import type { Answers, Scene } from './fake-bridge.ts';

const NOTHING_FIXED: FixedPolicy = { version: 1, rules: [] };

const OFFICE: Policy = {
  version: 1,
  rules: [
    { action: 'block', to: ['ads.example.net', '*.tracker.example'] },
    { action: 'bypass', to: ['*.video.example'], note: 'streams stay off the office line' },
    { action: 'protect', to: ['10.50.0.0/16', '*.corp.example.com'] },
    { action: 'protect', to: ['172.16.0.0/12'], note: 'the laboratory' },
    { action: 'bypass', to: ['10.50.7.20-10.50.7.29'], protocol: 'tcp', ports: ['9100', '631'] },
    { action: 'bypass', app: 'org.jitsi.jitsi-meet', note: 'calls go the short way' },
  ],
  otherwise: 'gateway',
};

const FIXED: FixedPolicy = {
  version: 1,
  rules: [
    { action: 'protect', to: ['10.60.0.0/16'], note: 'Payroll never leaves the tunnel' },
    { action: 'block', to: ['198.51.100.0/24'] },
  ],
  otherwise: 'protect',
};

const LONG =
  `${'a-very-long-label-of-a-name-that-somebody-really-has'.slice(0, 50)}.`.repeat(4) + 'example.com';

const MANY: Policy = {
  version: 1,
  rules: Array.from({ length: 500 }, (_, i) => ({
    action: (['protect', 'bypass', 'block'] as const)[i % 3] ?? 'block',
    to: [`10.${i >> 8}.${i & 255}.0/24`, `host-${i}.example.com`],
    ...(i % 7 === 0 ? { note: `entry ${i} of the old list` } : {}),
  })),
  otherwise: 'bypass',
};

function answersFor(
  policy: Policy,
  fixed: FixedPolicy,
  granted: readonly string[],
  remote = granted,
): Answers {
  const selectors = granted.flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix ? [selectorOfPrefix(prefix)] : [];
  });
  const facts = { granted: selectors, names: [] };
  const ofDraft = (draft: Policy | undefined) => splitPolicyOf(policyWith(fixed, draft ?? policy));
  return {
    readPolicy: { ok: true, value: policy },
    readFixedPolicy: { ok: true, value: fixed },
    readProfile: { ok: true, value: { version: 1, tunnel: { remote: [...remote] } } },
    writePolicy: { ok: true, value: null },
    lintPolicy: ({ policy: draft }) => ({
      ok: true,
      value: lintPolicy(ofDraft(draft), facts).map((one) =>
        'by' in one ? { ...one, by: [...one.by] } : one,
      ),
    }),
    explain: ({ destination, policy: draft, protocol, port, app }) => {
      const address = parseAddress(destination) ?? parseAddress('10.50.9.7');
      if (!address) throw new Error('no address');
      const decisions = explain(compilePolicy(ofDraft(draft), facts), {
        destination: address,
        ...(protocol === undefined ? {} : { protocol }),
        ...(port === undefined ? {} : { port }),
        ...(app === undefined ? {} : { app }),
      });
      const told = decisions.map(({ condition, wanted, effective, reason }) => ({
        wanted,
        effective,
        reason: reason.kind,
        ...(reason.kind === 'rule' ? { rule: reason.rule } : {}),
        ...(condition.protocol === undefined ? {} : { protocol: condition.protocol }),
        ...(condition.ports ? { ports: [...condition.ports] } : {}),
        ...(condition.app === undefined ? {} : { app: condition.app }),
      })) as PolicyExplanation['decisions'];
      const first = told[0]?.effective;
      return {
        ok: true,
        value: {
          decisions: told,
          interface: first === 'protect' ? 'causeway0' : first === 'bypass' ? 'wlp3s0' : null,
          local: false,
          requested: [...remote],
          granted: [...granted],
          ...(parseAddress(destination)
            ? {}
            : {
                name: {
                  addresses: [{ address: '10.50.9.7', effective: first ?? 'block' }],
                  rules: [],
                  servers: ['10.50.0.53'],
                },
              }),
        },
      };
    },
  };
}

/** Somebody else writes a policy as soon as something was done to this one. */
function changedElsewhere(): Answers {
  const answers = answersFor(OFFICE, NOTHING_FIXED, ['0.0.0.0/0', '::/0']);
  const { lintPolicy: lint } = answers;
  const theirs: Policy = { ...OFFICE, rules: OFFICE.rules.slice(1) };
  let isChanged = false;
  return {
    ...answers,
    readPolicy: () => ({ ok: true, value: isChanged ? theirs : OFFICE }),
    lintPolicy: (params) => {
      isChanged ||= JSON.stringify(params.policy) !== JSON.stringify(OFFICE);
      return typeof lint === 'function' ? lint(params) : { ok: true, value: [] };
    },
  };
}

/** The scenes, over a calm app and one that is connected. */
export function splitScenes(calm: AppState, connected: AppState): Readonly<Record<string, Scene>> {
  const office = ['10.50.0.0/16', 'fd50::/64'];
  const everything = ['0.0.0.0/0', '::/0'];
  const lab = { ...calm, profiles: calm.profiles.filter(({ origin }) => origin === 'system') };
  return {
    split: { state: calm, answers: answersFor(OFFICE, NOTHING_FIXED, everything) },
    'split-connected': { state: connected, answers: answersFor(OFFICE, NOTHING_FIXED, office, everything) },
    'split-fixed': { state: lab, answers: answersFor(OFFICE, FIXED, ['10.0.0.0/8']) },
    'split-empty': {
      state: calm,
      answers: answersFor({ version: 1, rules: [], otherwise: 'gateway' }, NOTHING_FIXED, office),
    },
    'split-long': {
      state: {
        ...calm,
        profiles: calm.profiles.map((one) => ({ ...one, name: LONG.slice(0, 100), gateway: LONG })),
      },
      answers: answersFor(
        {
          version: 1,
          rules: [
            {
              action: 'protect',
              to: [
                LONG,
                `*.${LONG}`,
                '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ff00-2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff',
              ],
            },
            {
              action: 'bypass',
              to: MANY.rules.flatMap(({ to }) => to ?? []).slice(0, 400),
              app: 'x'.repeat(100),
              note: 'n'.repeat(200),
            },
          ],
          otherwise: 'block',
        },
        NOTHING_FIXED,
        everything,
      ),
    },
    'split-elsewhere': { state: calm, answers: changedElsewhere() },
    'split-many': { state: calm, answers: answersFor(MANY, NOTHING_FIXED, everything) },
    'split-refused': {
      state: calm,
      answers: {
        readPolicy: { ok: false, failure: { code: 'contract.timeout', context: {} } },
        readFixedPolicy: { ok: true, value: NOTHING_FIXED },
        readProfile: { ok: true, value: {} },
      },
    },
  };
}

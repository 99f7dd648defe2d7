import { isTable } from '../ledger.ts';
import { Fields } from './fields.ts';

/** Conditions about a network; a rule without any holds on all of them. */
const CONDITIONS = [
  'InterfaceTypeMatch',
  'SSIDMatch',
  'DNSDomainMatch',
  'DNSServerAddressMatch',
  'URLStringProbe',
];

const MIN_IDLE_SECONDS = 5;
const MAX_IDLE_SECONDS = 86_400;

/**
 * Connecting by itself. Apple tells networks by their names and what answers in them, which prove nothing; so only a
 * rule that holds on every network becomes something here, and the others are told.
 */
export function takeDemand(vpn: Fields): void {
  const { draft } = vpn;
  const isOn = vpn.flag('OnDemandEnabled');
  const rules = vpn.list('OnDemandRules') ?? [];
  if (isOn === true) {
    if (rules.length === 0)
      draft.change(vpn.key('OnDemandEnabled'), 'onDemand.enabled', true, 'demand-names');
    else vpn.taken('OnDemandEnabled');
  } else vpn.ignored(['OnDemandEnabled'], 'demand-off');
  if (vpn.has('OnDemandRules') && isOn !== true) vpn.ignored(['OnDemandRules'], 'demand-off');
  else takeRules(vpn, rules);
  vpn.ignored(['OnDemandUserOverrideDisabled'], 'user-decides');
  vpn.ignored(
    ['OnDemandMatchDomainsAlways', 'OnDemandMatchDomainsNever', 'OnDemandMatchDomainsOnRetry'],
    'demand-names',
  );
  takeIdle(vpn);
}

function takeRules(vpn: Fields, rules: readonly unknown[]): void {
  const { draft } = vpn;
  let hasEarlier = false;
  for (const [index, rule] of rules.entries()) {
    const key = `${vpn.key('OnDemandRules')}[${index}]`;
    if (!isTable(rule)) {
      draft.ledger.ignored(key, 'not-list');
      continue;
    }
    const fields = new Fields(draft, key, rule);
    const action = fields.text('Action');
    const isConditional = CONDITIONS.some((name) => fields.has(name));
    if (isConditional) draft.ledger.ignored(key, 'demand-networks');
    else if (action === 'Connect' && !hasEarlier)
      draft.change(key, 'automatic.connect', 'always', 'demand-always');
    else if (action === 'Connect') draft.ledger.ignored(key, 'demand-first');
    else if (action === 'EvaluateConnection' || action === 'Allow')
      draft.change(key, 'onDemand.enabled', true, 'demand-names');
    else draft.ledger.ignored(key, 'demand-rest');
    hasEarlier = true;
  }
}

function takeIdle(vpn: Fields): void {
  const { draft } = vpn;
  if (vpn.flag('DisconnectOnIdle') !== true) {
    vpn.ignored(['DisconnectOnIdle', 'DisconnectOnIdleTimer'], 'demand-off');
    return;
  }
  vpn.taken('DisconnectOnIdle');
  const seconds = vpn.number('DisconnectOnIdleTimer');
  if (seconds === undefined || seconds < 0) return vpn.ignored(['DisconnectOnIdleTimer'], 'not-number');
  const fits = Math.min(MAX_IDLE_SECONDS, Math.max(MIN_IDLE_SECONDS, seconds));
  const key = vpn.key('DisconnectOnIdleTimer');
  if (fits === seconds) draft.take(key, 'onDemand.idleSeconds', fits);
  else draft.change(key, 'onDemand.idleSeconds', fits, 'clamped', `${fits} s`);
}

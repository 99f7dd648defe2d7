import type { TFunction } from 'i18next';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';

/** Where a rule is for: the first destinations, and how many more there are. */
export function placesText(t: TFunction, { to }: PolicyRuleText, shown = 2): string {
  if (!to) return t('split.everywhere');
  const [first, more] = [to.slice(0, shown), to.length - shown];
  return more > 0 ? `${first.join(', ')} ${t('split.more', { count: more })}` : first.join(', ');
}

/** What a rule asks of traffic besides where it goes; nothing: no words. */
export function conditionTexts(t: TFunction, { protocol, ports, app }: PolicyRuleText): string[] {
  const name = protocol?.toUpperCase();
  return [
    ...(name === undefined
      ? []
      : ports
        ? [t('split.onlyPorts', { protocol: name, ports: ports.join(', ') })]
        : [t('split.onlyProtocol', { protocol: name })]),
    ...(app === undefined ? [] : [t('split.fromApp', { app })]),
  ];
}

/** A rule in a line, without its action. */
export function ruleText(t: TFunction, rule: PolicyRuleText, shown = 2): string {
  return [placesText(t, rule, shown), ...conditionTexts(t, rule)].join(', ');
}

import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PolicyExplanation } from '../../../core/contract/daemon-api.ts';
import { Button } from '../../ui/controls.tsx';
import { Facts } from '../../ui/parts.tsx';
import type { Told } from './ask-card.tsx';
import type { NumberedRule } from './model/picture.ts';
import { ruleText } from './rule-words.ts';

type Decision = PolicyExplanation['decisions'][number];

export interface AnswerProps {
  readonly told: Told;
  readonly rules: readonly NumberedRule[];
  readonly isConnected: boolean;
  readonly onShow: (rule: number) => void;
}

/** What becomes of the traffic, who says so, which way it goes, and who is asked for the name. */
export function Answer({ told, rules, isConnected, onShow }: AnswerProps): ReactNode {
  const { t } = useTranslation();
  const { what, isDraft, explanation } = told;
  const { decisions, local } = explanation;
  const [first] = decisions;
  const tone = local ? 'bypass' : first?.effective;
  const headline = !first
    ? t('split.ask.noAddress', { what })
    : local
      ? t('split.ask.local', { what })
      : t(`split.ask.effect.${first.effective}`, { what });
  const isOne = decisions.length <= 1;
  const isAlike = decisions.every(({ effective }) => effective === first?.effective);
  return (
    <div className="split-answer" data-action={tone}>
      {!isOne && !local ? (
        <>
          <p className="split-answer-head">{isAlike ? headline : what}</p>
          {!isAlike && <p>{t('split.ask.depends')}</p>}
          <ul className="split-decisions">
            {decisions.map((decision, i) => (
              <li key={i}>
                <span className={`badge badge-${decision.effective}`}>
                  {t(`split.action.${decision.effective}`)}
                </span>
                <span>
                  <strong>{conditionText(t, decision)}</strong>: <Because decision={decision} rules={rules} />
                </span>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <>
          <p className="split-answer-head">{headline}</p>
          <p>{first ? <Because decision={first} rules={rules} /> : t('split.ask.noAddressWhy')}</p>
        </>
      )}
      {isDraft && <p className="split-small split-draft-note">{t('split.ask.draft')}</p>}
      <AnswerFacts told={told} isConnected={isConnected} />
      <div className="row">
        {[...new Set(decisions.flatMap(({ rule }) => rule ?? []))].slice(0, 3).map((rule) => (
          <Button key={rule} onPress={() => onShow(rule)}>
            {t('split.ask.show', { number: rule })}
          </Button>
        ))}
      </div>
    </div>
  );
}

const NAMES: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6' };

function conditionText(t: TFunction, { app, protocol, ports }: Decision): string {
  const name = protocol === undefined ? undefined : (NAMES[protocol] ?? `${protocol}`);
  const numbers = ports?.map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`)).join(', ');
  const parts = [
    ...(name === undefined
      ? []
      : [
          numbers === undefined
            ? t('split.ask.condition.protocol', { protocol: name })
            : t('split.ask.condition.ports', { protocol: name, ports: numbers }),
        ]),
    ...(app === undefined ? [] : [t('split.ask.condition.app', { app })]),
  ];
  return parts.length > 0 ? parts.join(' ') : t('split.ask.otherwise');
}

/** Who decides, and that the gateway does not take it where that is so. */
function Because({ decision, rules }: { decision: Decision; rules: readonly NumberedRule[] }): ReactNode {
  const { t } = useTranslation();
  const { reason, rule: number, wanted, effective } = decision;
  const found = rules.find((one) => one.number === number);
  const who =
    reason === 'rule' && number !== undefined
      ? t(found?.isFixed ? 'split.ask.by.ruleFixed' : 'split.ask.by.rule', {
          number,
          text: found ? ruleText(t, found.rule) : '',
        })
      : reason === 'rule'
        ? ''
        : t(`split.ask.by.${reason}`);
  return (
    <>
      {who} {wanted === 'protect' && effective === 'block' && t('split.ask.refused')}
    </>
  );
}

function AnswerFacts({ told, isConnected }: Pick<AnswerProps, 'told' | 'isConnected'>): ReactNode {
  const { t } = useTranslation();
  const { decisions, interface: way, local, name, requested, granted, subnets } = told.explanation;
  const effective = decisions[0]?.effective;
  const wayText =
    effective === 'block' && !local
      ? t('split.ask.noWayBlock')
      : way !== null
        ? t(effective === 'protect' && !local ? 'split.ask.wayProtect' : 'split.ask.wayBypass', { name: way })
        : t(effective === 'protect' && !isConnected ? 'split.ask.noTunnel' : 'split.ask.noWay');
  const servers = name?.servers ?? [];
  const names =
    servers.length > 0
      ? t('split.ask.namesTunnel', { servers: servers.join(', ') })
      : t(isConnected ? 'split.ask.namesOther' : 'split.ask.namesUnconnected');
  return (
    <Facts
      rows={[
        [t('split.ask.way'), effective && wayText],
        [
          t('split.ask.addresses'),
          name && name.addresses.length > 0 ? <Addresses key="addresses" name={name} /> : undefined,
        ],
        [t('split.ask.names'), name && names],
        [t('split.ask.subnets'), subnets && <code key="own">{subnets.join(', ')}</code>],
        [t('split.ask.requested'), <code key="asked">{requested.join(', ')}</code>],
        [
          t('split.ask.granted'),
          granted ? <code key="granted">{granted.join(', ')}</code> : t('split.ask.notConnected'),
        ],
      ]}
    />
  );
}

const ADDRESSES = 6;

function Addresses({ name }: { name: NonNullable<PolicyExplanation['name']> }): ReactNode {
  const { t } = useTranslation();
  const more = name.addresses.length - ADDRESSES;
  return (
    <ul className="split-addresses">
      {name.addresses.slice(0, ADDRESSES).map(({ address, effective }) => (
        <li key={address}>
          <code>{address}</code>{' '}
          <span className={`badge badge-${effective}`}>{t(`split.action.${effective}`)}</span>
        </li>
      ))}
      {more > 0 && <li className="quiet">{t('split.more', { count: more })}</li>}
    </ul>
  );
}

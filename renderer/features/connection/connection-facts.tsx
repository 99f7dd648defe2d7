import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ConnectedFacts } from '../../../core/contract/snapshot.ts';
import { Facts } from '../../ui/parts.tsx';
import { strengthOf } from './model.ts';

const TONES = { strong: 'ok', sufficient: 'warn', weak: 'bad' } as const;

/** What is known of the tunnel that stands. */
export function ConnectionFacts({ facts }: { facts: ConnectedFacts }): ReactNode {
  const { t } = useTranslation();
  const { gateway, addresses, selectors, subnets = [], dns, domains, suite, mtu, tun, nat } = facts;
  const { host, address, port } = gateway;
  const strength = strengthOf(suite);
  const path = t('connection.facts.pathValue', { host, address, port });
  return (
    <section className="card">
      <h2>{t('connection.facts.title')}</h2>
      <Facts
        rows={[
          [t('connection.facts.path'), nat ? `${path}, ${t('connection.facts.pathNat')}` : path],
          [t('connection.facts.identity'), gateway.identity],
          [t('connection.facts.addresses'), addresses.join(', ')],
          [t('connection.facts.networks'), selectors.remote.join(', ')],
          ...(subnets.length > 0 ? [[t('connection.facts.subnets'), subnets.join(', ')] as const] : []),
          [t('connection.facts.dns'), dns.length > 0 ? dns.join(', ') : t('connection.facts.noDns')],
          [t('connection.facts.domains'), domains.join(', ')],
          [
            t('connection.facts.suite'),
            <span key="suite" className="row">
              <code>{suite.esp}</code>
              <span className={`badge badge-${TONES[strength]}`}>
                {t(`connection.facts.strength.${strength}`)}
              </span>
            </span>,
          ],
          [t('connection.facts.mtu'), t('connection.facts.mtuValue', { octets: mtu })],
          [t('connection.facts.interface'), tun],
        ]}
      />
    </section>
  );
}

import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CertificateTexts } from '../../../core/contract/gui-api.ts';
import { useBridge } from '../../app/bridge.tsx';
import { Facts } from '../../ui/parts.tsx';
import { useNow } from '../../ui/use-now.ts';
import { validityAt } from './model/validity.ts';

const TONES = { valid: 'ok', soon: 'warn', expired: 'bad', early: 'warn' } as const;
const MINUTE_MS = 60_000;

/** What certificates in PEM say: the app reads them, the page shows them. */
export function Certificates({ pem }: { readonly pem: string }): ReactNode {
  const { t } = useTranslation();
  const bridge = useBridge();
  const [read, setRead] = useState<{ readonly pem: string; readonly texts: CertificateTexts }>();
  useEffect(() => {
    let isWanted = true;
    if (pem.includes('-----END'))
      void bridge.describeCertificates({ pem }).then((outcome) => {
        if (isWanted && outcome.ok) setRead({ pem, texts: outcome.value });
      });
    return () => {
      isWanted = false;
    };
  }, [bridge, pem]);
  if (read?.pem !== pem) return null;
  const { certificates, problem } = read.texts;
  return (
    <div className="stack">
      {certificates.map((one) => (
        <CertificateCard key={one.fingerprint} certificate={one} />
      ))}
      {problem !== undefined && (
        <p className="field-error">{t('profiles.certificate.unreadable', { problem })}</p>
      )}
    </div>
  );
}

function CertificateCard({
  certificate,
}: {
  certificate: CertificateTexts['certificates'][number];
}): ReactNode {
  const { t, i18n } = useTranslation();
  const now = useNow(MINUTE_MS);
  const { subject, issuer, notBefore, notAfter, names, fingerprint, serial, key } = certificate;
  const validity = validityAt(certificate, now);
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium' });
  const days = validity.state === 'soon' ? validity.days : 0;
  return (
    <section className="certificate" aria-label={subject}>
      <div className="row">
        <strong className="certificate-subject selectable">{commonNameOf(subject)}</strong>
        <span className={`badge badge-${TONES[validity.state]}`}>
          {t(`profiles.certificate.states.${validity.state}`, { days })}
        </span>
        {certificate.isAuthority && <span className="badge">{t('profiles.certificate.authority')}</span>}
      </div>
      <Facts
        rows={[
          [t('profiles.certificate.subject'), subject],
          [
            t('profiles.certificate.issuer'),
            certificate.isSelfIssued ? t('profiles.certificate.selfIssued') : issuer,
          ],
          [
            t('profiles.certificate.valid'),
            t('profiles.certificate.range', { from: date.format(notBefore), to: date.format(notAfter) }),
          ],
          [t('profiles.certificate.names'), names.join(', ')],
        ]}
      />
      <details>
        <summary>{t('profiles.certificate.more')}</summary>
        <Facts
          rows={[
            [t('profiles.certificate.fingerprint'), <code key="fingerprint">{fingerprint}</code>],
            [t('profiles.certificate.serial'), <code key="serial">{serial}</code>],
            [t('profiles.certificate.key'), key],
          ]}
        />
      </details>
    </section>
  );
}

/** The name that people know a certificate by. */
function commonNameOf(subject: string): string {
  return /(?:^|,)\s*CN=((?:\\.|[^,\\])+)/.exec(subject)?.[1] ?? subject;
}

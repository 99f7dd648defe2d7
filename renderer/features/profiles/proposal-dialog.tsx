import { type ReactNode, useEffect, useState } from 'react';
import { Form } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { Conversion, Proposal } from '../../../core/contract/gui-api.ts';
import { useAppState, useBridge, useVerb } from '../../app/bridge.tsx';
import { useNavigate } from '../../app/navigation.tsx';
import { Button, Select, TextField } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Dialog, Notice } from '../../ui/parts.tsx';
import { base64Of } from './model/base64.ts';
import { readProblem } from './model/problems.ts';
import { effectsOf, ownNamesake } from './model/proposal.ts';
import { pemOf, textOf, valueAt } from './model/written.ts';
import { Certificates } from './certificates.tsx';
import { changeImport, useImport } from './import-store.ts';
import { useProblemText } from './problem-text.ts';
import { ReportTable } from './report-table.tsx';
import './profiles.css';

const MAX_OCTETS = 1024 * 1024;
/** What a proposal from a link is called by the app. */
const LINK_SOURCE = /^link(\.json)?$/;

/** Shows what a link or a file wants to become, and asks. It is there on every screen, and takes files that are dropped. */
export function ProposalDialog(): ReactNode {
  const { proposal: offered } = useAppState();
  const { conversion } = useImport();
  const drop = useVerb('dropProposal');
  // It is gone from here at once, and from the state when the app has heard of it.
  const [answered, setAnswered] = useState<Proposal>();
  const isOver = useDroppedFiles();
  const close = (): void => changeImport({ conversion: undefined });
  if (conversion?.kind === 'passphrase') return <Passphrase asked={conversion} onClose={close} />;
  if (conversion?.kind === 'unreadable') return <Unreadable trouble={conversion} onClose={close} />;
  if (conversion) return <Asking proposal={conversion.proposal} onClose={close} />;
  if (offered && offered !== answered)
    return (
      <Asking
        proposal={offered}
        onClose={() => {
          setAnswered(offered);
          void drop.run({});
        }}
      />
    );
  return isOver ? <DropHint /> : null;
}

function DropHint(): ReactNode {
  const { t } = useTranslation();
  return <div className="drop-hint">{t('profiles.dropHere')}</div>;
}

/** Converts a file that is dropped on the window. True while one is over it. */
function useDroppedFiles(): boolean {
  const bridge = useBridge();
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const hasFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const over = (event: DragEvent): void => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file)
        void convert(file, (params) => bridge.convertImport(params)).then((made) => {
          if (made) changeImport({ conversion: made });
        });
    };
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [bridge]);
  return isOver;
}

async function convert(
  file: File,
  ask: ReturnType<typeof useBridge>['convertImport'],
): Promise<Conversion | undefined> {
  const source = file.name.slice(-255) || 'file';
  if (file.size > MAX_OCTETS) return { kind: 'unreadable', source, why: 'too-long' };
  const contents = base64Of(new Uint8Array(await file.arrayBuffer()));
  if (contents === '') return { kind: 'unreadable', source, why: 'unknown-kind' };
  const outcome = await ask({ source, contents });
  return outcome.ok ? outcome.value : { kind: 'unreadable', source, why: 'unknown-kind' };
}

type Asked = Extract<Conversion, { kind: 'passphrase' }>;

function Passphrase({ asked, onClose }: { asked: Asked; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const convertAgain = useVerb('convertImport');
  const [passphrase, setPassphrase] = useState('');
  const { source, purpose, wrong } = asked;
  return (
    <Dialog title={t(`profiles.passphrase.${purpose}Title`, { source })} onClose={onClose} needsAnswer>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (passphrase === '') return;
          void convertAgain.run({ source, passphrase }).then((outcome) => {
            setPassphrase('');
            if (outcome.ok) changeImport({ conversion: outcome.value });
          });
        }}
      >
        <p>{t(`profiles.passphrase.${purpose}Body`, { source })}</p>
        <TextField
          label={t('profiles.passphrase.label')}
          type="password"
          value={passphrase}
          onChange={setPassphrase}
          autoFocus
          isRequired
          problem={wrong && passphrase === '' ? t('profiles.passphrase.wrong') : undefined}
        />
        {convertAgain.failure && <FailureNotice failure={convertAgain.failure} />}
        <div className="dialog-actions">
          <Button onPress={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" kind="primary" isDisabled={passphrase === '' || convertAgain.isBusy}>
            {t('profiles.passphrase.go')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

type Trouble = Extract<Conversion, { kind: 'unreadable' }>;

function Unreadable({ trouble, onClose }: { trouble: Trouble; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { source, why, detail = '' } = trouble;
  return (
    <Dialog title={t('profiles.trouble.title', { source })} onClose={onClose}>
      <Notice tone="bad" isLive>
        <p className="selectable profile-wrap">{t(`profiles.troubles.${why}`, { detail })}</p>
      </Notice>
      <p>{t('profiles.trouble.next')}</p>
      <div className="dialog-actions">
        <Button autoFocus onPress={onClose}>
          {t('common.close')}
        </Button>
      </div>
    </Dialog>
  );
}

function Asking({ proposal, onClose }: { proposal: Proposal; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { profiles, service } = useAppState();
  const write = useVerb('writeProfile');
  const [replaces, setReplaces] = useState(false);
  const problemText = useProblemText();
  const { source, profile, report, problems } = proposal;
  const namesake = ownNamesake(profiles, profile);
  const name = textOf(profile['name']);
  const isLink = LINK_SOURCE.test(source);
  const isGood = problems.length === 0;
  const accept = async (): Promise<void> => {
    const target = replaces && namesake ? { profile: namesake.id } : {};
    const outcome = await write.run({ ...target, contents: profile });
    if (!outcome.ok) return;
    changeImport({ done: { what: replaces ? 'replaced' : 'added', name } });
    navigate('profiles');
    onClose();
  };
  return (
    <Dialog title={t('profiles.proposal.title')} onClose={onClose} isWide needsAnswer>
      {isLink ? (
        <Notice tone="warn">{t('profiles.proposal.fromLink')}</Notice>
      ) : (
        <p className="quiet profile-wrap">{t('profiles.proposal.from', { source })}</p>
      )}
      {!isGood && (
        <Notice tone="warn" title={t('profiles.proposal.problems')}>
          <ul className="profile-problems">
            {problems.map((line) => {
              const problem = readProblem(line);
              return (
                <li key={line}>
                  <code>{problem.path}</code> {problemText(problem)}
                </li>
              );
            })}
          </ul>
          <p>{t('profiles.proposal.problemsHelp')}</p>
        </Notice>
      )}
      <Effects proposal={proposal} />
      <ReportTable report={report} />
      {namesake && (
        <Select
          label={t('profiles.proposal.same')}
          value={replaces ? 'replace' : 'add'}
          options={[
            { key: 'add', text: t('profiles.proposal.sameAdd') },
            { key: 'replace', text: t('profiles.proposal.sameReplace') },
          ]}
          onChange={(key) => setReplaces(key === 'replace')}
        />
      )}
      {write.failure && <FailureNotice failure={write.failure} />}
      <div className="dialog-actions profile-dialog-actions">
        <Button onPress={onClose}>{t('profiles.proposal.refuse')}</Button>
        <Button
          kind={isGood ? 'plain' : 'primary'}
          onPress={() => {
            changeImport({ draft: profile });
            navigate('profiles');
            onClose();
          }}
        >
          {t('profiles.proposal.edit')}
        </Button>
        {isGood && (
          <Button
            kind="primary"
            isDisabled={write.isBusy || service.link !== 'ready'}
            onPress={() => void accept()}
          >
            {t('profiles.proposal.accept')}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

/** What the profile will do, in sentences. */
function Effects({ proposal }: { proposal: Proposal }): ReactNode {
  const { t } = useTranslation();
  const { profile } = proposal;
  const effects = effectsOf(profile);
  const { gateway, method, username, networks, hasOwnAuthorities, isAutomatic } = effects;
  const as = {
    user: t('profiles.proposal.asUser', { username }),
    certificate: t('profiles.proposal.asCertificate'),
    psk: t('profiles.proposal.asPsk'),
    nobody: t('profiles.proposal.asNobody'),
  }[method];
  return (
    <section className="profile-effects">
      <h3 className="profile-wrap">{textOf(profile['name'])}</h3>
      <p className="selectable profile-wrap">
        {gateway === '' ? t('profiles.proposal.willLater') : t('profiles.proposal.will', { gateway, as })}
      </p>
      <p className="selectable profile-wrap">
        {networks.length === 0
          ? t('profiles.proposal.everything')
          : t('profiles.proposal.some', { networks: networks.join(', ') })}
      </p>
      {isAutomatic && <p>{t('profiles.proposal.itself')}</p>}
      {method !== 'psk' && (
        <p>{t(hasOwnAuthorities ? 'profiles.proposal.trustOwn' : 'profiles.proposal.trustSystem')}</p>
      )}
      {hasOwnAuthorities && <Certificates pem={pemOf(valueAt(profile, 'gateway.authorities'))} />}
      {method === 'certificate' && <Certificates pem={pemOf(valueAt(profile, 'user.certificate'))} />}
    </section>
  );
}

import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PolicyExplanation } from '../../../core/contract/daemon-api.ts';
import { appProblem, portsProblem, PROTOCOLS } from '../../../core/contract/policy-text.ts';
import { useVerb } from '../../app/bridge.tsx';
import { Button, Select, TextField } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Answer } from './answer.tsx';
import { policyOf } from './model/draft.ts';
import type { NumberedRule } from './model/picture.ts';
import { type Question, questionOf, refined } from './model/question.ts';
import type { Split } from './use-split.ts';

/** What somebody asked, and what the service said. */
export interface Told {
  readonly what: string;
  readonly explanation: PolicyExplanation;
  /** By rules that are not in force. */
  readonly isDraft: boolean;
}

export interface AskCardProps {
  readonly profile: string;
  readonly split: Split;
  readonly rules: readonly NumberedRule[];
  readonly told: Told | undefined;
  readonly onTold: (told: Told | undefined) => void;
  readonly onShow: (rule: number) => void;
}

interface Asked {
  readonly what: string;
  readonly question: Question & { readonly app?: string };
}

const ASK_AGAIN_MS = 400;

/** The box that tells what becomes of traffic, and tells it again when the rules or the connection change. */
export function AskCard({ profile, split, rules, told, onTold, onShow }: AskCardProps): ReactNode {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [protocol, setProtocol] = useState<'any' | (typeof PROTOCOLS)[number]>('any');
  const [port, setPort] = useState('');
  const [app, setApp] = useState('');
  const [isWrong, setWrong] = useState(false);
  const [asked, setAsked] = useState<Asked>();
  const { isBusy, failure } = useAnswer(profile, split, asked, onTold);
  const isPortWrong = port.trim() !== '' && (portsProblem(port.trim()) !== undefined || port.includes('-'));
  const isAppWrong = app.trim() !== '' && appProblem(app.trim()) !== undefined;
  const ask = (): void => {
    const question = questionOf(text);
    setWrong(!question);
    if (!question || isPortWrong || isAppWrong) return;
    const exact = refined(question, protocol, port.trim() === '' ? undefined : Number(port));
    setAsked({
      what: whatText(exact),
      question: { ...exact, ...(app.trim() === '' ? {} : { app: app.trim() }) },
    });
  };
  return (
    <section className="card" aria-labelledby="split-ask-title">
      <h2 id="split-ask-title">{t('split.ask.title')}</h2>
      <form
        className="split-ask"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <TextField
          label={t('split.ask.destination')}
          value={text}
          onChange={(value) => {
            setText(value);
            setWrong(false);
          }}
          placeholder={t('split.ask.placeholder')}
          problem={isWrong ? t('split.ask.wrong') : undefined}
        />
        <Select
          label={t('split.ask.protocol')}
          value={protocol}
          options={[
            { key: 'any', text: t('split.ask.anyProtocol') },
            ...PROTOCOLS.map((key) => ({ key, text: key.toUpperCase() })),
          ]}
          onChange={setProtocol}
        />
        <TextField
          label={t('split.ask.port')}
          value={port}
          onChange={setPort}
          problem={isPortWrong ? t('split.ask.portWrong') : undefined}
          isDisabled={protocol === 'icmp'}
        />
        <TextField
          label={t('split.ask.app')}
          value={app}
          onChange={setApp}
          placeholder={t('split.ask.appPlaceholder')}
          problem={isAppWrong ? t('split.ask.appWrong') : undefined}
        />
        <Button type="submit" kind="primary" isDisabled={!split.isReady || isBusy}>
          {t('split.ask.ask')}
        </Button>
      </form>
      {failure && <FailureNotice failure={failure} />}
      <div role="status" className="split-answer-place">
        {told && <Answer told={told} rules={rules} isConnected={split.isConnected} onShow={onShow} />}
      </div>
    </section>
  );
}

/** Asks when there is a question, and again a moment after what decides has changed. */
function useAnswer(
  profile: string,
  split: Split,
  asked: Asked | undefined,
  onTold: (told: Told | undefined) => void,
): Pick<ReturnType<typeof useVerb<'explain'>>, 'isBusy' | 'failure'> {
  const explain = useVerb('explain');
  const { draft, isChanged, isReady, isConnected } = split;
  const takenText = split.taken.join(' ');
  const before = useRef<Asked>(undefined);
  // What the effect uses of this moment, without being made anew by it.
  const now = useRef({ explain, onTold });
  now.current = { explain, onTold };
  useEffect(() => {
    if (!asked || !isReady) return undefined;
    let isWanted = true;
    const timer = setTimeout(
      () => {
        const policy = isChanged ? { policy: policyOf(draft) } : {};
        void now.current.explain.run({ profile, ...asked.question, ...policy }).then((outcome) => {
          if (!isWanted) return;
          now.current.onTold(
            outcome.ok ? { what: asked.what, explanation: outcome.value, isDraft: isChanged } : undefined,
          );
        });
      },
      before.current === asked ? ASK_AGAIN_MS : 0,
    );
    before.current = asked;
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [profile, asked, draft, isChanged, isReady, isConnected, takenText]);
  return explain;
}

const NAMES: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMP' };

function whatText({ destination, protocol, port }: Question): string {
  if (protocol === undefined) return destination;
  const name = NAMES[protocol] ?? `${protocol}`;
  return port === undefined ? `${destination} (${name})` : `${destination} (${name} ${port})`;
}

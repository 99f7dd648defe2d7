import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import { MAX_DESTINATIONS, MAX_RULES } from '../../../core/contract/policy-text.ts';
import { Button, Switch, TextField } from '../../ui/controls.tsx';
import { Dialog } from '../../ui/parts.tsx';
import type { Action } from './model/draft.ts';
import { type Pasted, readPasted } from './model/paste.ts';
import { ActionChoice } from './rule-editor.tsx';

export interface PasteDialogProps {
  readonly text: string;
  /** Rules that are there. */
  readonly count: number;
  readonly onClose: () => void;
  readonly onRules: (rules: readonly PolicyRuleText[]) => void;
}

/** Makes rules of whatever was pasted, and says before what became of each word of it. */
export function PasteDialog({ text: given, count, onClose, onRules }: PasteDialogProps): ReactNode {
  const { t } = useTranslation();
  const [text, setText] = useState(given);
  const [action, setAction] = useState<Action>('protect');
  const [isEach, setEach] = useState(false);
  const pasted = useMemo(() => readPasted(text), [text]);
  const { destinations } = pasted;
  const made: readonly PolicyRuleText[] = [
    ...pasted.rules,
    ...(isEach
      ? destinations.map((one): PolicyRuleText => ({ action, to: [one] }))
      : destinations.length > 0
        ? [{ action, to: [...destinations] }]
        : []),
  ];
  const isTooMuch = count + made.length > MAX_RULES || destinations.length > MAX_DESTINATIONS;
  return (
    <Dialog title={t('split.paste.title')} onClose={onClose} isWide>
      <TextField
        label={t('split.paste.text')}
        value={text}
        onChange={setText}
        lines={6}
        help={t('split.paste.help')}
        problem={isTooMuch ? t('split.paste.tooMany', { count: MAX_RULES }) : undefined}
        isMono
        autoFocus
      />
      <Report pasted={pasted} />
      {(destinations.length > 0 || pasted.rules.length === 0) && (
        <>
          <ActionChoice value={action} onChange={setAction} />
          <Switch isSelected={isEach} onChange={setEach}>
            {t('split.paste.each')}
          </Switch>
        </>
      )}
      <div className="dialog-actions">
        <Button onPress={onClose}>{t('common.cancel')}</Button>
        <Button kind="primary" isDisabled={made.length === 0 || isTooMuch} onPress={() => onRules(made)}>
          {t('split.paste.add')}
        </Button>
      </div>
    </Dialog>
  );
}

const SHOWN = 50;

function Report({ pasted }: { pasted: Pasted }): ReactNode {
  const { t } = useTranslation();
  const { destinations, rules, repeated, changed, refused } = pasted;
  const counts = [
    ...(rules.length > 0 ? [t('split.paste.rules', { count: rules.length })] : []),
    ...(destinations.length > 0 ? [t('split.paste.taken', { count: destinations.length })] : []),
    ...(repeated > 0 ? [t('split.paste.repeated', { count: repeated })] : []),
  ];
  return (
    <div role="status" className="stack split-report">
      {counts.length > 0 && <p className="split-report-good">{counts.join(' · ')}</p>}
      {changed.length > 0 && (
        <div>
          <h3>{t('split.paste.changed', { count: changed.length })}</h3>
          <ul>
            {changed.slice(0, SHOWN).map(({ from, to }, i) => (
              <li key={i}>
                <code>{from}</code> → <code>{to}</code>
              </li>
            ))}
            <More count={changed.length - SHOWN} />
          </ul>
        </div>
      )}
      {refused.length > 0 && (
        <div className="split-report-bad">
          <h3>{t('split.paste.refused', { count: refused.length })}</h3>
          <ul>
            {refused.slice(0, SHOWN).map(({ text, why }, i) => (
              <li key={i}>
                <code>{text}</code> <span className="quiet">{t(`split.paste.why.${why}`)}</span>
              </li>
            ))}
            <More count={refused.length - SHOWN} />
          </ul>
        </div>
      )}
    </div>
  );
}

function More({ count }: { count: number }): ReactNode {
  const { t } = useTranslation();
  return count > 0 ? <li className="quiet">{t('split.more', { count })}</li> : null;
}

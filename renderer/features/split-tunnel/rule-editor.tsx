import { type ReactNode, useState } from 'react';
import { Label, RadioButton, RadioField, RadioGroup } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { TFunction } from 'i18next';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import { ACTIONS, MAX_DESTINATIONS, MAX_NOTE_LENGTH, PROTOCOLS } from '../../../core/contract/policy-text.ts';
import { Button, Select, TextField } from '../../ui/controls.tsx';
import type { Action } from './model/draft.ts';
import { type FormProblem, formOf, problemsOfForm, type RuleForm, ruleOfForm } from './model/form.ts';

export interface RuleEditorProps {
  readonly number: number;
  readonly rule: PolicyRuleText;
  readonly onDone: (rule: PolicyRuleText) => void;
  readonly onCancel: () => void;
}

/** The fields of one rule, in its place among the others. */
export function RuleEditor({ number, rule, onDone, onCancel }: RuleEditorProps): ReactNode {
  const { t } = useTranslation();
  const [form, setForm] = useState(() => formOf(rule));
  const problems = problemsOfForm(form);
  const isGood = Object.keys(problems).length === 0;
  const set = (change: Partial<RuleForm>): void => setForm((before) => ({ ...before, ...change }));
  const textOf = (field: keyof RuleForm): string | undefined => {
    const problem = problems[field];
    return problem && problemText(t, field, problem);
  };
  const finish = (): void => {
    if (isGood) onDone(ruleOfForm(form));
  };
  return (
    <form
      className="split-editor"
      aria-label={t('split.editor.title', { number })}
      onSubmit={(event) => {
        event.preventDefault();
        finish();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
        if (event.key === 'Enter' && event.ctrlKey) finish();
      }}
    >
      <ActionChoice value={form.action} onChange={(action) => set({ action })} />
      <TextField
        label={t('split.editor.to')}
        value={form.to}
        onChange={(to) => set({ to })}
        lines={Math.min(8, Math.max(2, form.to.split('\n').length))}
        help={t('split.editor.toHelp')}
        problem={textOf('to')}
        isMono
        autoFocus
      />
      <div className="split-editor-row">
        <Select
          label={t('split.editor.protocol')}
          value={form.protocol}
          options={[
            { key: 'any', text: t('split.editor.anyProtocol') },
            ...PROTOCOLS.map((key) => ({ key, text: key.toUpperCase() })),
          ]}
          onChange={(protocol) => set({ protocol })}
        />
        <TextField
          label={t('split.editor.ports')}
          value={form.ports}
          onChange={(ports) => set({ ports })}
          help={t('split.editor.portsHelp')}
          problem={textOf('ports')}
        />
        <TextField
          label={t('split.editor.app')}
          value={form.app}
          onChange={(app) => set({ app })}
          help={t('split.editor.appHelp')}
          problem={textOf('app')}
        />
      </div>
      <TextField
        label={t('split.editor.note')}
        value={form.note}
        onChange={(note) => set({ note })}
        problem={textOf('note')}
      />
      <div className="dialog-actions">
        <Button onPress={onCancel}>{t('common.cancel')}</Button>
        <Button type="submit" kind="primary" isDisabled={!isGood}>
          {t('split.editor.done')}
        </Button>
      </div>
    </form>
  );
}

/** One of the three, side by side. */
export function ActionChoice({
  value,
  onChange,
}: {
  readonly value: Action;
  readonly onChange: (action: Action) => void;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <RadioGroup
      className="field split-choice"
      value={value}
      orientation="horizontal"
      onChange={(key) => {
        const chosen = ACTIONS.find((one) => one === key);
        if (chosen) onChange(chosen);
      }}
    >
      <Label>{t('split.action.label')}</Label>
      <div className="split-choice-row">
        {ACTIONS.map((action) => (
          <RadioField key={action} value={action}>
            <RadioButton className="split-choice-one" data-action={action}>
              {t(`split.action.${action}`)}
            </RadioButton>
          </RadioField>
        ))}
      </div>
    </RadioGroup>
  );
}

function problemText(t: TFunction, field: keyof RuleForm, problem: FormProblem): string {
  switch (problem.kind) {
    case 'words':
      return t('split.editor.toWrong', { words: problem.words.slice(0, 3).join(', ') });
    case 'too-many':
      return t('split.editor.tooMany', { count: MAX_DESTINATIONS });
    case 'needs-protocol':
      return t('split.editor.portsNeed');
    case 'too-long':
      return t('split.editor.noteLong', { count: MAX_NOTE_LENGTH });
    case 'wrong':
      return t(field === 'app' ? 'split.editor.appWrong' : 'split.editor.noteWrong');
  }
}

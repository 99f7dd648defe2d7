import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Select, Switch, TextField } from '../../ui/controls.tsx';
import type { ChoicePlace, FieldSpec } from './fields.ts';
import { type Problem, problemAt } from './model/problems.ts';
import {
  defaultAt,
  linesFrom,
  linesOf,
  numberFrom,
  textOf,
  valueAt,
  withValue,
  type Written,
} from './model/written.ts';
import { useProblemText } from './problem-text.ts';
import { Alternatives, Beacons } from './row-fields.tsx';

export interface EditProps {
  readonly profile: Written;
  readonly onChange: (profile: Written) => void;
  /** Those that are shown by now. */
  readonly problems: readonly Problem[];
}

const CHOICES = {
  'dns.use': ['gateway', 'none'],
  'automatic.connect': ['never', 'untrusted', 'always'],
  'automatic.onTrusted': ['disconnect', 'stay'],
} as const satisfies Readonly<Record<ChoicePlace, readonly string[]>>;

/** The control for one place of a profile. */
export function EditField(props: EditProps & { readonly field: FieldSpec }): ReactNode {
  const { field, profile, onChange, problems } = props;
  const { t } = useTranslation();
  switch (field.kind) {
    case 'text':
      return <OneLine {...props} place={field.place} isRequired={field.isRequired ?? false} />;
    case 'number':
      return <OneLine {...props} place={field.place} isNumber />;
    case 'list':
      return <Lines {...props} place={field.place} />;
    case 'switch': {
      const value = valueAt(profile, field.place) ?? defaultAt(field.place);
      return (
        <Switch
          isSelected={value === true}
          onChange={(isOn) => onChange(withValue(profile, field.place, isOn))}
        >
          {t(`profiles.fields.${field.place}.label`)}
        </Switch>
      );
    }
    case 'choice':
      return <Choice {...props} place={field.place} />;
    case 'addresses':
      return <Addresses {...props} />;
    case 'alternatives':
      return <Alternatives profile={profile} onChange={onChange} problems={problems} />;
    case 'beacons':
      return <Beacons profile={profile} onChange={onChange} problems={problems} />;
  }
}

type OneLinePlace = Extract<FieldSpec, { kind: 'text' | 'number' }>['place'];

interface OneLineProps extends EditProps {
  readonly place: OneLinePlace;
  readonly isNumber?: boolean;
  readonly isRequired?: boolean;
  readonly autoFocus?: boolean;
}

/** A line of text or a number; without an entry the default shows in the background. */
export function OneLine(props: OneLineProps): ReactNode {
  const { place, profile, onChange, problems, isNumber = false, isRequired = false } = props;
  const { t } = useTranslation();
  const problemText = useProblemText();
  const standard = isNumber ? textOf(defaultAt(place)) : '';
  const help: string = t(`profiles.fields.${place}.help`);
  const problem = problemAt(problems, place);
  return (
    <TextField
      label={t(`profiles.fields.${place}.label`)}
      value={textOf(valueAt(profile, place))}
      onChange={(text) => {
        const value = isNumber ? numberFrom(text) : text === '' && !isRequired ? undefined : text;
        onChange(withValue(profile, place, value));
      }}
      isRequired={isRequired}
      autoFocus={props.autoFocus ?? false}
      {...(standard === '' ? {} : { placeholder: standard })}
      help={help === '' ? undefined : help}
      problem={problem ? problemText(problem) : undefined}
    />
  );
}

/** A list with an entry in each line. What is typed stays as it is while the field is there. */
function Lines({
  place,
  profile,
  onChange,
  problems,
}: EditProps & { readonly place: Extract<FieldSpec, { kind: 'list' }>['place'] }): ReactNode {
  const { t } = useTranslation();
  const problemText = useProblemText();
  const [text, setText] = useState(() => linesOf(valueAt(profile, place)));
  const problem = problemAt(problems, place);
  return (
    <TextField
      label={t(`profiles.fields.${place}.label`)}
      value={text}
      onChange={(typed) => {
        setText(typed);
        onChange(withValue(profile, place, linesFrom(typed)));
      }}
      lines={Math.min(6, Math.max(2, text.split('\n').length))}
      isMono
      help={`${t(`profiles.fields.${place}.help`)} ${t('profiles.editor.perLine')}`}
      problem={problem ? problemText(problem) : undefined}
    />
  );
}

function Choice({ place, profile, onChange }: EditProps & { readonly place: ChoicePlace }): ReactNode {
  const { t } = useTranslation();
  const keys: readonly string[] = CHOICES[place];
  const value = textOf(valueAt(profile, place) ?? defaultAt(place));
  const words: Readonly<Record<string, string>> = {
    gateway: t('profiles.choices.gateway'),
    none: t('profiles.choices.none'),
    never: t('profiles.choices.never'),
    untrusted: t('profiles.choices.untrusted'),
    always: t('profiles.choices.always'),
    disconnect: t('profiles.choices.disconnect'),
    stay: t('profiles.choices.stay'),
  };
  const help: string = t(`profiles.fields.${place}.help`);
  return (
    <Select
      label={t(`profiles.fields.${place}.label`)}
      value={keys.includes(value) ? value : (keys[0] ?? '')}
      options={keys.map((key) => ({ key, text: words[key] ?? key }))}
      onChange={(key) => onChange(withValue(profile, place, key))}
      {...(help === '' ? {} : { help })}
    />
  );
}

const FAMILIES = {
  both: ['ipv4', 'ipv6'],
  ipv4: ['ipv4'],
  ipv6: ['ipv6'],
} as const;

function Addresses({ profile, onChange }: EditProps): ReactNode {
  const { t } = useTranslation();
  const place = 'tunnel.addresses';
  const value = valueAt(profile, place);
  const [only, second] = Array.isArray(value) ? value.map(textOf) : [];
  const chosen = second === undefined && (only === 'ipv4' || only === 'ipv6') ? only : 'both';
  return (
    <Select
      label={t(`profiles.fields.${place}.label`)}
      value={chosen}
      options={(['both', 'ipv4', 'ipv6'] as const).map((key) => ({
        key,
        text: t(`profiles.choices.${key}`),
      }))}
      onChange={(key) => onChange(withValue(profile, place, [...FAMILIES[key]]))}
    />
  );
}

import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton, TextField } from '../../ui/controls.tsx';
import type { EditProps } from './edit-field.tsx';
import { problemAt } from './model/problems.ts';
import { isTable, linesFrom, linesOf, numberFrom, textOf, valueAt, withValue } from './model/written.ts';
import { useProblemText } from './problem-text.ts';

type Row = Readonly<Record<string, unknown>>;

/** A list of objects at a place, and what changes it. */
function rowsAt({ profile, onChange }: EditProps, place: string) {
  const value = valueAt(profile, place);
  const rows: readonly Row[] = Array.isArray(value) ? value.map((row) => (isTable(row) ? row : {})) : [];
  const put = (made: readonly Row[]): void =>
    onChange(withValue(profile, place, made.length === 0 ? undefined : made));
  return {
    rows,
    add: (row: Row): void => put([...rows, row]),
    remove: (at: number): void => put(rows.filter((_, index) => index !== at)),
    set: (at: number, key: string, entry: unknown): void =>
      put(rows.map((row, index) => (index === at ? withValue(row, key, entry) : row))),
  };
}

/** Other gateways of the same office. */
export function Alternatives(props: EditProps): ReactNode {
  const { t } = useTranslation();
  const problemText = useProblemText();
  const place = 'gateway.alternatives';
  const { rows, add, remove, set } = rowsAt(props, place);
  return (
    <fieldset className="profile-rows">
      <legend>{t('profiles.editor.alternatives')}</legend>
      {rows.map((row, at) => {
        const field = (key: string): { value: string; problem: string | undefined } => {
          const problem = problemAt(props.problems, `${place}[${at}].${key}`);
          return { value: textOf(row[key]), problem: problem ? problemText(problem) : undefined };
        };
        return (
          // A row has no name but its place; with another number of rows they are others.
          <div
            key={`${rows.length}.${at}`}
            className="profile-row"
            role="group"
            aria-label={t('profiles.editor.alternative', { number: at + 1 })}
          >
            <TextField
              label={t('profiles.fields.gateway.address.label')}
              {...field('address')}
              onChange={(text) => set(at, 'address', text)}
            />
            <TextField
              label={t('profiles.fields.gateway.identity.label')}
              {...field('identity')}
              onChange={(text) => set(at, 'identity', text === '' ? undefined : text)}
            />
            <IconButton icon="close" label={t('profiles.editor.takeAway')} onPress={() => remove(at)} />
          </div>
        );
      })}
      <div className="row">
        <Button onPress={() => add({ address: '' })}>{t('profiles.editor.addAlternative')}</Button>
      </div>
    </fieldset>
  );
}

/** Servers that prove where the machine is. */
export function Beacons(props: EditProps): ReactNode {
  const { t } = useTranslation();
  const problemText = useProblemText();
  const place = 'automatic.beacons';
  const { rows, add, remove, set } = rowsAt(props, place);
  const whole = problemAt(
    props.problems.filter(({ path }) => path === place),
    place,
  );
  return (
    <fieldset className="profile-rows">
      <legend>{t('profiles.editor.beacons')}</legend>
      {whole && <p className="field-error">{problemText(whole)}</p>}
      {rows.map((row, at) => {
        const problemOf = (key: string): string | undefined => {
          const problem = problemAt(props.problems, `${place}[${at}].${key}`);
          return problem ? problemText(problem) : undefined;
        };
        return (
          <div
            key={`${rows.length}.${at}`}
            className="profile-row profile-row-beacon"
            role="group"
            aria-label={t('profiles.editor.beacon', { number: at + 1 })}
          >
            <TextField
              label={t('profiles.fields.automatic.beacons.host.label')}
              value={textOf(row['host'])}
              problem={problemOf('host')}
              onChange={(text) => set(at, 'host', text)}
            />
            <TextField
              label={t('profiles.fields.automatic.beacons.port.label')}
              value={textOf(row['port'])}
              placeholder="443"
              problem={problemOf('port')}
              onChange={(text) => set(at, 'port', numberFrom(text))}
            />
            <IconButton icon="close" label={t('profiles.editor.takeAway')} onPress={() => remove(at)} />
            <Pins
              value={row['pins']}
              problem={problemOf('pins')}
              onChange={(pins) => set(at, 'pins', pins)}
            />
          </div>
        );
      })}
      <div className="row">
        <Button onPress={() => add({ host: '' })}>{t('profiles.editor.addBeacon')}</Button>
      </div>
    </fieldset>
  );
}

interface PinsProps {
  readonly value: unknown;
  readonly problem: string | undefined;
  readonly onChange: (pins: readonly string[] | undefined) => void;
}

function Pins({ value, problem, onChange }: PinsProps): ReactNode {
  const { t } = useTranslation();
  const [text, setText] = useState(() => linesOf(value));
  return (
    <div className="profile-row-wide">
      <TextField
        label={t('profiles.fields.automatic.beacons.pins.label')}
        value={text}
        lines={2}
        isMono
        problem={problem}
        help={`${t('profiles.fields.automatic.beacons.pins.help')} ${t('profiles.editor.perLine')}`}
        onChange={(typed) => {
          setText(typed);
          onChange(linesFrom(typed));
        }}
      />
    </div>
  );
}

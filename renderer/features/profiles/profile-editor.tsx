import { type ReactNode, useRef, useState } from 'react';
import { Form } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { useVerb } from '../../app/bridge.tsx';
import { Button, Select } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Dialog, Notice } from '../../ui/parts.tsx';
import { EditField, type EditProps, OneLine } from './edit-field.tsx';
import {
  type FieldSpec,
  placesOf,
  SECTION_NAMES,
  SECTIONS,
  type SectionName,
  USER_FIELDS,
} from './fields.ts';
import { problemsAmong, problemsBeside, problemsOf } from './model/problems.ts';
import {
  methodOf,
  textOf,
  USER_METHODS,
  valueAt,
  withMethod,
  withValue,
  type Written,
} from './model/written.ts';
import { KeyField, PemField } from './pem-field.tsx';
import { useProblemText } from './problem-text.ts';

export interface ProfileEditorProps {
  /** Absent: it is a new one. */
  readonly id?: string;
  readonly initial: Written;
  /** Something that the person should know before they begin. */
  readonly remark?: string;
  readonly onDone: (saved: { readonly id: string; readonly name: string } | undefined) => void;
}

/** Writes a profile, and says at each field what is wrong with it. */
export function ProfileEditor({ id, initial, remark, onDone }: ProfileEditorProps): ReactNode {
  const { t } = useTranslation();
  const write = useVerb('writeProfile');
  const [profile, setProfile] = useState(initial);
  // A new one is not wrong before anybody had the time to write it.
  const [isJudged, setJudged] = useState(
    id !== undefined || textOf(valueAt(initial, 'gateway.address')) !== '',
  );
  const [isLeaving, setLeaving] = useState(false);
  const summary = useRef<HTMLDivElement>(null);
  const problems = problemsOf(profile);
  const shown = isJudged ? problems : [];
  const name = textOf(profile['name']);
  const save = async (): Promise<void> => {
    setJudged(true);
    if (problems.length > 0) {
      // Behind the rendering that shows them.
      setTimeout(() => summary.current?.focus());
      return;
    }
    const outcome = await write.run({
      ...(id === undefined ? {} : { profile: id }),
      contents: { ...profile },
    });
    if (outcome.ok) onDone({ id: outcome.value.id, name });
  };
  const titleOf = (): string => {
    if (id === undefined) return t('profiles.editor.newTitle');
    return name === '' ? t('profiles.actions.edit') : t('profiles.editor.title', { name });
  };
  const edit = { profile, onChange: setProfile, problems: shown };
  return (
    <div className="content-inner">
      <h1 className="profile-name">{titleOf()}</h1>
      {remark !== undefined && <Notice tone="warn">{remark}</Notice>}
      <Form
        className="profile-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <section className="card">
          <h2>{t('profiles.editor.basics')}</h2>
          <OneLine {...edit} place="name" isRequired autoFocus={id === undefined} />
          <OneLine {...edit} place="gateway.address" isRequired />
        </section>
        <Login {...edit} />
        {methodOf(profile) !== 'psk' && <Trust {...edit} />}
        {SECTION_NAMES.map((section) => (
          <Section key={section} name={section} {...edit} />
        ))}
        <Summary problems={shown} profile={profile} onChange={setProfile} at={summary} />
        {write.failure && <FailureNotice failure={write.failure} />}
        <div className="row profile-actions">
          <Button type="submit" kind="primary" isDisabled={write.isBusy}>
            {t('profiles.editor.save')}
          </Button>
          <Button onPress={() => (profile === initial ? onDone(undefined) : setLeaving(true))}>
            {t('profiles.editor.cancel')}
          </Button>
        </div>
      </Form>
      {isLeaving && (
        <Dialog title={t('profiles.editor.unsaved')} onClose={() => setLeaving(false)}>
          <div className="dialog-actions">
            <Button onPress={() => setLeaving(false)}>{t('profiles.editor.stay')}</Button>
            <Button kind="danger" onPress={() => onDone(undefined)}>
              {t('profiles.editor.leave')}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

/** Who one is: the way to log in, and what belongs to it. */
function Login(props: EditProps): ReactNode {
  const { t } = useTranslation();
  const { profile, onChange } = props;
  const method = methodOf(profile);
  const fields: readonly FieldSpec[] = USER_FIELDS[method];
  return (
    <section className="card">
      <h2>{t('profiles.editor.login')}</h2>
      <Select
        label={t('profiles.fields.user.method.label')}
        value={method}
        options={USER_METHODS.map((key) => ({ key, text: t(`profiles.methods.${key}`) }))}
        onChange={(key) => onChange(withMethod(profile, key))}
      />
      {method === 'certificate' && (
        <>
          <PemField {...props} place="user.certificate" />
          <KeyField {...props} />
        </>
      )}
      {fields.map((field) => (
        <EditField key={field.place} {...props} field={field} />
      ))}
    </section>
  );
}

/** The authorities of the computer, or only those that are given. */
function Trust(props: EditProps): ReactNode {
  const { t } = useTranslation();
  const { profile, onChange } = props;
  const place = 'gateway.authorities';
  const value = valueAt(profile, place);
  const isOwn = value !== undefined && value !== 'system';
  return (
    <section className="card">
      <h2>{t('profiles.editor.trust')}</h2>
      <Select
        label={t('profiles.editor.trust')}
        isLabelHidden
        value={isOwn ? 'own' : 'system'}
        options={[
          { key: 'system', text: t('profiles.editor.trustSystem') },
          { key: 'own', text: t('profiles.editor.trustOwn') },
        ]}
        onChange={(key) => onChange(withValue(profile, place, key === 'own' ? '' : undefined))}
      />
      {isOwn && <PemField {...props} place={place} />}
    </section>
  );
}

function rowsOf(profile: Written, place: string): number {
  const value = valueAt(profile, place);
  return Array.isArray(value) ? value.length : 0;
}

function placesIn(profile: Written, fields: readonly FieldSpec[]): readonly string[] {
  return fields.flatMap((field) => [
    ...placesOf(field, rowsOf(profile, field.place)),
    ...(field.kind === 'beacons' ? [field.place] : []),
  ]);
}

/** A group of fields that is folded until somebody opens it, or something in it is wrong. */
function Section({ name, ...props }: EditProps & { readonly name: SectionName }): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const fields = SECTIONS[name];
  const isWrong = problemsAmong(props.problems, placesIn(props.profile, fields)).some(({ path }) =>
    path.includes('.'),
  );
  const isSet = fields.some(({ place }) => valueAt(props.profile, place) !== undefined);
  return (
    <details
      className="card profile-section"
      open={isOpen || isWrong}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <h2>{t(`profiles.editor.sections.${name}`)}</h2>
        {isWrong ? (
          <span className="badge badge-bad">{t('profiles.editor.sectionProblem')}</span>
        ) : (
          isSet && <span className="badge">{t('profiles.editor.sectionSet')}</span>
        )}
      </summary>
      {(isOpen || isWrong) && (
        <div className="profile-fields">
          {fields.map((field) => (
            <EditField key={field.place} {...props} field={field} />
          ))}
        </div>
      )}
    </details>
  );
}

const PEM_PLACES = ['gateway.authorities', 'user.certificate', 'user.privateKey'];

interface SummaryProps extends EditProps {
  readonly at: React.RefObject<HTMLDivElement | null>;
}

/** That something is wrong, and what no field above says. */
function Summary({ problems, profile, onChange, at }: SummaryProps): ReactNode {
  const { t } = useTranslation();
  const problemText = useProblemText();
  const fields = [...Object.values(SECTIONS).flat(), ...USER_FIELDS[methodOf(profile)]];
  const places = ['name', 'gateway.address', ...PEM_PLACES, ...placesIn(profile, fields)];
  const rest = problemsBeside(problems, places);
  return (
    <div ref={at} tabIndex={-1}>
      {problems.length > 0 && (
        <Notice tone="bad" title={t('profiles.editor.problemsTitle')} isLive>
          <ul className="profile-problems">
            {(rest.length > 0 ? rest : problems).map((problem) => (
              <li key={`${problem.path}${problem.text}`}>
                <code>{problem.path}</code> {problemText(problem)}{' '}
                {rest.length > 0 && valueAt(profile, problem.path) !== undefined && (
                  <Button kind="quiet" onPress={() => onChange(withValue(profile, problem.path, undefined))}>
                    {t('profiles.editor.takeAway')}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  );
}

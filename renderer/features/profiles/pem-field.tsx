import { type ReactNode, useState } from 'react';
import { FileTrigger } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { keyIsEncrypted } from '../../../core/contract/pem-text.ts';
import { Button, TextField } from '../../ui/controls.tsx';
import { Notice } from '../../ui/parts.tsx';
import { Certificates } from './certificates.tsx';
import type { EditProps } from './edit-field.tsx';
import { problemAt } from './model/problems.ts';
import { pemOf, valueAt, withValue } from './model/written.ts';
import { useProblemText } from './problem-text.ts';

const MAX_OCTETS = 1024 * 1024;

interface PemFieldProps extends EditProps {
  readonly place: 'gateway.authorities' | 'user.certificate' | 'user.privateKey';
}

/** Certificates or a key as PEM, pasted or from a file; certificates are shown as people read them. */
export function PemField({ place, profile, onChange, problems }: PemFieldProps): ReactNode {
  const { t } = useTranslation();
  const problemText = useProblemText();
  const text = pemOf(valueAt(profile, place));
  const problem = problemAt(problems, place);
  const put = (pem: string): void => onChange(withValue(profile, place, pem));
  return (
    <div className="stack">
      <TextField
        label={t(`profiles.fields.${place}.label`)}
        help={t(`profiles.fields.${place}.help`)}
        value={text}
        onChange={put}
        lines={text === '' ? 2 : 4}
        isMono
        problem={problem ? problemText(problem) : undefined}
      />
      <FromFile onText={put} />
      {place !== 'user.privateKey' && <Certificates pem={text} />}
    </div>
  );
}

function FromFile({ onText }: { onText: (text: string) => void }): ReactNode {
  const { t } = useTranslation();
  const [isTooLong, setTooLong] = useState(false);
  return (
    <div className="row">
      <FileTrigger
        acceptedFileTypes={['.pem', '.crt', '.cer', '.key']}
        onSelect={(files) => {
          const file = files?.[0];
          if (!file) return;
          setTooLong(file.size > MAX_OCTETS);
          if (file.size <= MAX_OCTETS) void file.text().then(onText);
        }}
      >
        <Button>{t('profiles.editor.pemFile')}</Button>
      </FileTrigger>
      {isTooLong && <span className="field-error">{t('profiles.editor.pemTooLong')}</span>}
    </div>
  );
}

/** The user's key: nobody needs to see one that is there. */
export function KeyField(props: EditProps): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const place = 'user.privateKey';
  const text = pemOf(valueAt(props.profile, place));
  if (isOpen || text === '' || problemAt(props.problems, place)) return <PemField {...props} place={place} />;
  const isLocked = keyIsEncrypted(text);
  return (
    <div className="stack">
      <span className="label">{t(`profiles.fields.${place}.label`)}</span>
      <Notice tone={isLocked ? 'ok' : 'warn'}>
        <p>{t(isLocked ? 'profiles.editor.keyThere' : 'profiles.editor.keyThereOpen')}</p>
      </Notice>
      <div className="row">
        <Button
          onPress={() => {
            setOpen(true);
            props.onChange(withValue(props.profile, place, ''));
          }}
        >
          {t('profiles.editor.keyReplace')}
        </Button>
      </div>
    </div>
  );
}

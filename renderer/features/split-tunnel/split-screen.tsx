import { type ClipboardEvent, type KeyboardEvent, type ReactNode, useMemo, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { AppProfile } from '../../../core/contract/gui-api.ts';
import { useAppState } from '../../app/bridge.tsx';
import { useNavigate } from '../../app/navigation.tsx';
import { Button, Select } from '../../ui/controls.tsx';
import { failureWords } from '../../i18n/failures.ts';
import { FailureNotice } from '../../ui/failure.tsx';
import { AskCard, type Told } from './ask-card.tsx';
import { ChangesBar } from './changes-bar.tsx';
import { changesBetween } from './model/diff.ts';
import { marksOf } from './model/marks.ts';
import { type NumberedRule, pictureOf } from './model/picture.ts';
import { useRows } from './rows.ts';
import { useFocus } from './use-focus.ts';
import { RulesCard } from './rules-card.tsx';
import { SplitPicture } from './split-picture.tsx';
import { type Split, useSplit } from './use-split.ts';
import './split.css';

/** The profile that was looked at last, for as long as the window is there. */
let lastChosen: string | undefined;

/** The policy of one profile: what goes where, what happens to what, and the rules that say so. */
export function SplitScreen(): ReactNode {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const { profiles, status, service } = useAppState();
  const [chosen, setChosen] = useState(lastChosen);
  const running = status?.connection?.isYours === true ? status.connection.profile.id : undefined;
  const profile =
    profiles.find(({ id }) => id === chosen) ?? profiles.find(({ id }) => id === running) ?? profiles[0];
  return (
    <I18nProvider locale={i18n.language}>
      <div className="content-inner content-wide split-screen">
        <div className="row row-between">
          <h1>{t('split.title')}</h1>
          {profile && profiles.length > 1 && (
            <div className="split-profile">
              <Select
                label={t('split.profile')}
                isLabelHidden
                value={profile.id}
                options={profiles.map(({ id, name }) => ({ key: id, text: name }))}
                onChange={(id) => {
                  lastChosen = id;
                  setChosen(id);
                }}
              />
            </div>
          )}
        </div>
        <p className="quiet">{t('split.intro')}</p>
        {profile ? (
          <ProfileSplit key={profile.id} profile={profile} />
        ) : (
          service.link === 'ready' && (
            <section className="card">
              <p>{t('split.noProfile')}</p>
              <div className="row">
                <Button kind="primary" onPress={() => navigate('profiles')}>
                  {t('split.toProfiles')}
                </Button>
              </div>
            </section>
          )
        )}
        {!profile && service.link !== 'ready' && <p className="quiet">{t('split.notLoaded')}</p>}
      </div>
    </I18nProvider>
  );
}

function ProfileSplit({ profile }: { profile: AppProfile }): ReactNode {
  const { t } = useTranslation();
  const split = useSplit(profile.id);
  const { work, failure, isReady, isChanged, reload } = split;
  if (work) return <Loaded profile={profile} split={split} />;
  if (failure)
    return (
      <div className="stack">
        <FailureNotice failure={failure} />
        <div className="row">
          <Button onPress={reload} isDisabled={!isReady || isChanged}>
            {t('split.readAgain')}
          </Button>
        </div>
      </div>
    );
  return (
    <p className="quiet" role="status">
      {t(isReady ? 'split.loading' : 'split.notLoaded')}
    </p>
  );
}

function Loaded({ profile, split }: { profile: AppProfile; split: Split }): ReactNode {
  const { t } = useTranslation();
  const [told, setTold] = useState<Told>();
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const [edited, setEdited] = useState<number>();
  const [pasted, setPasted] = useState<string>();
  const [said, say] = useSaid();
  const view = useView(split, told, edited);
  const { rules, picture, marks, rows, changes, litRule } = view;
  const focusOn = useFocus(rows);
  const { draft } = split;
  const discard = (): void => {
    if (!split.work) return;
    split.edit({ ...split.work.base, nextId: draft.nextId });
    setSelected(new Set());
    say(t('split.said.discarded'));
  };
  const decided = told?.explanation;
  return (
    <div
      className="split-body"
      onKeyDown={(event) => onStepKey(event, split, (what) => say(t(`split.said.${what}`)))}
      onPaste={(event) => onPaste(event, setPasted)}
    >
      <SplitPicture
        picture={picture}
        gateway={profile.gateway}
        taken={split.taken}
        isConnected={split.isConnected}
        lit={decided?.local === true ? 'bypass' : decided?.decisions[0]?.effective}
        litRule={litRule}
      />
      <AskCard
        profile={profile.id}
        split={split}
        rules={rules}
        told={told}
        onTold={setTold}
        onShow={(number) => focusOn({ number })}
      />
      {split.lintFailure && (
        <p className="quiet split-small">
          {t('split.lint.failed', { why: failureWords(split.lintFailure).title })}
        </p>
      )}
      <RulesCard
        split={split}
        rows={rows}
        marks={marks}
        origin={`/etc/causeway/profiles.d/${profile.id.replace(/^system\./, '')}.policy`}
        litRule={litRule}
        edited={edited}
        onEdit={setEdited}
        selected={selected}
        onSelect={setSelected}
        onFocus={(id) => focusOn({ id })}
        pasted={pasted}
        onPasted={setPasted}
        say={say}
      />
      {split.failure && !split.isChanged && <FailureNotice failure={split.failure} />}
      {edited === undefined && split.isChanged && (
        <ChangesBar
          split={split}
          changes={changes}
          onDiscard={discard}
          onApplied={() => say(t('split.changes.applied'))}
        />
      )}
      <p role="status" className="hidden-visually">
        {said}
      </p>
    </div>
  );
}

/** All that is shown of a draft. */
function useView(split: Split, told: Told | undefined, edited: number | undefined) {
  const { draft, work, problems, taken } = split;
  const hasSubnets = split.isConnected ? split.subnets.length > 0 : undefined;
  const fixedRules = work?.fixed.rules;
  const fixed = fixedRules?.length ?? 0;
  const rules = useMemo(
    (): readonly NumberedRule[] => [
      ...(fixedRules ?? []).map((rule, i) => ({ number: i + 1, rule, isFixed: true })),
      ...draft.rules.map(({ rule }, i) => ({ number: i + 1 + fixed, rule, isFixed: false })),
    ],
    [fixedRules, draft, fixed],
  );
  const marks = useMemo(() => marksOf(problems), [problems]);
  const changes = useMemo(() => (work ? changesBetween(work.base, draft, fixed) : []), [work, draft, fixed]);
  const otherwise = work?.fixed.otherwise ?? draft.otherwise;
  const picture = useMemo(
    () => pictureOf(rules, otherwise, problems, taken, hasSubnets),
    [rules, otherwise, problems, taken, hasSubnets],
  );
  const litRule = told?.explanation.decisions[0]?.rule;
  const rows = useRows({ draft, fixed, marks, changes, litRule, edited });
  return { rules, picture, marks, rows, changes, litRule };
}

/** What is read out; the same words twice are read twice. */
function useSaid(): [string, (words: string) => void] {
  const [said, setSaid] = useState({ words: '', times: 0 });
  return [
    said.words === '' ? '' : `${said.words}${said.times % 2 === 0 ? '' : '\u00a0'}`,
    (words) => setSaid(({ times }) => ({ words, times: times + 1 })),
  ];
}

function isField(target: EventTarget): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

/** In fields these keys are what they always are. */
function onStepKey(event: KeyboardEvent, split: Split, say: (what: 'undone' | 'redone') => void): void {
  if (isField(event.target) || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  const isRedo = key === 'y' || (key === 'z' && event.shiftKey);
  if (key !== 'z' && !isRedo) return;
  event.preventDefault();
  if (isRedo) split.redo();
  else split.undo();
  say(isRedo ? 'redone' : 'undone');
}

function onPaste(event: ClipboardEvent, onText: (text: string) => void): void {
  const text = event.clipboardData.getData('text/plain');
  if (isField(event.target) || text.trim() === '') return;
  event.preventDefault();
  onText(text);
}

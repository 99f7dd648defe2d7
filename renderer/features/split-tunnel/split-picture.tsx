import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ACTIONS } from '../../../core/contract/policy-text.ts';
import { Icon } from '../../ui/icons.tsx';
import type { Action } from './model/draft.ts';
import type { Lane, LaneRule, Picture } from './model/picture.ts';
import { ruleText } from './rule-words.ts';

/** Rules that a lane shows; a picture with more says less. */
const SHOWN = 8;
const SELECTORS = 4;
const ICONS = { protect: 'lock', bypass: 'split', block: 'block' } as const;

export interface SplitPictureProps {
  readonly picture: Picture;
  readonly gateway: string;
  readonly taken: readonly string[];
  readonly isConnected: boolean;
  /** Where the traffic goes that somebody asked about, and the rule that says so. */
  readonly lit: Action | undefined;
  readonly litRule: number | undefined;
}

/** Three lanes from this computer: through the tunnel, past it, nowhere. The drawing says nothing that the words do not. */
export function SplitPicture(props: SplitPictureProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { picture, lit } = props;
  const { idle, lanes } = picture;
  const list = useRef<HTMLUListElement>(null);
  return (
    <section className="card split-picture-card" aria-labelledby="split-picture-title">
      <h2 id="split-picture-title">{t('split.picture.title')}</h2>
      <div className="split-picture">
        <div className="split-source">
          <Computer />
          <span>{t('split.picture.source')}</span>
        </div>
        <Ways lanes={list} lit={lit} />
        <ul className="split-lanes" ref={list}>
          {lanes.map((lane) => (
            <LaneView key={lane.action} lane={lane} {...props} />
          ))}
        </ul>
      </div>
      {idle.length > 0 && (
        <p className="quiet split-small">
          {t('split.picture.idle', {
            count: idle.length,
            rules: new Intl.ListFormat(i18n.language).format(idle.map(String)),
          })}
        </p>
      )}
    </section>
  );
}

function LaneView({
  lane,
  gateway,
  taken,
  isConnected,
  lit,
  litRule,
}: SplitPictureProps & { lane: Lane }): ReactNode {
  const { t } = useTranslation();
  const { action, rules, rest } = lane;
  const more = rules.length - SHOWN;
  return (
    <li className="split-lane" data-action={action} data-lit={lit === action || undefined}>
      <div className="split-lane-head">
        <Icon name={ICONS[action]} />
        <h3>{t(`split.action.${action}`)}</h3>
        <span className="quiet">{t(`split.picture.ends.${action}`, { gateway })}</span>
      </div>
      <ul className="split-chips">
        {rules.slice(0, SHOWN).map((one) => (
          <Chip key={one.number} one={one} isLit={one.number === litRule} />
        ))}
        {more > 0 && <li className="split-chip split-chip-more">{t('split.more', { count: more })}</li>}
        {rest.map((what) => (
          <li key={what} className="split-chip split-chip-rest">
            {t(`split.picture.rest.${what}`)}
          </li>
        ))}
        {rules.length === 0 && rest.length === 0 && (
          <li className="quiet split-small">{t('split.picture.empty')}</li>
        )}
      </ul>
      {action === 'protect' && (
        <p className="quiet split-small">
          {t(isConnected ? 'split.picture.taken' : 'split.picture.wouldTake', {
            selectors: selectorsText(taken, (count) => t('split.more', { count })),
          })}
        </p>
      )}
    </li>
  );
}

function Chip({ one: { number, rule, isFixed, part }, isLit }: { one: LaneRule; isLit: boolean }): ReactNode {
  const { t } = useTranslation();
  const plain = ruleText(t, rule, 1);
  const text =
    part === undefined
      ? plain
      : t(part === 'taken' ? 'split.picture.partTaken' : 'split.picture.partNotTaken', { text: plain });
  return (
    <li className="split-chip" data-part={part} data-lit={isLit || undefined}>
      <span className="hidden-visually">
        {t(isFixed ? 'split.picture.ruleFixed' : 'split.picture.rule', { number, text })}
      </span>
      <span aria-hidden="true" className="split-chip-number">
        {number}
      </span>
      {isFixed && <Icon name="lock" />}
      <span aria-hidden="true" className="split-chip-text">
        {plain}
      </span>
      {part === 'not-taken' && <Icon name="warning" />}
    </li>
  );
}

function selectorsText(taken: readonly string[], moreText: (count: number) => string): string {
  const more = taken.length - SELECTORS;
  return `${taken.slice(0, SELECTORS).join(', ')}${more > 0 ? ` ${moreText(more)}` : ''}`;
}

const WIDTH = 100;

/** One line to the middle of each lane, wherever that is. */
function Ways({
  lanes,
  lit,
}: {
  lanes: RefObject<HTMLUListElement | null>;
  lit: Action | undefined;
}): ReactNode {
  const [ends, setEnds] = useState<readonly number[]>([]);
  const [height, setHeight] = useState(0);
  useEffect(() => {
    const list = lanes.current;
    if (!list) return undefined;
    const measure = (): void => {
      const parts = [...list.children].filter((one) => one instanceof HTMLElement);
      setEnds(parts.map(({ offsetTop, offsetHeight }) => offsetTop + offsetHeight / 2));
      setHeight(list.offsetHeight);
    };
    const observer = new ResizeObserver(measure);
    for (const one of [list, ...list.children]) observer.observe(one);
    return () => observer.disconnect();
  }, [lanes]);
  const from = height / 2;
  return (
    <svg
      className="split-ways"
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {ends.map((to, i) => {
        const action = ACTIONS[i];
        return (
          <path
            key={action}
            className="split-way"
            data-action={action}
            data-lit={lit === action || undefined}
            d={`M0 ${from}C${WIDTH * 0.6} ${from} ${WIDTH * 0.4} ${to} ${WIDTH} ${to}`}
          />
        );
      })}
    </svg>
  );
}

function Computer(): ReactNode {
  return (
    <svg viewBox="0 0 48 40" width="48" height="40" aria-hidden="true" className="split-computer">
      <rect x="7" y="4" width="34" height="23" rx="3" />
      <path d="M2 33h44" />
    </svg>
  );
}

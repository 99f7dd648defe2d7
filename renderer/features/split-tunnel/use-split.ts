import { useCallback, useEffect, useMemo, useState } from 'react';
import type { LintProblem } from '../../../core/contract/daemon-api.ts';
import type { GuiBridge, GuiFailure } from '../../../core/contract/gui-api.ts';
import type { FixedPolicy, Policy } from '../../../core/contract/policy.ts';
import { useAppState, useBridge } from '../../app/bridge.tsx';
import { type Draft, draftOf, isSame, policyOf, rebased } from './model/draft.ts';
import { carried } from './model/marks.ts';
import { type History, historyOf, redone, stepped, undone } from './model/history.ts';

/** What somebody does to the policy for one profile. */
interface Work {
  /** What is in force, as far as is known. */
  readonly base: Draft;
  readonly fixed: FixedPolicy;
  /** The networks that the profile asks the gateway for. */
  readonly requested: readonly string[];
  readonly history: History<Draft>;
  /** Somebody else put this in force meanwhile. */
  readonly elsewhere?: Policy | undefined;
}

/** It outlives a look at another screen. */
const WORKS = new Map<string, Work>();
const LINT_AFTER_MS = 300;
const EVERYTHING = ['0.0.0.0/0', '::/0'];

export interface Split {
  readonly work: Work | undefined;
  readonly draft: Draft;
  readonly isChanged: boolean;
  readonly failure: GuiFailure | undefined;
  readonly problems: readonly LintProblem[];
  readonly lintFailure: GuiFailure | undefined;
  /** What the gateway takes, or is going to be asked to take. */
  readonly taken: readonly string[];
  /** What it calls its own networks. */
  readonly subnets: readonly string[];
  readonly isConnected: boolean;
  readonly isReady: boolean;
  readonly isApplying: boolean;
  readonly edit: (draft: Draft) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly reload: () => void;
  /** True when it is in force. */
  readonly apply: () => Promise<boolean>;
  readonly takeTheirs: () => void;
  readonly keepMine: () => void;
}

const NOTHING = draftOf({ version: 1, rules: [], otherwise: 'gateway' });

/** The policy for a profile as it is in force and as it is here, and what can be done with it. */
export function useSplit(profile: string): Split {
  const bridge = useBridge();
  const { service, status } = useAppState();
  const isReady = service.link === 'ready';
  const [work, setWork] = useState(() => WORKS.get(profile));
  const [failure, setFailure] = useState<GuiFailure>();
  const [isApplying, setApplying] = useState(false);
  const change = useCallback(
    (next: (work: Work) => Work) =>
      setWork((before) => {
        if (!before) return before;
        const now = next(before);
        WORKS.set(profile, now);
        return now;
      }),
    [profile],
  );
  const step = useCallback(
    (next: (history: History<Draft>) => History<Draft>) =>
      change((one) => ({ ...one, history: next(one.history) })),
    [change],
  );
  const reload = useCallback(() => {
    void load(bridge, profile).then((loaded) => {
      setFailure(loaded.ok ? undefined : loaded.failure);
      if (!loaded.ok) return;
      const now = merged(WORKS.get(profile), loaded.value);
      WORKS.set(profile, now);
      setWork(now);
    });
  }, [bridge, profile]);
  useEffect(() => {
    if (isReady) reload();
  }, [isReady, reload]);
  const draft = work?.history.present ?? NOTHING;
  const own = status?.connection;
  const facts = own?.isYours === true && own.profile.id === profile ? own.facts : undefined;
  const taken = facts?.selectors.remote ?? work?.requested ?? EVERYTHING;
  const lint = useLint(profile, work ? draft : undefined, isReady, taken, work?.fixed.rules.length ?? 0);
  const apply = async (): Promise<boolean> => {
    setApplying(true);
    const outcome = await write(bridge, profile, work, draft);
    setApplying(false);
    setFailure(typeof outcome === 'object' && 'code' in outcome ? outcome : undefined);
    if (outcome === 'done') change((one) => ({ ...one, base: draft, elsewhere: undefined }));
    else if ('elsewhere' in outcome) change((one) => ({ ...one, elsewhere: outcome.elsewhere }));
    return outcome === 'done';
  };
  return {
    work,
    draft,
    isChanged: work !== undefined && !isSame(work.base, draft),
    failure,
    ...lint,
    taken,
    subnets: facts?.subnets ?? [],
    isConnected: facts !== undefined,
    isReady,
    isApplying,
    edit: (next) => step((history) => stepped(history, next)),
    undo: () => step(undone),
    redo: () => step(redone),
    reload,
    apply,
    takeTheirs: () =>
      change(({ elsewhere, history, ...one }) => {
        if (!elsewhere) return { ...one, history };
        const base = rebased(elsewhere, history.present);
        return { ...one, base, history: stepped(history, base) };
      }),
    keepMine: () =>
      change(({ elsewhere, ...one }) =>
        elsewhere ? { ...one, base: rebased(elsewhere, one.history.present) } : one,
      ),
  };
}

type Loaded = Pick<Work, 'fixed' | 'requested'> & { readonly policy: Policy };

async function load(
  bridge: GuiBridge,
  profile: string,
): Promise<{ ok: true; value: Loaded } | { ok: false; failure: GuiFailure }> {
  const [policy, fixed, contents] = await Promise.all([
    bridge.readPolicy({ profile }),
    bridge.readFixedPolicy({ profile }),
    bridge.readProfile({ profile }),
  ]);
  if (!policy.ok) return policy;
  // A service that knows nothing of fixed rules has none.
  if (!fixed.ok && fixed.failure.code === 'config.fixed-policy-invalid') return fixed;
  return {
    ok: true,
    value: {
      policy: policy.value,
      fixed: fixed.ok ? fixed.value : { version: 1, rules: [] },
      requested: contents.ok ? remoteOf(contents.value) : EVERYTHING,
    },
  };
}

function remoteOf({ tunnel }: Readonly<Record<string, unknown>>): readonly string[] {
  if (typeof tunnel !== 'object' || tunnel === null || !('remote' in tunnel)) return EVERYTHING;
  const { remote } = tunnel;
  return Array.isArray(remote) ? remote.filter((one) => typeof one === 'string') : EVERYTHING;
}

/** What was done here stays; what is in force under it may be something else now. */
function merged(before: Work | undefined, { policy, fixed, requested }: Loaded): Work {
  const base = draftOf(policy);
  if (!before) return { base, fixed, requested, history: historyOf(base) };
  if (isSame(base, before.base)) return { ...before, fixed, requested, elsewhere: undefined };
  return isSame(before.history.present, before.base)
    ? { base, fixed, requested, history: historyOf(base) }
    : { ...before, fixed, requested, elsewhere: policy };
}

/** Puts the draft in force, unless somebody else was faster. */
async function write(
  bridge: GuiBridge,
  profile: string,
  work: Work | undefined,
  draft: Draft,
): Promise<'done' | { readonly elsewhere: Policy } | GuiFailure> {
  const now = await bridge.readPolicy({ profile });
  if (!now.ok) return now.failure;
  if (work && !isSame(draftOf(now.value), work.base)) return { elsewhere: now.value };
  const written = await bridge.writePolicy({ profile, policy: policyOf(draft) });
  return written.ok ? 'done' : written.failure;
}

interface Linted {
  readonly draft: Draft;
  readonly problems: readonly LintProblem[];
  readonly failure?: GuiFailure | undefined;
}

/** What is odd in the draft, asked for when nothing was done to it for a moment, and when the gateway takes another. */
function useLint(
  profile: string,
  draft: Draft | undefined,
  isReady: boolean,
  taken: readonly string[],
  fixed: number,
): Pick<Split, 'problems' | 'lintFailure'> {
  const bridge = useBridge();
  const [found, setFound] = useState<Linted>();
  const takenText = taken.join(' ');
  useEffect(() => {
    if (!draft || !isReady) return undefined;
    let isWanted = true;
    const timer = setTimeout(() => {
      void bridge.lintPolicy({ profile, policy: policyOf(draft) }).then((outcome) => {
        if (!isWanted) return;
        setFound(
          outcome.ok ? { draft, problems: outcome.value } : { draft, problems: [], failure: outcome.failure },
        );
      });
    }, LINT_AFTER_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [bridge, profile, draft, isReady, takenText]);
  const problems = useMemo(
    () => (draft && found ? carried(found.problems, found.draft, draft, fixed) : []),
    [draft, found, fixed],
  );
  return { problems, lintFailure: found?.failure };
}

import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import type { AppState, GuiBridge, GuiFailure, GuiOutcome } from '../../core/contract/gui-api.ts';
import type { GuiVerb } from '../../core/contract/gui-verbs.ts';
import { setLanguage } from '../i18n/i18n.ts';

interface Held {
  readonly bridge: GuiBridge;
  readonly state: AppState;
}

const BridgeContext = createContext<Held | undefined>(undefined);

/** Gives the bridge and the newest state to what is inside, from the moment that there is one. */
export function BridgeProvider({ bridge, children }: { bridge: GuiBridge; children: ReactNode }): ReactNode {
  const [state, setState] = useState<AppState>();
  useEffect(() => bridge.onState(setState), [bridge]);
  const language = state?.language;
  const theme = state?.settings.theme;
  useEffect(() => {
    if (language === undefined) return;
    document.documentElement.lang = language;
    void setLanguage(language);
  }, [language]);
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme ?? 'system';
  }, [theme]);
  if (!state) return null;
  return <BridgeContext value={{ bridge, state }}>{children}</BridgeContext>;
}

/** The newest state of the app. */
export function useAppState(): AppState {
  return useHeld().state;
}

/** The verbs that the page may use. */
export function useBridge(): GuiBridge {
  return useHeld().bridge;
}

function useHeld(): Held {
  const held = useContext(BridgeContext);
  if (!held) throw new Error('used outside of the bridge');
  return held;
}

/** A verb on its way: whether it is, and why the last one failed. */
export interface Doing<V extends GuiVerb> {
  readonly isBusy: boolean;
  readonly failure: GuiFailure | undefined;
  readonly run: (params: Parameters<GuiBridge[V]>[0]) => Promise<GuiOutcome<V>>;
  readonly forget: () => void;
}

/** Runs a verb, and keeps what a view wants to know of that. */
export function useVerb<V extends GuiVerb>(verb: V): Doing<V> {
  const bridge = useBridge();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<GuiFailure>();
  return {
    isBusy,
    failure,
    forget: () => setFailure(undefined),
    run: async (params) => {
      setBusy(true);
      setFailure(undefined);
      // Each verb of the bridge takes and gives what its own entry in guiApi says.
      const call = bridge[verb] as (params: unknown) => Promise<GuiOutcome<V>>;
      const outcome = await call(params);
      setBusy(false);
      if (!outcome.ok) setFailure(outcome.failure);
      return outcome;
    },
  };
}

import { createContext, useContext } from 'react';
import type { ScreenName } from './screens.ts';

/** Goes to another screen. */
export const NavigationContext = createContext<(to: ScreenName) => void>(() => undefined);

export function useNavigate(): (to: ScreenName) => void {
  return useContext(NavigationContext);
}

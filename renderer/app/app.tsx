import { type ReactNode, startTransition, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { NeedDialog } from '../features/connection/need-dialog.tsx';
import { Icon, Sign } from '../ui/icons.tsx';
import { useAppState } from './bridge.tsx';
import { NavigationContext } from './navigation.tsx';
import { ProposalDialog, SCREEN_NAMES, SCREENS, type ScreenName } from './screens.ts';
import { ServiceNotice } from './service-notice.tsx';
import { SideState } from './side-state.tsx';
import { useUsableMark } from './usable.ts';

/** The window: the screens at the left, one of them at the right, and what has to be answered over both. */
export function App(): ReactNode {
  const { t } = useTranslation();
  const state = useAppState();
  const [screen, setScreen] = useState<ScreenName>('connection');
  // The screen before stays until the other is there.
  const show = useCallback((to: ScreenName) => startTransition(() => setScreen(to)), []);
  const content = useRef<HTMLElement>(null);
  useUsableMark(state.service.link);
  useEffect(() => content.current?.scrollTo(0, 0), [screen]);
  const { view: View } = SCREENS[screen];
  return (
    <NavigationContext value={show}>
      <div className="frame">
        <header className="side">
          <div className="side-name">
            <Sign />
            <span className="side-label">{t('common.app')}</span>
          </div>
          <nav aria-label={t('common.navigation')}>
            <ul>
              {SCREEN_NAMES.map((name) => (
                <li key={name}>
                  <Button
                    className="side-item"
                    {...(name === screen ? { 'aria-current': 'page' as const } : {})}
                    aria-label={t(`${name}.title`)}
                    onPress={() => show(name)}
                  >
                    <Icon name={SCREENS[name].icon} />
                    <span className="side-label">{t(`${name}.title`)}</span>
                  </Button>
                </li>
              ))}
            </ul>
          </nav>
          <SideState />
        </header>
        {/* What is longer than the window is scrolled by keys too, whatever is in it. */}
        <main className="content" ref={content} tabIndex={0}>
          <ServiceNotice />
          <Suspense>
            <View />
          </Suspense>
        </main>
      </div>
      <NeedDialog key={state.status?.connection?.need?.id ?? 'none'} />
      <Suspense>
        <ProposalDialog />
      </Suspense>
    </NavigationContext>
  );
}

/** What the app can be in, apart from what the screens of profiles and of rules show. */
import type { ConnectionStatus, Status } from '../../../core/contract/daemon-api.ts';
import type { AppState } from '../../../core/contract/gui-api.ts';
import type { Scene } from './fake-bridge.ts';

const LONG = 'The office of the Department of Very Long Names and Other Matters, second floor, room 2.017';

/** Of a calm app and a connection that is up: those of scenes.ts. */
export function stateScenes(calm: AppState, up: ConnectionStatus, now: number): Record<string, Scene> {
  const status: Status = calm.status ?? {
    version: calm.version,
    connection: null,
    protection: { killSwitch: 'off', blocked: false },
  };
  const app = (change: Partial<AppState>): Scene => ({ state: { ...calm, ...change } });
  const service = (change: Partial<Status>, more: Partial<AppState> = {}): Scene =>
    app({ ...more, status: { ...status, ...change } });
  const connection = (change: Partial<ConnectionStatus>, more: Partial<AppState> = {}): Scene =>
    service({ connection: { ...up, ...change } }, more);
  const { facts, profile, isYours, startedAt, since, warnings } = up;
  const begun = { profile, isYours, startedAt, since, warnings };
  const without = (link: AppState['service'], more: Partial<AppState> = {}): Scene =>
    app({ service: link, status: null, machine: null, profiles: [], ...more });
  const need = {
    id: 1,
    what: 'password',
    rejected: true,
    profile: up.profile.name,
    username: 'alice',
    until: now + 90_000,
  } as const;
  const asking = (keychain: AppState['keychain']): Scene =>
    service({ connection: { ...begun, state: 'asking', need } }, { keychain });
  const long = {
    ...calm.profiles[0],
    id: '00112233445566bb',
    name: LONG,
    gateway: `${'gateway.'.repeat(20)}example.com`,
    username: 'a.person.with.a.long.name@department.office.example.com',
  } as AppState['profiles'][number];
  return {
    'no-profile': app({ profiles: [] }),
    'connecting-auth': service({ connection: { ...begun, state: 'connecting', phase: 'auth' } }),
    roaming: connection({ state: 'roaming', doubt: 'moving' }),
    reconnecting: service({
      connection: { ...begun, state: 'reconnecting', attempt: 3, retryAt: now + 12_000 },
      protection: { killSwitch: 'session', blocked: true },
    }),
    'waiting-for-network': service({ connection: { ...begun, state: 'waiting-for-network' } }),
    'on-demand': service({ connection: { ...begun, state: 'on-demand' } }),
    'somebody-elses': connection({ isYours: false }),
    warned: connection({
      warnings: [
        { code: 'dns-not-ours', message: 'Another program changed the name servers of this computer.' },
        { code: 'mtu-low', message: 'Packets of more than 1280 octets are lost on this path.' },
      ],
    }),
    'asking-locked': asking({ state: 'locked', backend: 'GNOME Keyring', notKept: false }),
    'asking-absent': asking({ state: 'absent', backend: 'Secret Service', notKept: false }),
    'not-kept': connection({}, { keychain: { state: 'locked', backend: 'GNOME Keyring', notKept: true } }),
    blocked: service({ protection: { killSwitch: 'always', blocked: true } }),
    'blocked-hole': service({
      protection: { killSwitch: 'always', blocked: true, holeUntil: now + 200_000 },
    }),
    'long-names': service(
      {
        connection: {
          ...up,
          profile: { id: long.id, name: LONG },
          ...(facts
            ? {
                facts: {
                  ...facts,
                  gateway: { ...facts.gateway, host: long.gateway, identity: `C=DE, O=${LONG}, CN=${LONG}` },
                  domains: Array.from({ length: 30 }, (_, at) => `department-${at}.office.example.com`),
                },
              }
            : {}),
        },
      },
      { profiles: [long, ...calm.profiles] },
    ),
    'service-unknown': without({ link: 'connecting' }),
    'service-no-access': without({ link: 'no-access' }),
    'service-untrusted': without({ link: 'untrusted' }),
    'service-older': without({ link: 'other-version', version: '0.0.9', appIsNewer: true }),
    'service-newer': without({ link: 'other-version', version: '0.2.0', appIsNewer: false }),
    'settings-no-tray': app({
      trayMissing: true,
      keychain: { state: 'absent', backend: 'Secret Service', notKept: false },
    }),
  };
}

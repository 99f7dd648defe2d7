import type { ConnectionStatus, Status, ToldFailure } from '../../../core/contract/daemon-api.ts';
import type { AppState } from '../../../core/contract/gui-api.ts';
import { sentence, toldContext } from '../../../core/contract/failure-text.ts';
import { failure, type FailureCode } from '../../../core/lib/failure.ts';

/** States of the app, as its tests want them. */

export const PROFILE = '00112233445566aa';

export const CALM: AppState = {
  version: '0.1.0',
  platform: 'linux',
  language: 'en',
  settings: { theme: 'system', launchAtLogin: false, notifications: true, saveSecrets: true },
  service: { link: 'ready', version: '0.1.0' },
  keychain: { state: 'ready', backend: 'Secret Service', notKept: false },
  trayMissing: false,
  profiles: [
    {
      id: PROFILE,
      name: 'Office',
      origin: 'user',
      gateway: 'vpn.example.com',
      method: 'eap-mschapv2',
      secretSaved: false,
    },
  ],
  status: status(null),
  machine: null,
  activity: [],
  proposal: null,
};

export function connection(change: Partial<ConnectionStatus> = {}): ConnectionStatus {
  return {
    profile: { id: PROFILE, name: 'Office' },
    isYours: true,
    startedAt: 1000,
    state: 'connecting',
    since: 1000,
    warnings: [],
    ...change,
  };
}

export function need(change: Partial<NonNullable<ConnectionStatus['need']>> = {}): ConnectionStatus['need'] {
  return { id: 1, what: 'password', rejected: false, profile: 'Office', until: 60_000, ...change };
}

export function status(of: ConnectionStatus | null, change: Partial<Status> = {}): Status {
  return {
    version: '0.1.0',
    connection: of,
    protection: { killSwitch: 'off', blocked: false },
    ...change,
  };
}

export function app(of: ConnectionStatus | null, change: Partial<Status> = {}): AppState {
  return { ...CALM, status: status(of, change) };
}

export function told(code: FailureCode): ToldFailure {
  const why = failure(code);
  return { code, ...sentence(why), context: toldContext(why) };
}

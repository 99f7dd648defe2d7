import type { AppProfile, AppState } from '../../../core/contract/gui-api.ts';
import type { ConnectionStatus, ToldFailure } from '../../../core/contract/daemon-api.ts';
import { sentence, toldContext } from '../../../core/contract/failure-text.ts';
import { failure, type Failure } from '../../../core/lib/failure.ts';
import type { Scene } from './fake-bridge.ts';
import { stateScenes } from './scenes-states.ts';
import { profileScenes } from './scenes-profiles.ts';
import { splitScenes } from './scenes-split.ts';

/** A moment that every picture is made at, so that they are alike from run to run. */
const NOW = Date.now();

const OFFICE: AppProfile = {
  id: '00112233445566aa',
  name: 'Office',
  origin: 'user',
  gateway: 'vpn.example.com',
  method: 'eap-mschapv2',
  username: 'alice',
  secretSaved: true,
};

const LAB: AppProfile = {
  id: 'system.lab',
  name: 'Laboratory',
  origin: 'system',
  gateway: 'lab.example.com',
  method: 'certificate',
  secretSaved: false,
};

export const CALM: AppState = {
  version: '0.1.0',
  platform: 'linux',
  language: 'en',
  settings: {
    theme: 'light',
    launchAtLogin: false,
    notifications: true,
    saveSecrets: true,
  },
  service: { link: 'ready', version: '0.1.0' },
  keychain: { state: 'ready', backend: 'Secret Service', notKept: false },
  trayMissing: false,
  profiles: [OFFICE, LAB],
  status: { version: '0.1.0', connection: null, protection: { killSwitch: 'off', blocked: false } },
  machine: { killSwitch: 'off', lan: true },
  activity: [],
  proposal: null,
};

const CONNECTION: ConnectionStatus = {
  profile: { id: OFFICE.id, name: OFFICE.name },
  isYours: true,
  startedAt: NOW - 125_000,
  state: 'connected',
  since: NOW - 124_000,
  facts: {
    gateway: { host: 'vpn.example.com', address: '203.0.113.10', port: 4500, identity: 'vpn.example.com' },
    addresses: ['10.60.0.1', 'fd60::1'],
    dns: ['10.50.0.53'],
    domains: ['office.example.com'],
    selectors: { local: ['10.60.0.1/32', 'fd60::1/128'], remote: ['10.50.0.0/16', 'fd50::/64'] },
    suite: { ike: 'aes256gcm16-prfsha384-ecp384', esp: 'aes256gcm16' },
    nat: true,
    spis: { in: '0a1b2c3d', out: '4d3c2b1a' },
    mtu: 1400,
    tun: 'causeway0',
    timing: { init: 12, auth: 30 },
  },
  traffic: { bytesIn: 48_200_000, bytesOut: 3_400_000, packetsIn: 40_000, packetsOut: 21_000, drops: {} },
  warnings: [],
};

function withConnection(change: Partial<ConnectionStatus>, state: Partial<AppState> = {}): Scene {
  const { status } = CALM;
  if (!status) throw new Error('a calm app has a service');
  return { state: { ...CALM, ...state, status: { ...status, connection: { ...CONNECTION, ...change } } } };
}

const { profile, isYours, startedAt, since, warnings } = CONNECTION;
const BEGUN = { profile, isYours, startedAt, since, warnings };

function told(why: Failure): ToldFailure {
  return { code: why.code, ...sentence(why), context: toldContext(why) };
}

const PROPOSAL_REFUSED = told(
  failure('peer.no-proposal-chosen', {
    gateway: 'vpn.example.com',
    offered: ['aes256gcm16-prfsha384-ecp384', 'aes256-sha256-modp2048'],
  }),
);

/** Every state that the window can be in, by the name that a picture of it has. */
export const SCENES: Readonly<Record<string, Scene>> = {
  ...splitScenes(CALM, withConnection({}).state),
  ...profileScenes(CALM),
  disconnected: { state: CALM },
  connected: withConnection({}),
  asking: {
    state: {
      ...CALM,
      status: {
        version: '0.1.0',
        protection: { killSwitch: 'off', blocked: false },
        connection: {
          ...BEGUN,
          state: 'asking',
          need: {
            id: 1,
            what: 'password',
            rejected: false,
            profile: 'Office',
            username: 'alice',
            until: NOW + 120_000,
          },
        },
      },
    },
  },
  failed: {
    state: {
      ...CALM,
      status: {
        version: '0.1.0',
        protection: { killSwitch: 'off', blocked: false },
        connection: null,
        lastFailure: PROPOSAL_REFUSED,
      },
      activity: [
        { at: NOW - 60_000, kind: 'service', what: 'ready' },
        { at: NOW - 20_000, kind: 'state', what: 'connecting', profile: 'Office' },
        {
          at: NOW - 18_000,
          kind: 'failure',
          what: PROPOSAL_REFUSED.code,
          detail: PROPOSAL_REFUSED.title,
          profile: 'Office',
          failure: PROPOSAL_REFUSED,
        },
      ],
    },
  },
  'no-service': {
    state: { ...CALM, service: { link: 'absent' }, status: null, profiles: [], machine: null },
  },
  ...stateScenes(CALM, CONNECTION, NOW),
};

/* What a service tells a client that connects. */
import type { ConnectionStatus, ProfileSummary, Status } from '../core/contract/daemon-api.ts';

export const PROFILE: ProfileSummary = {
  id: 'system.office',
  name: 'Office',
  origin: 'system',
  gateway: 'vpn.example.com',
  method: 'eap-mschapv2',
  username: 'alice',
};

const BEGUN: ConnectionStatus = {
  profile: { id: PROFILE.id, name: PROFILE.name },
  isYours: true,
  startedAt: 0,
  state: 'connecting',
  since: 0,
  phase: 'init',
  warnings: [],
};

const STANDING: ConnectionStatus = {
  ...BEGUN,
  state: 'connected',
  facts: {
    gateway: { host: 'vpn.example.com', address: '192.0.2.1', port: 4500, identity: 'vpn.example.com' },
    addresses: ['10.0.0.2'],
    dns: ['10.0.0.1'],
    domains: ['example.com'],
    selectors: { local: ['10.0.0.2/32'], remote: ['0.0.0.0/0'] },
    suite: { ike: 'aes256gcm16-prfsha256-x25519', esp: 'aes256gcm16' },
    nat: false,
    spis: { in: '00000001', out: '00000002' },
    mtu: 1400,
    tun: 'causeway0',
    timing: { init: 1, auth: 1 },
  },
};

/** One after the other. */
export const STATUSES: readonly Status[] = [BEGUN, STANDING].map((connection) => ({
  version: '0',
  connection,
  protection: { killSwitch: 'off', blocked: false },
}));

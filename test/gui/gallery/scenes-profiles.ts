/** The profiles: what there may be of them, and every way in which one is imported. */
import type { AppProfile, AppState, Conversion, Proposal } from '../../../core/contract/gui-api.ts';
import { toldContext } from '../../../core/contract/failure-text.ts';
import { failure } from '../../../core/lib/failure.ts';
import type { Answers, Scene } from './fake-bridge.ts';
import made from './proposals.json';

const LONG =
  'Verbindung zur Hauptverwaltung der Beispielwerke in Oberunterammergau, nur für die Außendienstleitung';

const MINE: AppProfile = {
  id: 'aaaaaaaaaaaaaaa1',
  name: 'Office by certificate',
  origin: 'user',
  gateway: 'vpn.example.com',
  method: 'certificate',
  secretSaved: true,
};
const LONG_ONE: AppProfile = {
  id: 'aaaaaaaaaaaaaaa2',
  name: LONG.slice(0, 100),
  origin: 'user',
  gateway: `${'very-long-label-of-a-gateway.'.repeat(6)}example.com`,
  method: 'eap-mschapv2',
  username: 'EXAMPLE\\a.person.with.a.very.long.account.name@subsidiary.example.com',
  secretSaved: true,
};
const SYSTEM: AppProfile = {
  id: 'system.headquarters',
  name: 'Headquarters',
  origin: 'system',
  gateway: 'gw.example.com',
  method: 'psk',
  secretSaved: false,
};

const MANY: readonly AppProfile[] = Array.from({ length: 500 }, (_, i) => ({
  id: i.toString(16).padStart(16, '0'),
  name: `Site ${String(i).padStart(3, '0')}`,
  origin: i % 9 === 0 ? ('system' as const) : ('user' as const),
  gateway: `site-${i}.example.com`,
  method: (['eap-mschapv2', 'certificate', 'psk'] as const)[i % 3] ?? 'psk',
  ...(i % 3 === 0 ? { username: 'alice' } : {}),
  secretSaved: i % 4 === 0,
}));

/** Certificates end some days from now, so that what is said of them stays. */
const DAY_MS = 86_400_000;
const NOW = Date.now();

function certificatesFor(pem: string): (typeof made.certificates)['user'] {
  const { user, authority } = made.certificates;
  const chosen = pem.includes(made['modern.p12'].profile.gateway.authorities.slice(40, 90))
    ? authority
    : user;
  return {
    certificates: chosen.certificates.map((one, at) =>
      at === 0 && chosen === user ? { ...one, notAfter: NOW + 12.5 * DAY_MS } : one,
    ),
  };
}

const WORKING: Answers = {
  describeCertificates: ({ pem }) => ({ ok: true, value: certificatesFor(pem) }),
  writeProfile: { ok: true, value: { id: MINE.id } },
  exportProfile: { ok: true, value: true },
};

const BY_CERTIFICATE = { ...made['certificate.mobileconfig'].profile, name: MINE.name };
const HEADQUARTERS = {
  version: 1,
  name: 'Headquarters',
  gateway: { address: 'gw.example.com', identity: 'keyid:6272616e6368' },
  user: { method: 'psk', identity: 'site-7' },
  tunnel: { remote: ['10.0.0.0/8', '192.168.0.0/16'] },
  dns: { servers: ['10.0.0.53'], searchDomains: ['corp.example.com'] },
  automatic: { connect: 'always' },
};
const WRONG = {
  version: 1,
  name: '',
  gateway: {
    address: 'https://vpn.example.com/',
    ikePort: 4500,
    natPort: 99_999,
    alternatives: [{ address: 'vpn 2' }],
    authorities: '-----BEGIN CERTIFICATE-----\nnothing',
  },
  user: { method: 'eap-mschapv2', username: '', password: 'x' },
  tunnel: { remote: ['10.1.2.3/8'], mtu: 'large' },
  automatic: { connect: 'untrusted', beacons: [{ host: '10.0.0.9', pins: ['abc'] }] },
  ike: { proposals: ['AES 256'] },
};

function reading(contents: Record<string, unknown>): Answers {
  return { ...WORKING, readProfile: { ok: true, value: contents } };
}

function proposal(
  name: 'office.sswan' | 'password.mobileconfig' | 'certificate.mobileconfig' | 'modern.p12',
): Proposal {
  return made[name] as unknown as Proposal;
}

function choosing(conversion: Conversion): Answers {
  return { ...WORKING, chooseImport: { ok: true, value: conversion } };
}

/** The scenes, over an app that is otherwise calm. */
export function profileScenes(calm: AppState): Readonly<Record<string, Scene>> {
  const some: AppState = { ...calm, profiles: [...calm.profiles, MINE, LONG_ONE, SYSTEM] };
  const linked = {
    ...proposal('office.sswan'),
    source: 'link.json',
    report: proposal('office.sswan')
      .report.slice(0, 4)
      .map((line) => ({ key: line.key, outcome: 'taken' as const })),
  };
  return {
    'profiles-some': { state: some, answers: reading(BY_CERTIFICATE) },
    'profiles-empty': { state: { ...calm, profiles: [] }, answers: WORKING },
    'profiles-many': { state: { ...calm, profiles: [...MANY] }, answers: WORKING },
    'profiles-system': { state: { ...calm, profiles: [SYSTEM] }, answers: reading(HEADQUARTERS) },
    'profiles-wrong': { state: { ...calm, profiles: [MINE] }, answers: reading(WRONG) },
    'profiles-unread': {
      state: { ...calm, profiles: [MINE] },
      answers: {
        ...WORKING,
        readProfile: {
          ok: false,
          failure: {
            code: 'config.profile-unknown',
            context: toldContext(failure('config.profile-unknown', { profile: MINE.id })),
          },
        },
      },
    },
    'proposal-sswan': { state: { ...some, proposal: proposal('office.sswan') }, answers: WORKING },
    'proposal-apple': { state: { ...some, proposal: proposal('password.mobileconfig') }, answers: WORKING },
    'proposal-apple-certificate': {
      state: { ...some, proposal: proposal('certificate.mobileconfig') },
      answers: WORKING,
    },
    'proposal-p12': { state: { ...some, proposal: proposal('modern.p12') }, answers: WORKING },
    'proposal-link': { state: { ...some, proposal: linked }, answers: WORKING },
    'proposal-same': {
      state: {
        ...some,
        proposal: {
          ...proposal('office.sswan'),
          profile: { ...proposal('office.sswan').profile, name: 'Office' },
        },
      },
      answers: WORKING,
    },
    'profiles-drop': {
      state: some,
      answers: {
        ...WORKING,
        convertImport: { ok: true, value: { kind: 'proposal', proposal: proposal('office.sswan') } },
      },
    },
    'import-locked': {
      state: some,
      answers: choosing({ kind: 'passphrase', source: 'alice.p12', purpose: 'unlock', wrong: true }),
    },
    'import-choose': {
      state: some,
      answers: choosing({
        kind: 'passphrase',
        source: 'office.mobileconfig',
        purpose: 'choose',
        wrong: false,
      }),
    },
    'import-unreadable': {
      state: some,
      answers: choosing({
        kind: 'unreadable',
        source: 'old.p12',
        why: 'legacy-p12',
        detail: 'RC2-40',
      }),
    },
  };
}

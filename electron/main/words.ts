import { sentence } from '../../core/contract/failure-text.ts';
import type { AppState, GuiFailure } from '../../core/contract/gui-api.ts';
import { failure } from '../../core/lib/failure.ts';
import type { TrayWords } from './tray-model.ts';

/*
 * What the app says outside of its window: the tray, notifications, dialogs of the desktop. The words of the window are
 * in renderer/i18n.
 */

export interface Words {
  readonly tray: TrayWords;
  readonly notices: {
    readonly connected: (profile: string) => string;
    readonly lost: (profile: string) => string;
    readonly lostBody: string;
    readonly failed: (profile: string) => string;
    /** What failed. */
    readonly failedBody: (why: GuiFailure) => string;
    readonly serviceGoneBody: string;
    readonly asked: (profile: string) => string;
    readonly askedBody: string;
    readonly blocked: string;
    readonly blockedBody: string;
  };
  readonly dialogs: {
    readonly importTitle: string;
    readonly importFiles: string;
    readonly exportTitle: string;
    readonly reportTitle: string;
    readonly badLink: string;
    readonly badLinkDetail: string;
  };
}

const ENGLISH: Words = {
  tray: {
    states: {
      starting: 'Looking for the service …',
      disconnected: 'Disconnected',
      preparing: 'connecting …',
      connecting: 'connecting …',
      configuring: 'connecting …',
      connected: 'connected',
      roaming: 'changing the network …',
      reconnecting: 'connecting again …',
      'waiting-for-network': 'waiting for a network',
      disconnecting: 'disconnecting …',
      asking: 'needs your answer',
      'on-demand': 'connects when it is needed',
    },
    blocked: 'Disconnected: nothing passes',
    noService: 'The service of Causeway cannot be reached',
    noProfiles: 'No profiles yet',
    connect: (profile) => `Connect ${profile}`,
    disconnect: (profile) => `Disconnect ${profile}`,
    open: 'Open Causeway',
    quit: 'Quit',
    quitConnected: 'Quit, and stay connected',
    attention: 'something is worth knowing',
  },
  notices: {
    connected: (profile) => `Connected to ${profile}`,
    lost: (profile) => `${profile} is interrupted`,
    lostBody: 'Causeway is connecting again. Until then nothing for it leaves this computer.',
    failed: (profile) => `${profile} is disconnected`,
    failedBody: ({ code, context }) => `${sentence(failure(code, context), 'en').title}.`,
    serviceGoneBody: 'The service of Causeway stopped. Open Causeway to connect again.',
    asked: (profile) => `${profile} needs your answer`,
    askedBody: 'Open Causeway to go on.',
    blocked: 'Nothing passes',
    blockedBody: 'The kill switch holds back everything until you connect.',
  },
  dialogs: {
    importTitle: 'Import a profile',
    importFiles: 'Profiles and certificates',
    exportTitle: 'Export the profile',
    reportTitle: 'Save the report',
    badLink: 'This link holds no profile',
    badLinkDetail: 'Causeway did nothing with it. Ask whoever gave it to you for another, or for a file.',
  },
};

const GERMAN: Words = {
  tray: {
    states: {
      starting: 'Dienst wird gesucht …',
      disconnected: 'Getrennt',
      preparing: 'verbindet …',
      connecting: 'verbindet …',
      configuring: 'verbindet …',
      connected: 'verbunden',
      roaming: 'wechselt das Netz …',
      reconnecting: 'verbindet erneut …',
      'waiting-for-network': 'wartet auf ein Netz',
      disconnecting: 'trennt …',
      asking: 'braucht Ihre Eingabe',
      'on-demand': 'verbindet bei Bedarf',
    },
    blocked: 'Getrennt: alles wird zurückgehalten',
    noService: 'Der Dienst von Causeway ist nicht erreichbar',
    noProfiles: 'Noch keine Profile',
    connect: (profile) => `${profile} verbinden`,
    disconnect: (profile) => `${profile} trennen`,
    open: 'Causeway öffnen',
    quit: 'Beenden',
    quitConnected: 'Beenden und verbunden bleiben',
    attention: 'mit einem Hinweis',
  },
  notices: {
    connected: (profile) => `Mit ${profile} verbunden`,
    lost: (profile) => `${profile} ist unterbrochen`,
    lostBody: 'Causeway verbindet erneut. Bis dahin verlässt nichts davon diesen Computer.',
    failed: (profile) => `${profile} ist getrennt`,
    failedBody: ({ code, context }) => `${sentence(failure(code, context), 'de').title}.`,
    serviceGoneBody: 'Der Dienst von Causeway wurde beendet. Öffnen Sie Causeway, um erneut zu verbinden.',
    asked: (profile) => `${profile} braucht Ihre Eingabe`,
    askedBody: 'Öffnen Sie Causeway, um fortzufahren.',
    blocked: 'Alles wird zurückgehalten',
    blockedBody: 'Der Notschalter hält alles zurück, bis Sie sich verbinden.',
  },
  dialogs: {
    importTitle: 'Profil importieren',
    importFiles: 'Profile und Zertifikate',
    exportTitle: 'Profil exportieren',
    reportTitle: 'Bericht speichern',
    badLink: 'Dieser Link enthält kein Profil',
    badLinkDetail: 'Causeway hat nichts damit getan. Bitten Sie um einen anderen Link oder um eine Datei.',
  },
};

export function wordsOf(language: AppState['language']): Words {
  return language === 'de' ? GERMAN : ENGLISH;
}

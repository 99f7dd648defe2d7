import type { AppState } from '../../core/contract/gui-api.ts';

/** What the icon says. */
export type TrayIcon = 'disconnected' | 'connecting' | 'connected' | 'blocked' | 'attention';

export type TrayAction =
  | { readonly kind: 'connect'; readonly profile: string }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'open' }
  | { readonly kind: 'quit' };

export type TrayItem =
  | {
      readonly kind: 'item';
      readonly label: string;
      readonly enabled: boolean;
      readonly action?: TrayAction;
    }
  | { readonly kind: 'line' };

export interface TrayModel {
  readonly icon: TrayIcon;
  readonly tooltip: string;
  readonly items: readonly TrayItem[];
}

/** The words of the tray, in one language. */
export interface TrayWords {
  readonly states: Readonly<Record<string, string>>;
  readonly blocked: string;
  readonly noService: string;
  readonly noProfiles: string;
  readonly connect: (profile: string) => string;
  readonly disconnect: (profile: string) => string;
  readonly open: string;
  readonly quit: string;
  /** While there is a connection of theirs: quitting does not end it. */
  readonly quitConnected: string;
  readonly attention: string;
}

/** More of them are in the window. */
const MAX_PROFILES = 12;
const MAX_LABEL = 60;

/** All that the tray shows, from the state alone. */
export function trayModel(state: AppState, words: TrayWords): TrayModel {
  const { status, profiles, service } = state;
  const connection = status?.connection ?? null;
  const said = saidOf(state, words);
  const line = { kind: 'line' } as const;
  const connects = profiles.slice(0, MAX_PROFILES).map((profile): TrayItem => ({
    kind: 'item',
    label: words.connect(cut(profile.name)),
    enabled: connection === null && service.link === 'ready',
    action: { kind: 'connect', profile: profile.id },
  }));
  const none: TrayItem = { kind: 'item', label: words.noProfiles, enabled: false };
  const ends: TrayItem[] = connection
    ? [
        {
          kind: 'item',
          label: words.disconnect(cut(connection.profile.name)),
          enabled: connection.isYours && connection.state !== 'disconnecting',
          action: { kind: 'disconnect' },
        },
      ]
    : [];
  return {
    icon: iconOf(state),
    tooltip: `Causeway: ${said}`,
    items: [
      { kind: 'item', label: said, enabled: false },
      line,
      ...ends,
      ...(connection ? [] : connects.length > 0 ? connects : [none]),
      line,
      { kind: 'item', label: words.open, enabled: true, action: { kind: 'open' } },
      {
        kind: 'item',
        label: connection?.isYours === true ? words.quitConnected : words.quit,
        enabled: true,
        action: { kind: 'quit' },
      },
    ],
  };
}

function iconOf({ status, service }: AppState): TrayIcon {
  if (service.link !== 'ready' && service.link !== 'connecting') return 'attention';
  const connection = status?.connection;
  if (status?.protection.blocked === true && (!connection || connection.state !== 'connecting'))
    return 'blocked';
  if (!connection) return status?.lastFailure ? 'attention' : 'disconnected';
  switch (connection.state) {
    case 'connected':
      return connection.warnings.length > 0 ? 'attention' : 'connected';
    case 'roaming':
      return 'connected';
    case 'asking':
      return 'attention';
    case 'disconnecting':
      return 'disconnected';
    default:
      return 'connecting';
  }
}

function saidOf({ status, service }: AppState, words: TrayWords): string {
  if (service.link !== 'ready')
    return service.link === 'connecting' ? (words.states['starting'] ?? '') : words.noService;
  const connection = status?.connection;
  if (!connection)
    return status?.protection.blocked === true ? words.blocked : (words.states['disconnected'] ?? '');
  const state = words.states[connection.state] ?? connection.state;
  const more = connection.warnings.length > 0 ? `, ${words.attention}` : '';
  return `${cut(connection.profile.name)}: ${state}${more}`;
}

/** Names are other people's: one line, and not wider than a menu. */
function cut(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
  return line.length > MAX_LABEL ? `${line.slice(0, MAX_LABEL - 1)}…` : line;
}

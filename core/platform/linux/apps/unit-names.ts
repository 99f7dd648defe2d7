/**
 * Which application a control group is of, by its name alone: names of units of systemd, as the desktops give them
 * (systemd.io/DESKTOP_ENVIRONMENTS), snap and flatpak, and the groups that we make ourselves.
 */
import { plainAppName } from '../../../net/policy/app-name.ts';

/** What the groups are called in which `causeway run` puts programs; the name of the application follows. */
const RUN_GROUP = 'causeway-app-';

/** Characters of a unit's name (systemd.unit(5)); a group that is called otherwise is nobody's application. */
const UNIT_NAME = /^[A-Za-z0-9:_.\\@-]{1,255}$/;

/** The name of a group below a unit, for programs that are started as this application. */
export function runGroupName(app: string): string {
  return `${RUN_GROUP}${app}`;
}

/** Whether a group may be named to the firewall: its name cannot be more than a name there. */
export function isPlainName(name: string): boolean {
  return UNIT_NAME.test(name);
}

/**
 * Whether a group is there to hold units, and no program of its own: slices, and the manager of a user's services.
 * Below anything else a group is a matter of whoever runs there.
 */
export function holdsUnits(name: string): boolean {
  return name.endsWith('.slice') || /^user@\d+\.service$/.test(name);
}

/**
 * What the application of a control group may be called in a policy; none when it is of no application. `path`: from the
 * root of the hierarchy. Slices on the way count, and the first part that is none, because everything below that is made by
 * programs; our own groups are looked for directly below it. What a program starts stays of its application.
 */
export function appNamesOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  const slices: string[] = [];
  for (const [i, part] of parts.entries()) {
    if (!isPlainName(part)) return slices;
    if (holdsUnits(part)) {
      if (part.endsWith('.slice')) slices.push(...namesOfUnit(part));
      continue;
    }
    const own = runAppOf(part) ?? runAppOf(parts[i + 1] ?? '');
    return [...new Set([...slices, ...namesOfUnit(part), ...(own === undefined ? [] : [own])])];
  }
  return slices;
}

/** Whether the programs in a group are what a policy calls by this name. `.service` and `.desktop` may be left out. */
export function isOfApp(path: string, app: string): boolean {
  return appNamesOf(path).includes(plainAppName(app));
}

/** The application of which a group of ours is. */
export function runAppOf(name: string): string | undefined {
  return name.startsWith(RUN_GROUP) && isPlainName(name) ? name.slice(RUN_GROUP.length) : undefined;
}

function namesOfUnit(unit: string): string[] {
  const [, stem = '', kind = ''] = /^(.+)\.(service|scope|slice)$/.exec(withoutGuard(unit)) ?? [];
  if (kind === '') return openRcNames(unit);
  if (stem.startsWith('snap.')) return snapNames(stem);
  if (/^apps?-/.test(stem)) return desktopNames(stem.replace(/^apps?-/, ''), kind);
  if (kind !== 'service') return [];
  const [, onBus] = /^dbus-:[\d.]+-([^@]+)@\d+$/.exec(stem) ?? [];
  return onBus === undefined ? serviceNames(stem) : [unescaped(onBus)];
}

/** systemd puts a line before a name that the kernel could take for one of its own files, and before any that has one. */
function withoutGuard(unit: string): string {
  return unit.replace(/^_/, '');
}

/** Instances of a template are the template's too. */
function serviceNames(stem: string): string[] {
  const [template = '', ...instance] = stem.split('@');
  const names = instance.length === 0 ? [stem] : [stem, template];
  return names.map(unescaped).filter((name) => name !== '');
}

function openRcNames(group: string): string[] {
  return group.startsWith('openrc.') ? [group.slice('openrc.'.length)] : [];
}

const UUID = /[.-][0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Process numbers and identifiers, with which services of older desktops end. */
const RANDOM = /^(?:\d+|[0-9a-f]{32})$/;

/**
 * `app[-LAUNCHER]-ID-RANDOM.scope`, `app[-LAUNCHER]-ID[@RANDOM].service`, `app-ID.slice`. A hyphen in ID ought to be
 * escaped and is not by every launcher: so what may be a launcher counts as part of the name, too. The likeliest first.
 */
function desktopNames(stem: string, kind: string): string[] {
  const bare = stem.replace(UUID, '').replace(/@.*$/s, '');
  const [, onBus] = /^dbus\\x2d:[\d.]+\\x2d(.+)$/.exec(kind === 'slice' ? bare : '') ?? [];
  if (onBus !== undefined) return [unescaped(onBus)];
  const parts = bare.split('-');
  const endsAtRandom = bare === stem && kind !== 'slice' && parts.length > 1;
  const whole = [
    ...(endsAtRandom && kind === 'scope' ? [] : [parts]),
    ...(endsAtRandom && (kind === 'scope' || RANDOM.test(parts.at(-1) ?? '')) ? [parts.slice(0, -1)] : []),
  ];
  const names = whole
    .flatMap((some) => [some.slice(1), some])
    .map((some) => plainAppName(unescaped(some.join('-'))));
  return names.filter((name) => name !== '');
}

/** `snap.SNAP.APP[-UUID].scope`, `snap.SNAP.APP.service`; the desktop entry of an app is called SNAP_APP. */
function snapNames(stem: string): string[] {
  const [, snap = '', app = snap] = stem.replace(UUID, '').split('.');
  if (snap === '') return [];
  return [snap, `${snap}_${app}`, `snap.${snap}.${app}`].map(unescaped);
}

/** Octets that a name of a unit cannot have stand in it as `\x2d`. */
function unescaped(text: string): string {
  const octets = Buffer.from(
    text.replaceAll(/\\x([0-9a-f]{2})/g, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  );
  return octets.toString('utf8');
}

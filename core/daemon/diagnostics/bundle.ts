import type { DiagnosticsBundle, DoctorFinding, Status } from '../../contract/daemon-api.ts';
import type { MachineSettings } from '../../contract/settings.ts';
import type { LogLine } from './log-part.ts';
import type { KnownName } from './pseudonyms.ts';
import { Redactor } from './redact.ts';

/** What there is to tell, before anything is taken out. */
export interface BundleSources {
  readonly made: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly status: Status;
  readonly settings: MachineSettings;
  /** As the user wrote them. */
  readonly profiles: readonly {
    readonly id: string;
    readonly contents: Readonly<Record<string, unknown>>;
    readonly policy: unknown;
    /** What IT fixed of it. */
    readonly fixed?: unknown;
  }[];
  readonly findings: readonly DoctorFinding[];
  /** What commands and files of the machine say, by what they are about. */
  readonly machine: Readonly<Record<string, unknown>>;
  readonly log: readonly LogLine[];
  /** Names that no field says: of this machine and of those who work on it. */
  readonly names: readonly KnownName[];
}

/** Characters of the log that are kept, of its end. */
const LOG_CHARACTERS = 400_000;

/** Everything that support needs, with a pseudonym for whatever names somebody or something. Pure. */
export function bundleOf(sources: BundleSources): DiagnosticsBundle {
  const { made, versions, status, settings, profiles, findings, machine, log, names } = sources;
  const redactor = new Redactor();
  redactor.know(names);
  for (const part of [profiles, status, log.map(({ fields }) => fields)]) redactor.learn(part);
  const lines = log.map(({ time, level, event, fields }) => {
    const told = redactor.value(fields);
    return `${time} ${level} ${event}${Object.keys(fields).length > 0 ? ` ${JSON.stringify(told)}` : ''}`;
  });
  const parts = [
    { name: 'versions', about: 'Causeway, the runtime and the system', value: versions },
    { name: 'status', about: 'the connection, as causeway status tells it', value: redactor.value(status) },
    { name: 'settings', about: 'the settings of this machine', value: settings },
    {
      name: 'profiles',
      about: 'your profiles and those of this machine with their policies, without keys and certificates',
      value: redactor.value(profiles),
    },
    { name: 'doctor', about: 'what causeway doctor finds', value: redactor.value(findings) },
    {
      name: 'machine',
      about: 'links, addresses, routes, rules, our part of the firewall, and how names are looked up',
      value: redactor.value(machine),
    },
    { name: 'log', about: 'the newest lines of the log that you may read', value: newest(lines) },
  ];
  return { made, parts, pseudonyms: { ...redactor.pseudonyms.counts } };
}

function newest(lines: readonly string[]): string[] {
  let room = LOG_CHARACTERS;
  const first = lines.findLastIndex((line) => (room -= line.length) < 0);
  return lines.slice(first + 1);
}

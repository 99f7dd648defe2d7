import type { DiagnosticsBundle, DoctorFinding, Status } from '../../contract/daemon-api.ts';
import type { MachineSettings } from '../../contract/settings.ts';
import type { Caller } from '../../rpc/handlers.ts';
import type { ProfileStore } from '../profile-store.ts';
import { bundleOf } from './bundle.ts';
import { linesOf, readLogLine } from './log-part.ts';
import { machineNames, machineVersions, machineView } from './machine-view.ts';

export interface Diagnosed {
  readonly caller: Caller;
  readonly version: string;
  readonly made: number;
  readonly status: Status;
  readonly settings: MachineSettings;
  readonly findings: readonly DoctorFinding[];
  readonly profiles: ProfileStore;
  readonly readLog: (lines: number) => string[];
}

const LOG_LINES = 2_000;

/** A bundle for whoever asks, of what they may know. */
export async function diagnose(asked: Diagnosed): Promise<DiagnosticsBundle> {
  const { caller, version, made, status, settings, findings, profiles, readLog } = asked;
  const { uid, isAdministrator } = caller;
  const log = readLog(LOG_LINES).flatMap((line) => readLogLine(line) ?? []);
  return bundleOf({
    made: new Date(made).toISOString(),
    versions: machineVersions(version),
    status,
    settings,
    profiles: profiles.list(uid).flatMap(({ id }) => {
      const stored = profiles.read(uid, id);
      const policy = profiles.policy(uid, id);
      if (!stored.ok) return [];
      const fixed = profiles.fixedPolicy(uid, id);
      return [
        {
          id,
          contents: stored.value.contents,
          fixed: fixed.ok ? fixed.value : fixed.error.code,
          policy: policy.ok ? policy.value : policy.error.code,
        },
      ];
    }),
    findings,
    machine: await machineView(),
    log: isAdministrator ? log : linesOf(uid, log),
    names: machineNames(),
  });
}

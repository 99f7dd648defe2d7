import type { Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import { ok, type Result } from '../lib/result.ts';
import { plainAppName } from '../net/policy/app-name.ts';
import { findHierarchy, groupsOf } from '../platform/linux/apps/group-tree.ts';
import { readyNft } from '../platform/linux/apps/ready-nft.ts';
import { type Asker, RunGroups } from '../platform/linux/apps/run-groups.ts';
import { LinuxFirewall, programGroups } from '../platform/linux/firewall.ts';
import type { LinuxOs } from '../platform/linux/os.ts';

/** How rules about programs are carried out. */
export interface Programs {
  /** Whether this machine can tell programs apart. */
  readonly areKnown: boolean;
  /** Applications of the machine and of this user that run now, by their likeliest names, in order. */
  list(uid: number): string[];
  /** Makes the process that asks a program of the application. `ruled`: a rule that holds now speaks of it. */
  enter(asker: Asker, app: string): Promise<Result<{ readonly ruled: boolean }, Failure>>;
}

export interface MachinePrograms extends Programs {
  readonly firewall: LinuxFirewall;
  /** Groups that nobody is in are taken away; what the firewall knows of programs it goes on knowing. */
  close(): void;
}

/** The firewall of this machine, and the programs that it tells apart. */
export function machinePrograms(os: LinuxOs, log: Log): MachinePrograms {
  const hierarchy = findHierarchy();
  if (!hierarchy) log('info', 'no-cgroup2', {});
  const nft = readyNft(os);
  const firewall = new LinuxFirewall(nft, programGroups(hierarchy, nft.prepare, log));
  const groups = new RunGroups({ hierarchy, refresh: () => firewall.refresh() });
  return {
    firewall,
    areKnown: hierarchy !== undefined,
    list: (uid) => {
      const others = new RegExp(`^user\\.slice/user-(?!${uid}\\.slice)`);
      const groups = (hierarchy ? groupsOf(hierarchy) : []).filter(({ path }) => !others.test(path));
      return [...new Set(groups.flatMap(({ apps }) => apps[0] ?? []))].sort();
    },
    enter: async (asker, app) => {
      const entered = await groups.enter(asker, app);
      return entered.ok ? ok({ ruled: firewall.apps.includes(plainAppName(app)) }) : entered;
    },
    close: () => {
      firewall.close();
      groups.close();
      nft.dismiss();
    },
  };
}

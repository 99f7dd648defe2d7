import { sentence } from '../contract/failure-text.ts';
import type { DoctorFinding } from '../contract/daemon-api.ts';
import { checkTun } from '../platform/linux/preconditions.ts';
import { FIREWALL_TABLE } from '../platform/linux/firewall-script.ts';
import { readJournal } from '../platform/linux/journal.ts';
import type { LinuxOs, Tool } from '../platform/linux/os.ts';
import { LinuxRouteManager } from '../platform/linux/route-manager.ts';
import { stepKey } from '../platform/linux/steps.ts';
import { findTool } from '../platform/linux/tools.ts';
import type { Protector } from './protector.ts';
import type { Doctor } from './service.ts';

const TOOLS: readonly Tool[] = ['ip', 'nft'];

/** Looks at what a connection needs of this machine, and at what connections changed on it. */
export function machineDoctor(os: LinuxOs, protector: Protector): Doctor {
  const examine = async (isRunning: boolean): Promise<DoctorFinding[]> => [
    tunnelDevice(),
    ...TOOLS.map(tool),
    changes(os, isRunning),
    await firewall(os, isRunning, protector),
  ];
  return {
    examine,
    repair: async () => {
      const repaired = await new LinuxRouteManager(os).repairStale();
      const problem = await protector.restore(true);
      const problems = [...(repaired.ok ? [] : [repaired.error]), ...(problem ? [problem] : [])];
      const troubles = problems.map((one) => sentence(one));
      const failed = troubles.map(({ title, why }): DoctorFinding => ({
        what: title,
        state: 'bad',
        detail: why,
      }));
      return [...failed, ...(await examine(false))];
    },
  };
}

function tunnelDevice(): DoctorFinding {
  const what = 'tunnel device';
  const missing = checkTun();
  return missing
    ? { what, state: 'bad', detail: sentence(missing).why }
    : { what, state: 'good', detail: 'the kernel makes tunnel interfaces' };
}

function tool(name: Tool): DoctorFinding {
  const found = findTool(name);
  return found.ok
    ? { what: name, state: 'good', detail: found.value }
    : { what: name, state: 'bad', detail: sentence(found.error).why };
}

function changes(os: LinuxOs, isRunning: boolean): DoctorFinding {
  const what = 'network settings';
  let text: string | undefined;
  try {
    text = os.journal.read();
  } catch (error) {
    return {
      what,
      state: 'bad',
      detail: `${os.journal.place}: ${error instanceof Error ? error.message : 'unreadable'}`,
    };
  }
  if (text === undefined) return { what, state: 'good', detail: 'nothing is changed' };
  const journal = readJournal(text);
  if (!journal.ok) return { what, state: 'bad', detail: `${os.journal.place}: ${journal.error}` };
  const { owner, steps } = journal.value;
  const list = steps.map(stepKey).join('; ');
  if (isRunning && os.isAlive(owner))
    return { what, state: 'changed', detail: `for the connection: ${list}` };
  if (os.isAlive(owner)) return { what, state: 'changed', detail: `by process ${owner.pid}: ${list}` };
  return { what, state: 'bad', detail: `left behind by process ${owner.pid}, which is gone: ${list}` };
}

/** What stands in the kernel, against what has to. */
async function firewall(
  os: LinuxOs,
  isRunning: boolean,
  { standing, settings }: Protector,
): Promise<DoctorFinding> {
  const what = 'firewall';
  const listed = await os.run('nft', ['list', 'table', 'inet', FIREWALL_TABLE], '');
  if (!listed.ok) return { what, state: 'bad', detail: sentence(listed.error).why };
  const isThere = listed.value.status === 0;
  if (!isThere) {
    return standing === 'none'
      ? { what, state: 'good', detail: 'no rules of ours' }
      : { what, state: 'bad', detail: 'our rules were taken away: traffic may pass that must not' };
  }
  if (standing === 'none') return { what, state: 'bad', detail: 'rules of ours that nobody wants' };
  const why = isRunning ? 'for the connection' : `because the kill switch is on ${settings.killSwitch}`;
  const detail =
    standing === 'closed' ? `closed, ${why}: only what the policy lets pass does` : `rules of ours, ${why}`;
  return { what, state: 'changed', detail };
}

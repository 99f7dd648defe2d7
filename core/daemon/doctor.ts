import { sentence } from '../contract/failure-text.ts';
import type { DoctorFinding } from '../contract/daemon-api.ts';
import type { Result } from '../lib/result.ts';
import { checkTun } from '../platform/linux/preconditions.ts';
import { FIREWALL_TABLE } from '../platform/linux/firewall-script.ts';
import type { LinuxDnsManager } from '../platform/linux/dns/manager.ts';
import { type DnsStep, readDnsJournal } from '../platform/linux/dns/steps.ts';
import { readJournal } from '../platform/linux/journal.ts';
import type { Entries } from '../platform/linux/ledger.ts';
import type { JournalStore, LinuxOs, Tool } from '../platform/linux/os.ts';
import { isAlive } from '../platform/linux/process-identity.ts';
import { LinuxRouteManager } from '../platform/linux/route-manager.ts';
import { stepKey } from '../platform/linux/steps.ts';
import { findTool } from '../platform/linux/tools.ts';
import type { Protector } from './protector.ts';
import type { Doctor } from './service.ts';

const TOOLS: readonly Tool[] = ['ip', 'nft'];

/** Looks at what a connection needs of this machine, and at what connections changed on it. */
export function machineDoctor(os: LinuxOs, protector: Protector, names: LinuxDnsManager): Doctor {
  const examine = async (isRunning: boolean): Promise<DoctorFinding[]> => [
    tunnelDevice(),
    ...TOOLS.map(tool),
    changes('network settings', { journal: os.journal, read: readJournal, key: stepKey }, isRunning),
    changes('name servers', { journal: names.journal, read: readDnsJournal, key: nameStepText }, isRunning),
    await firewall(os, isRunning, protector),
  ];
  return {
    examine,
    repair: async () => {
      const repaired = [await names.repairStale(), await new LinuxRouteManager(os).repairStale()];
      const problem = await protector.restore(true);
      const left = repaired.flatMap((one) => (one.ok ? [] : [one.error]));
      const problems = [...left, ...(problem ? [problem] : [])];
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

/** A journal of changes, and how it is read and told. */
interface Recorded<Step> {
  readonly journal: JournalStore;
  readonly read: (text: string) => Result<Entries<Step>, string>;
  readonly key: (step: Step) => string;
}

function changes<Step>(
  what: string,
  { journal: store, read, key }: Recorded<Step>,
  isRunning: boolean,
): DoctorFinding {
  let text: string | undefined;
  try {
    text = store.read();
  } catch (error) {
    return {
      what,
      state: 'bad',
      detail: `${store.place}: ${error instanceof Error ? error.message : 'unreadable'}`,
    };
  }
  if (text === undefined) return { what, state: 'good', detail: 'nothing is changed' };
  const journal = read(text);
  if (!journal.ok) return { what, state: 'bad', detail: `${store.place}: ${journal.error}` };
  const { owner, steps } = journal.value;
  const list = steps.map(key).join('; ');
  if (isRunning && isAlive(owner)) return { what, state: 'changed', detail: `for the connection: ${list}` };
  if (isAlive(owner)) return { what, state: 'changed', detail: `by process ${owner.pid}: ${list}` };
  return { what, state: 'bad', detail: `left behind by process ${owner.pid}, which is gone: ${list}` };
}

/** What is changed about names, and to what. */
function nameStepText(step: DnsStep): string {
  switch (step.kind) {
    case 'resolved':
      return `systemd-resolved asks ${step.servers.join(', ')} by ${step.device} for ${step.domains.join(', ')}`;
    case 'resolvconf':
      return `record ${step.record} of resolvconf`;
    case 'detour':
      return `questions to ${step.address} go to port ${step.port}`;
    case 'file':
      return `${step.path} is ours`;
  }
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

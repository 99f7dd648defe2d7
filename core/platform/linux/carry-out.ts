import { failure, type Failure } from '../../lib/failure.ts';
import type { LinuxOs } from './os.ts';
import { doing, undoing, type Action, type Step } from './steps.ts';

/** A step and what has to be done about it now. */
interface Job {
  readonly step: Step;
  readonly action: Action;
}

/** What went wrong with a job, in the words of whoever refused it. */
interface Trouble {
  readonly job: Job;
  readonly detail: string;
}

/**
 * Takes `additions` in order and undoes `removals` in reverse order, in as few processes as it can. Stops at the
 * first refusal: what was taken then has to be undone by the caller, who cannot know how far it came.
 */
export async function carryOut(
  os: LinuxOs,
  additions: readonly Step[],
  removals: readonly Step[] = [],
): Promise<Failure | undefined> {
  const jobs = [
    ...additions.map((step) => ({ step, action: doing(step) })),
    ...removals.toReversed().map((step) => ({ step, action: undoing(step) })),
  ];
  for (const batch of batches(jobs)) {
    const troubles = await run(os, batch, false);
    if (!Array.isArray(troubles)) return troubles;
    const first = troubles[0];
    if (first !== undefined) return failureOf(first);
  }
  return undefined;
}

/**
 * Undoes steps in reverse order, whichever of them were taken: what is gone already is as good as undone. Goes
 * on after a refusal, so that as much as possible is put back, and then fails with the first.
 */
export async function undo(os: LinuxOs, steps: readonly Step[]): Promise<Failure | undefined> {
  const jobs = steps.toReversed().map((step) => ({ step, action: undoing(step) }));
  let failed: Failure | undefined;
  for (const batch of batches(jobs)) {
    const troubles = await run(os, batch, true);
    if (!Array.isArray(troubles)) {
      failed ??= troubles;
      continue;
    }
    const first = troubles.find((trouble) => !isGone(trouble.detail));
    if (first !== undefined) failed ??= failureOf(first);
  }
  return failed;
}

/**
 * Jobs that one process can do, in order. All that are for `ip` without a family of their own become one batch:
 * only the rules of IPv6 need a run to themselves, and nothing relies on their place among the others.
 */
function batches(jobs: readonly Job[]): Job[][] {
  const groups = new Map<string, Job[]>();
  for (const [i, job] of jobs.entries()) {
    const key = job.action.kind === 'ip' ? `ip ${job.action.family}` : `${i}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [job]);
    else group.push(job);
  }
  return [...groups.values()];
}

async function run(os: LinuxOs, jobs: readonly Job[], goOn: boolean): Promise<Trouble[] | Failure> {
  const [first] = jobs;
  if (first === undefined) return [];
  const { action } = first;
  switch (action.kind) {
    case 'write':
      return write(os, first, action);
    case 'nft': {
      const done = await os.run('nft', ['-f', '-'], action.script);
      if (!done.ok) return done.error;
      return done.value.status === 0 ? [] : [{ job: first, detail: oneLine(done.value.stderr) }];
    }
    case 'ip': {
      const family = action.family === 6 ? ['-6'] : [];
      const args = [...family, ...(goOn ? ['-force'] : []), '-batch', '-'];
      const done = await os.run('ip', args, jobs.map(lineOf).join(''));
      if (!done.ok) return done.error;
      return done.value.status === 0 ? [] : troublesOf(jobs, done.value.stderr);
    }
  }
}

function write(os: LinuxOs, job: Job, action: Action & { kind: 'write' }): Trouble[] {
  if (action.from !== undefined && os.readParameter(action.path) !== action.from) return [];
  try {
    os.writeParameter(action.path, action.value);
    return [];
  } catch (error) {
    return [{ job, detail: error instanceof Error ? error.message : String(error) }];
  }
}

function lineOf({ action }: Job): string {
  return action.kind === 'ip' ? `${action.line}\n` : '';
}

/** ip says what it did not like about a line, and then `Command failed -:<number of the line>`. */
function troublesOf(jobs: readonly Job[], stderr: string): Trouble[] {
  const troubles: Trouble[] = [];
  let said: string[] = [];
  for (const line of stderr.split('\n')) {
    const number = /^Command failed -:(\d+)$/.exec(line)?.[1];
    if (number === undefined) {
      said.push(line);
      continue;
    }
    const job = jobs[Number(number) - 1];
    if (job !== undefined) troubles.push({ job, detail: oneLine(said.join('\n')) });
    said = [];
  }
  const [first] = jobs;
  // It failed without blaming a line: it could not run, or was ended.
  if (troubles.length === 0 && first !== undefined) {
    troubles.push({ job: first, detail: oneLine(stderr) || 'ip did not finish' });
  }
  return troubles;
}

/** How ip says that what should be undone is not there: never made, or gone together with its device. */
function isGone(detail: string): boolean {
  return /No such process|No such file or directory|No such device|Cannot find device|Address not found|Cannot assign requested address|FIB table does not exist/.test(
    detail,
  );
}

function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('; ');
}

function failureOf({ job: { step, action }, detail }: Trouble): Failure {
  const command = commandOf(action);
  switch (step.kind) {
    case 'link':
      return failure('platform.tun-failed', { name: step.device, command, detail });
    case 'address':
      return failure('platform.address-failed', { address: step.address, command, detail });
    default:
      return failure('platform.route-failed', { command, detail });
  }
}

function commandOf(action: Action): string {
  switch (action.kind) {
    case 'ip':
      return `ip ${action.family === 6 ? '-6 ' : ''}${action.line}`;
    case 'nft':
      return 'nft -f -';
    case 'write':
      return `write ${action.value} to ${action.path}`;
  }
}

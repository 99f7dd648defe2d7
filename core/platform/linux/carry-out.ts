import { failure, type Failure } from '../../lib/failure.ts';
import type { LinuxOs } from './os.ts';
import { doing, undoing, type Action, type Step } from './steps.ts';

/** A step and what has to be done about it now. */
interface Job {
  readonly step: Step;
  readonly action: Action;
}

/** What went wrong with a job: which command, and the words of whoever refused it. */
interface Trouble {
  readonly step: Step;
  readonly command: string;
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
  for (const wave of waves(jobs)) {
    const failed = await runAll(os, wave, false);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/**
 * Undoes steps in reverse order, whichever of them were taken: what is gone already is as good as undone. Goes
 * on after a refusal, so that as much as possible is put back, and then fails with the first, as
 * platform.restore-failed.
 */
export async function undo(os: LinuxOs, steps: readonly Step[]): Promise<Failure | undefined> {
  const jobs = steps.toReversed().map((step) => ({ step, action: undoing(step) }));
  let failed: Failure | undefined;
  for (const wave of waves(jobs)) {
    const refused = await runAll(os, wave, true);
    failed ??= refused;
  }
  return failed && restoreFailed(failed);
}

/**
 * Jobs by when and by what they are done. All that are for `ip` make one wave of at most two processes at once,
 * because somebody waits for them: one for everything, and one for the rules of IPv6. The two do not rely on
 * each other: a rule whose table is still empty, or empty again, finds nothing there and changes nothing.
 */
function waves(jobs: readonly Job[]): Job[][][] {
  const all = new Map<string, Map<string, Job[]>>();
  for (const [i, job] of jobs.entries()) {
    const wave = job.action.kind === 'ip' ? 'ip' : `${i}`;
    const batch = job.action.kind === 'ip' ? `${job.action.family}` : '';
    const batches = all.get(wave) ?? new Map<string, Job[]>();
    all.set(wave, batches.set(batch, [...(batches.get(batch) ?? []), job]));
  }
  return [...all.values()].map((batches) => [...batches.values()]);
}

/** Runs the batches of a wave at once. The first thing that was refused is the failure. */
async function runAll(os: LinuxOs, wave: readonly Job[][], undoes: boolean): Promise<Failure | undefined> {
  const results = await Promise.all(wave.map((batch) => run(os, batch, undoes)));
  for (const result of results) {
    if (!Array.isArray(result)) return result;
    const first = result.find((trouble) => !undoes || !isGone(trouble.detail));
    if (first !== undefined) return failureOf(first);
  }
  return undefined;
}

/** `goOn`: do the rest of the batch after a refusal. */
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
      if (done.value.status === 0) return [];
      return [{ step: first.step, command: 'nft -f -', detail: oneLine(done.value.stderr) }];
    }
    case 'ip': {
      const family = action.family === 6 ? ['-6'] : [];
      const args = [...family, ...(goOn ? ['-force'] : []), '-batch', '-'];
      const lines = jobs.flatMap(linesOf);
      const done = await os.run('ip', args, lines.map(({ line }) => `${line}\n`).join(''));
      if (!done.ok) return done.error;
      return done.value.status === 0 ? [] : troublesOf(lines, ['ip', ...family], done.value.stderr);
    }
  }
}

function write(os: LinuxOs, job: Job, action: Action & { kind: 'write' }): Trouble[] {
  if (action.from !== undefined && os.readParameter(action.path) !== action.from) return [];
  try {
    os.writeParameter(action.path, action.value);
    return [];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ step: job.step, command: `write ${action.value} to ${action.path}`, detail }];
  }
}

/** A line of a batch, and the step that it belongs to. */
interface Line {
  readonly step: Step;
  readonly line: string;
}

function linesOf({ step, action }: Job): Line[] {
  return action.kind === 'ip' ? action.lines.map((line) => ({ step, line })) : [];
}

/** ip says what it did not like about a line, and then `Command failed -:<number of the line>`. */
function troublesOf(lines: readonly Line[], ip: readonly string[], stderr: string): Trouble[] {
  const troubles: Trouble[] = [];
  const blame = (culprit: Line | undefined, detail: string): void => {
    if (culprit === undefined) return;
    troubles.push({ step: culprit.step, command: [...ip, culprit.line].join(' '), detail });
  };
  let said: string[] = [];
  for (const line of stderr.split('\n')) {
    const number = /^Command failed -:(\d+)$/.exec(line)?.[1];
    if (number === undefined) {
      said.push(line);
      continue;
    }
    blame(lines[Number(number) - 1], oneLine(said.join('\n')));
    said = [];
  }
  // It failed without blaming a line: it could not run, or was ended.
  if (troubles.length === 0) blame(lines[0], oneLine(stderr) || 'ip did not finish');
  return troubles;
}

/**
 * How ip says that what should be undone is not there: never made, gone together with its device, or of a family
 * that the kernel does not have.
 */
const GONE: readonly string[] = [
  'No such process',
  'No such file or directory',
  'No such device',
  'Cannot find device',
  'Address not found',
  'Cannot assign requested address',
  'FIB table does not exist',
  'Address family not supported',
  'Operation not supported',
];

function isGone(detail: string): boolean {
  const said = detail.toLowerCase();
  return GONE.some((words) => said.includes(words.toLowerCase()));
}

function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('; ');
}

/** Whatever kind of change it was: for whoever reads of it the network is not as it was before us. */
function restoreFailed({ code, context }: Failure): Failure {
  const { command, detail } = context;
  return code === 'platform.tool-missing'
    ? failure(code, context)
    : failure('platform.restore-failed', { command, detail });
}

function failureOf({ step, command, detail }: Trouble): Failure {
  switch (step.kind) {
    case 'link':
      return failure('platform.tun-failed', { name: step.device, command, detail });
    case 'address':
      return failure('platform.address-failed', { address: step.address, command, detail });
    default:
      return failure('platform.route-failed', { command, detail });
  }
}

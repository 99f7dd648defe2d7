import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePolicy, type Policy } from '../../contract/policy.ts';
import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { EXIT_ENDED_BY_USER } from '../exit-codes.ts';
import { harmless } from '../terminal.ts';
import { lineDiff } from './line-diff.ts';
import { type ServiceSession, tellFailure } from './session.ts';

const FALLBACK_EDITOR = 'vi';

export interface EditedProfile {
  readonly id: string;
  readonly name: string;
}

/** What the file of an editor says. */
export function policyOfText(text: string, file: string): Result<Policy, Failure> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return err(failure('config.policy-unreadable', { file, detail }));
  }
  const parsed = parsePolicy(value);
  return parsed.ok ? parsed : err(failure('config.policy-invalid', { file, problems: parsed.error }));
}

/**
 * `causeway policy edit`: the policy in the editor of whoever asks, in a directory that they alone can enter. What was
 * written there is lost only when it holds, or says the same as before. The policy that now holds, or the exit code.
 */
export async function editPolicy(
  session: ServiceSession,
  { id, name }: EditedProfile,
): Promise<Result<Policy, number>> {
  const { client, screen } = session;
  const current = await client.call('policy.read', { profile: id });
  if (!current.ok) return err(tellFailure(screen, current.error));
  const before = written(current.value);
  const directory = mkdtempSync(join(tmpdir(), 'causeway-policy-'));
  const file = join(directory, 'policy.json');
  writeFileSync(file, before, { mode: 0o600, flag: 'wx' });
  const edited = await editFile(file);
  const text = edited.ok ? readBack(file) : err(edited.error);
  if (text.ok && text.value === before) {
    rmSync(directory, { recursive: true, force: true });
    screen.line(`Nothing is changed: the policy of ${harmless(name)} is as it was.`);
    return err(EXIT_ENDED_BY_USER);
  }
  const applied = text.ok ? await apply(session, id, before, policyOfText(text.value, file)) : text;
  if (!applied.ok) {
    const code = tellFailure(screen, applied.error);
    screen.errorLine(`What you wrote is kept in ${file}. To write it once it is right:`);
    screen.errorLine(`  causeway policy set ${id} ${file}`);
    return err(code);
  }
  rmSync(directory, { recursive: true, force: true });
  const changes = lineDiff(before.split('\n'), written(applied.value).split('\n'));
  for (const line of changes.filter((one) => !one.startsWith(' '))) screen.line(harmless(line));
  screen.line(`The policy of ${harmless(name)} is written.`);
  return applied;
}

/** Writes it, if what it was made from still holds. */
async function apply(
  { client }: ServiceSession,
  id: string,
  before: string,
  policy: Result<Policy, Failure>,
): Promise<Result<Policy, Failure>> {
  if (!policy.ok) return policy;
  const now = await client.call('policy.read', { profile: id });
  if (!now.ok) return now;
  if (written(now.value) !== before) return err(failure('config.policy-changed'));
  const done = await client.call('policy.write', { profile: id, policy: policy.value });
  return done.ok ? policy : done;
}

function written(policy: Policy): string {
  return `${JSON.stringify(policy, undefined, 2)}\n`;
}

function readBack(file: string): Result<string, Failure> {
  try {
    return ok(readFileSync(file, 'utf8'));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return err(failure('config.policy-unreadable', { file, detail }));
  }
}

/** The editor's words are split at spaces and reach no shell. Ctrl-C is the editor's while it runs. */
async function editFile(file: string): Promise<Result<void, Failure>> {
  const wanted = process.env['VISUAL'] ?? process.env['EDITOR'] ?? '';
  const [editor = FALLBACK_EDITOR, ...args] = wanted.split(' ').filter((word) => word !== '');
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const child = spawn(editor, [...args, file], { stdio: 'inherit' });
    const ended = await new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (status, signal) =>
        resolve(status === 0 ? undefined : `it ended with ${signal ?? `status ${status}`}`),
      );
    });
    return ended === undefined
      ? ok(undefined)
      : err(failure('config.editor-failed', { editor, detail: ended }));
  } finally {
    process.off('SIGINT', ignore);
  }
}

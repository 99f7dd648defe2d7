import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { IMPORT_NOTES, IMPORT_TROUBLES, importSentence } from '../../contract/import-words.ts';
import { importFile, isForeign } from '../../import/import-file.ts';
import type { ImportProposal, ImportResult, ReportLine } from '../../import/result.ts';
import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { SecretBytes } from '../../lib/secret.ts';
import { EXIT_ENDED_BY_USER, exitCodeOf } from '../exit-codes.ts';
import { readProfile, readSmallFile } from '../profile-file.ts';
import { promptSecret, readSecretFromFd } from '../secret-input.ts';
import { colored, harmless } from '../terminal.ts';
import { saveNew } from './new-file.ts';
import { findProfile, type ServiceSession, tellFailure, tellJson, tellWords } from './session.ts';

const EXIT_INTERRUPTED = 130;
/** How often a person is asked for a passphrase. */
const TRIES = 3;

/** A profile that is ready for the service. */
interface Readied {
  readonly name: string;
  readonly contents: Record<string, unknown>;
}

/** `causeway profile import`: adds a profile, of ours or of another program's, or puts it in the place of one. */
export async function importProfile(
  session: ServiceSession,
  file: string,
  replaced: string | undefined,
): Promise<number> {
  const { client, screen, command } = session;
  const readied = await readyProfile(session, file);
  if (!readied.ok)
    return typeof readied.error === 'number' ? readied.error : tellFailure(screen, readied.error);
  if (readied.value === 'saved') return EXIT_ENDED_BY_USER;
  const { name, contents } = readied.value;
  const target = replaced === undefined ? undefined : await findProfile(client, replaced);
  if (target && !target.ok) return tellFailure(screen, target.error);
  const written = await client.call('profile.write', {
    contents,
    ...(target ? { profile: target.value.id } : {}),
  });
  if (!written.ok) return tellFailure(screen, written.error);
  if (command.json) tellJson(screen, { id: written.value.id, name });
  else screen.line(`${harmless(name)} is ${target ? 'replaced' : 'added'} (${written.value.id}).`);
  return EXIT_ENDED_BY_USER;
}

/** Why there is nothing to add: a failure, or the exit code when it was told already. */
type Why = Failure | number;
type Ready = Result<Readied | 'saved', Why>;

async function readyProfile(session: ServiceSession, file: string): Promise<Ready> {
  const octets = readSmallFile(file);
  // A profile of ours may name files beside it, and its mistakes are told by their lines.
  if (!octets.ok || !isForeign(octets.value)) {
    const read = readProfile(file);
    if (!read.ok) return read;
    const contents = { ...read.value };
    return session.command.output === undefined
      ? ok({ name: read.value.name, contents })
      : save(session, session.command.output, contents);
  }
  const made = await opened(session, file, new Uint8Array(octets.value));
  if (!made.ok) return made;
  const { profile, problems } = made.value;
  tellReport(session, made.value);
  if (session.command.output !== undefined) return save(session, session.command.output, profile);
  if (problems.length > 0) {
    const hint = `what there is can be saved with --output FILE, completed, and imported then`;
    return err(failure('config.profile-invalid', { file, problems: [...problems, hint] }));
  }
  return ok({ name: String(profile['name']), contents: profile });
}

function save({ screen }: ServiceSession, output: string, contents: Record<string, unknown>): Ready {
  const path = resolve(output);
  const problem = saveNew(path, `${JSON.stringify(contents, undefined, 2)}\n`);
  if (problem) return err(problem);
  screen.line(`Saved in ${harmless(path)}, which only you can read. Nothing was added yet.`);
  return ok('saved');
}

/** Converts the file, with its passphrase where it needs one. */
async function opened(
  session: ServiceSession,
  file: string,
  contents: Uint8Array,
): Promise<Result<ImportProposal, Why>> {
  let passphrase: SecretBytes | undefined;
  for (let tried = 0; ; tried++) {
    const made = importFile({
      source: file,
      contents,
      random: (length) => new Uint8Array(randomBytes(length)),
      ...(passphrase ? { passphrase } : {}),
    });
    passphrase?.wipe();
    if (made.kind === 'proposal') return ok(made.proposal);
    if (made.kind === 'unreadable') return err(tellTrouble(session, file, made));
    if (made.wrong && (tried >= TRIES || session.command.passphraseFd !== undefined))
      return err(failure('config.passphrase-wrong'));
    const given = await askFor(session, file, made);
    if (!given.ok) return given;
    passphrase = given.value;
  }
}

function tellTrouble(
  { screen }: ServiceSession,
  file: string,
  { why, detail }: Extract<ImportResult, { kind: 'unreadable' }>,
): number {
  tellWords(screen, {
    title: 'The file cannot be imported',
    why: harmless(`${file}: ${importSentence(IMPORT_TROUBLES[why], detail)}`),
    next: 'Ask your IT department for a file that Causeway can read.',
  });
  return exitCodeOf(failure('config.profile-unreadable'), false);
}

async function askFor(
  { command, terminal }: ServiceSession,
  file: string,
  { purpose, wrong }: Extract<ImportResult, { kind: 'passphrase' }>,
): Promise<Result<SecretBytes, Why>> {
  const missing = (detail: string): Failure =>
    failure('config.credential-missing', { what: 'passphrase', detail });
  const { passphraseFd } = command;
  if (passphraseFd !== undefined) {
    const read = await readSecretFromFd(passphraseFd);
    if (read.ok) return read;
    return err(missing(`it could not be had from file descriptor ${passphraseFd}: ${read.error}`));
  }
  if (!terminal) return err(missing('there is no terminal to ask on'));
  const question =
    purpose === 'unlock'
      ? `${wrong ? 'That does not open it. ' : ''}Passphrase of ${file}: `
      : `Nothing protects the private key in ${file}. Choose a passphrase for it: `;
  const prompted = await promptSecret(harmless(question), terminal.input, terminal.output);
  if (prompted.kind === 'secret') return ok(prompted.secret);
  return err(prompted.kind === 'interrupted' ? EXIT_INTERRUPTED : missing('nothing was typed'));
}

const COLORS = { taken: 'green', changed: 'yellow', ignored: 'yellow' } as const;
const WORDS = { taken: 'taken', changed: 'changed', ignored: 'not honoured' } as const;
const WORD_WIDTH = 13;

/** Every key of the file with what became of it. */
function tellReport({ screen, command }: ServiceSession, { report }: ImportProposal): void {
  for (const line of report) {
    if (command.json) {
      tellJson(screen, line);
      continue;
    }
    const word = colored(screen.look, COLORS[line.outcome], WORDS[line.outcome].padEnd(WORD_WIDTH));
    screen.line(`${word} ${harmless(lineText(line))}`);
  }
}

function lineText({ key, to, note, detail }: ReportLine): string {
  const became = to === undefined ? '' : ` → ${to}`;
  return note === undefined
    ? `${key}${became}`
    : `${key}${became}: ${importSentence(IMPORT_NOTES[note], detail)}`;
}

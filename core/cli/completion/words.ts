/** The part of completion that shells run: `causeway completion words SHELL INDEX WORD...`. */
import { daemonApi, type ProfileSummary } from '../../contract/daemon-api.ts';
import { connect } from '../../rpc/connect.ts';
import { SHELLS, type Shell } from '../command-table.ts';
import { DEFAULT_SOCKET } from '../service/command.ts';
import { type Candidate, candidatesAt, socketIn } from './candidates.ts';

/** A shell waits for us while somebody has pressed a key. */
const PATIENCE_MS = 500;
const ROOT = 0;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** The lines for the shell; none when the words make no sense. Never fails, and asks the service for half a second. */
export async function completionLines(argv: readonly string[]): Promise<readonly string[]> {
  const [, , name, at = '', ...raw] = argv;
  const shell = SHELLS.find((one) => one === name);
  const index = Number(at);
  if (!shell || !Number.isInteger(index) || index < 0) return [];
  const words = shell === 'zsh' ? raw : raw.map(plainWord);
  const current = words[index] ?? '';
  const found = candidatesAt(words, index);
  if (found.kind === 'files') return [':files'];
  const all = found.kind === 'words' ? found.words : await profileWords(socketIn(words, index));
  const typed = raw[index] ?? '';
  return all.filter(({ word }) => word.startsWith(current)).map((one) => lineFor(shell, typed, one));
}

function lineFor(shell: Shell, typed: string, { word, about }: Candidate): string {
  if (shell !== 'bash') return about === '' ? word : `${word}\t${about}`;
  // Inside of quotes bash puts a word as it is.
  return /^["']/.test(typed) ? word : word.replaceAll(/[^A-Za-z0-9_@%+=:,./-]/gu, '\\$&');
}

/** A word of a shell without what the shell takes away from it. */
function plainWord(word: string): string {
  const quote = /^["']/.exec(word)?.[0];
  if (quote === "'") return word.slice(1).replace(/'$/, '');
  if (quote === '"')
    return word
      .slice(1)
      .replace(/(?<!\\)"$/, '')
      .replaceAll(/\\(["\\$`])/g, '$1');
  return word.replaceAll(/\\(.)/gu, '$1');
}

async function profileWords(path = DEFAULT_SOCKET): Promise<readonly Candidate[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly ProfileSummary[]>((resolve) => {
    timer = setTimeout(() => resolve([]), PATIENCE_MS);
  });
  const profiles = await Promise.race([listProfiles(path), late]);
  clearTimeout(timer);
  const isOnly = (name: string): boolean =>
    profiles.filter((one) => one.name.toLowerCase() === name.toLowerCase()).length === 1;
  return profiles
    .map(({ id, name, gateway }) => ({ word: isOnly(name) ? name : id, about: gateway }))
    .filter(({ word, about }) => !CONTROL.test(word) && !CONTROL.test(about))
    .sort((a, b) => (a.word < b.word ? -1 : 1));
}

async function listProfiles(path: string): Promise<readonly ProfileSummary[]> {
  const linked = await connect({ api: daemonApi, path, ownerUid: ROOT, client: 'completion' });
  if (!linked.ok) return [];
  const list = await linked.value.call('profile.list', {});
  linked.value.close();
  return list.ok ? list.value : [];
}

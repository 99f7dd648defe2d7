/** The part of the firewall's script that is about programs. */
import { plainAppName } from '../../../net/policy/app-name.ts';
import type { SteeringRule } from '../../ports.ts';
import { DEEPEST, type Group } from './group-tree.ts';

const LEVELS = Array.from({ length: DEEPEST }, (_none, i) => i + 1);
/** So long packets of a group wait at most for us to find out whose it is. */
const WAIT_MS = 500;
/** Groups that were waited for; more are not. */
const MANY = 65_535;

/** The applications of which a plan speaks; the place of one is its number in the script. */
export function appsOf(steering: readonly SteeringRule[]): string[] {
  return [...new Set(steering.flatMap(({ app }) => (app === undefined ? [] : [plainAppName(app)])))];
}

/** `verdicts`: what becomes of a packet whose fate is known. */
export type Verdicts = Readonly<Record<SteeringRule['effective'], string>>;

/** The name of the chain that does this to an application's packets, and lets others go on. */
export function appChain(apps: readonly string[], { app = '', effective }: SteeringRule): string {
  return `app${apps.indexOf(plainAppName(app))}_${effective}`;
}

/** Sets and chains, as blocks of lines; the chain `newcomers` has to be gone through first. */
export function appBlocks(
  apps: readonly string[],
  steering: readonly SteeringRule[],
  verdicts: Verdicts,
): string[] {
  if (apps.length === 0) return [];
  const chains = new Map<string, string>();
  for (const rule of steering) {
    if (rule.app === undefined) continue;
    const name = appChain(apps, rule);
    const set = `app${apps.indexOf(plainAppName(rule.app))}`;
    chains.set(
      name,
      block(
        `chain ${name}`,
        LEVELS.map((level) => `${at(level)} @${set} ${verdicts[rule.effective]}`),
      ),
    );
  }
  return [
    ...['holders', 'known'].map((name) => block(`set ${name}`, ['type cgroupsv2'])),
    ...apps.map((app, i) => block(`set app${i}`, ['type cgroupsv2', `comment "${word(app)}"`])),
    block('set waited', ['type cgroupsv2', `size ${MANY}`, 'flags dynamic']),
    block('set waiting', [
      'type cgroupsv2',
      `size ${MANY}`,
      'flags dynamic, timeout',
      `timeout ${WAIT_MS}ms`,
    ]),
    ...LEVELS.map(waitingChain),
    block('chain newcomers', LEVELS.map(newcomerRule)),
    ...chains.values(),
  ];
}

/** What fills the sets with the groups that there are; it takes the place of what filled them before. */
export function fillScript(
  table: string,
  apps: readonly string[],
  groups: readonly Group[],
  prefix: string,
): string {
  const sets: [name: string, groups: readonly Group[]][] = [
    ['holders', groups.filter(({ holdsUnits }) => holdsUnits)],
    ['known', groups],
    ...apps.map((app, i): [string, Group[]] => [
      `app${i}`,
      groups.filter((group) => group.apps.includes(app)),
    ]),
  ];
  return sets
    .map(([name, members]) => {
      const elements = members.map(({ path }) => `"${word(`${prefix}${path}`)}"`).sort();
      const filled =
        elements.length > 0 ? `add element inet ${table} ${name} { ${elements.join(', ')} }\n` : '';
      return `flush set inet ${table} ${name}\n${filled}`;
    })
    .join('');
}

/** A unit or a slice that nobody has told us of, in one that we know: the root is always known. */
function newcomerRule(level: number): string {
  const inside = level === 1 ? '' : `${at(level - 1)} @holders `;
  return `${inside}${at(level)} != @known goto waiting${level}`;
}

/**
 * Whose a new group is we know a few milliseconds after its making. A packet of it that comes before that could go the
 * wrong way: so it is dropped, and sent again by whoever wants it to arrive. If nobody tells in time, because we are
 * gone, it is taken for a program that no rule speaks of.
 */
function waitingChain(level: number): string {
  const key = `{ ${at(level)} }`;
  return block(`chain waiting${level}`, [
    `${at(level)} != @waited add @waiting ${key} add @waited ${key}`,
    `${at(level)} @waiting drop`,
  ]);
}

function at(level: number): string {
  return `socket cgroupv2 level ${level}`;
}

function block(head: string, lines: readonly string[]): string {
  return `  ${head} {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;
}

/** Names come checked; one that could be more than a name is a bug and not a rule. */
function word(text: string): string {
  if (!/^[A-Za-z0-9:_.\\@/-]+$/.test(text)) throw new RangeError('a name that no rule can hold');
  return text;
}

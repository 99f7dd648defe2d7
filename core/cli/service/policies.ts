import { readFileSync, statSync } from 'node:fs';
import type { LintProblem, PolicyExplanation } from '../../contract/daemon-api.ts';
import type { FixedPolicy, Policy } from '../../contract/policy.ts';
import { isHostName } from '../../contract/text-forms.ts';
import { failure, type Failure } from '../../lib/failure.ts';
import { err, type Result } from '../../lib/result.ts';
import { parseAddress } from '../../net/address.ts';
import { EXIT_ENDED_BY_USER } from '../exit-codes.ts';
import { MAX_FILE_BYTES } from '../profile-file.ts';
import { harmless } from '../terminal.ts';
import { editPolicy, policyOfText } from './edit-policy.ts';
import { findProfile, type ServiceSession, tellFailure, tellJson } from './session.ts';

/** `causeway policy …`. */
export async function policy(session: ServiceSession): Promise<number> {
  const { client, screen, command } = session;
  const [verb, meant = '', file = ''] = command.operands;
  if (verb === 'apps') return apps(session);
  const found = await findProfile(client, meant);
  if (!found.ok) return tellFailure(screen, found.error);
  const { id, name } = found.value;
  if (verb === 'explain') return explain(session, id, file);
  if (verb === 'edit') {
    const edited = await editPolicy(session, found.value);
    return edited.ok ? tellProblems(session, id, edited.value) : edited.error;
  }
  if (verb === 'set') {
    const read = readPolicy(file);
    if (!read.ok) return tellFailure(screen, read.error);
    const written = await client.call('policy.write', { profile: id, policy: read.value });
    if (!written.ok) return tellFailure(screen, written.error);
    screen.line(`The policy of ${harmless(name)} is written.`);
    return tellProblems(session, id, read.value);
  }
  const current = await client.call('policy.read', { profile: id });
  if (!current.ok) return tellFailure(screen, current.error);
  if (verb === 'lint') return tellProblems(session, id, current.value);
  await tellFixed(session, id);
  for (const line of JSON.stringify(current.value, undefined, 2).split('\n')) screen.line(line);
  return EXIT_ENDED_BY_USER;
}

async function apps({ client, screen, command }: ServiceSession): Promise<number> {
  const names = await client.call('app.list', {});
  if (!names.ok) return tellFailure(screen, names.error);
  if (command.json) tellJson(screen, names.value);
  else for (const name of names.value) screen.line(harmless(name));
  return EXIT_ENDED_BY_USER;
}

/** What comes before the rules of the user, beside what a program reads. */
async function tellFixed({ client, screen }: ServiceSession, profile: string): Promise<void> {
  const fixed = await client.call('policy.fixed', { profile });
  if (fixed.ok) for (const line of fixedText(fixed.value)) screen.errorLine(harmless(line));
}

export function fixedText({ rules, otherwise }: FixedPolicy): string[] {
  const own = `your own rules count from ${rules.length + 1}`;
  return [
    ...(rules.length === 0 ? [] : [`Fixed by IT, before your own; ${own}:`]),
    ...rules.map((rule, i) => `  ${i + 1}. ${JSON.stringify(rule)}`),
    ...(otherwise === undefined ? [] : [`Fixed by IT, in place of your own: "otherwise": "${otherwise}"`]),
  ];
}

/** 192.0.2.7, 192.0.2.7:tcp/443, [2001:db8::7]:udp/53, www.example.com:tcp/443, or the number of a protocol in place of its name. */
const DESTINATION = /^(?:\[([^\]]+)\]|([A-Za-z0-9.-]+)):([a-z]+|\d{1,3})(?:\/(\d{1,5}))?$/;
const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1 };

async function explain(
  { client, screen, command }: ServiceSession,
  profile: string,
  meant: string,
): Promise<number> {
  const parts = DESTINATION.exec(meant);
  const destination = parts?.[1] ?? parts?.[2] ?? meant;
  const [word, port] = [parts?.[3], parts?.[4]];
  const protocol = word === undefined ? undefined : (PROTOCOLS[word] ?? Number(word));
  if ((!parseAddress(destination) && !isHostName(destination)) || Number.isNaN(protocol)) {
    const detail = `'${harmless(meant)}' is no address or name like 192.0.2.7, 192.0.2.7:tcp/443, [2001:db8::7]:udp/53, www.example.com or www.example.com:tcp/443`;
    return tellFailure(screen, failure('config.usage', { detail }));
  }
  const told = await client.call('policy.explain', {
    profile,
    destination,
    ...(protocol === undefined ? {} : { protocol }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(command.app === undefined ? {} : { app: command.app }),
  });
  if (!told.ok) return tellFailure(screen, told.error);
  if (command.json) tellJson(screen, told.value);
  else for (const line of explanationText(told.value)) screen.line(harmless(line));
  return EXIT_ENDED_BY_USER;
}

const EFFECTS = {
  protect: 'goes through the tunnel',
  bypass: 'goes past the tunnel',
  block: 'goes nowhere',
} as const;

export function explanationText(told: PolicyExplanation): string[] {
  const decisions = told.decisions.map(({ wanted, effective, reason, rule, protocol, ports, app }) => {
    const asked = [
      ...(protocol === undefined ? [] : [`protocol ${protocol}`]),
      ...(ports
        ? [`ports ${ports.map(({ start, end }) => (start === end ? start : `${start}-${end}`)).join(', ')}`]
        : []),
    ];
    const from = app === undefined ? [] : [`From ${app}`];
    const wants = asked.length === 0 ? [] : [`${app === undefined ? 'With' : 'with'} ${asked.join(', ')}`];
    const which = app === undefined && asked.length === 0 ? 'It' : `${[...from, ...wants].join(', ')} it`;
    const who = {
      rule: `rule ${rule}`,
      otherwise: 'the last word of the policy',
      gateway: 'what the gateway takes',
      subnets: 'what the gateway calls its own networks',
      'name-server': 'what names need: it is a name server of the tunnel',
    };
    const refused = wanted === effective ? '' : '; it was to be protected, and the gateway does not take it';
    return `${which} ${EFFECTS[effective]}, by ${who[reason]}${refused}.`;
  });
  return [
    ...nameText(told),
    ...decisions,
    ...(told.local ? ['It is on the local network, which the tunnel leaves alone.'] : []),
    told.interface === null ? 'There is no interface for it now.' : `Interface: ${told.interface}`,
    `Asked of the gateway: ${told.requested.join(', ')}`,
    told.granted
      ? `Granted by the gateway: ${told.granted.join(', ')}`
      : 'Not connected: the gateway may grant less.',
    ...(told.granted ? [`Called its own by the gateway: ${told.subnets?.join(', ') ?? 'no network'}`] : []),
  ];
}

/** What is known of a name that was asked about. */
function nameText({ name }: PolicyExplanation): string[] {
  if (!name) return [];
  const { addresses, rules, servers } = name;
  const speak = rules.length === 1 ? 'speaks' : 'speak';
  const spoken =
    rules.length === 0 ? 'No rule speaks of it by name.' : `Rule ${rules.join(', ')} ${speak} of it.`;
  const asked = servers.length === 0 ? 'whoever is asked without a connection' : servers.join(', ');
  const first = addresses[0]?.effective;
  return [
    addresses.length === 0
      ? 'It has no address now.'
      : `It is ${addresses.map(({ address }) => address).join(', ')}.`,
    spoken,
    `Name servers: ${asked}`,
    ...addresses
      .filter(({ effective }) => effective !== first)
      .map(
        ({ address, effective }) =>
          `What is sent to ${address} ${EFFECTS[effective]}; for the first address:`,
      ),
  ];
}

function readPolicy(path: string): Result<Policy, Failure> {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new Error('it is longer than 1 MiB');
    return policyOfText(readFileSync(path, 'utf8'), path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return err(failure('config.policy-unreadable', { file: path, detail }));
  }
}

async function tellProblems(
  { client, screen, command }: ServiceSession,
  profile: string,
  written: Policy,
): Promise<number> {
  const problems = await client.call('policy.lint', { profile, policy: written });
  if (!problems.ok) return tellFailure(screen, problems.error);
  for (const problem of problems.value) {
    if (command.json) tellJson(screen, problem);
    else screen.line(problemText(problem));
  }
  if (problems.value.length === 0 && !command.json) screen.line('Nothing in it is odd.');
  return EXIT_ENDED_BY_USER;
}

export function problemText(problem: LintProblem): string {
  const rules = (numbers: readonly number[]): string =>
    `rule${numbers.length === 1 ? '' : 's'} ${numbers.join(', ')}`;
  switch (problem.kind) {
    case 'shadowed':
      return `Rule ${problem.rule} never decides anything: ${rules(problem.by)} before it decide all of it.`;
    case 'partly-shadowed':
      return `Rule ${problem.rule} does not decide all that it names: ${rules(problem.by)} before it say something else for a part.`;
    case 'redundant':
      return `Rule ${problem.rule} changes nothing: without it the same would happen.`;
    case 'not-granted':
      return problem.part === 'all'
        ? `Rule ${problem.rule} protects what the gateway does not take: it will be blocked.`
        : `Rule ${problem.rule} protects more than the gateway takes: the rest will be blocked.`;
  }
}

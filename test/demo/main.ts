/**
 * The demo: node test/demo/main.ts [--keep] [--json] [--gui]. It builds a small internet of network namespaces on this
 * machine, runs the real client in it against the embedded gateway, and proves on a capture of the outer link
 * what passed where. Exit code 0 when every proof holds, 1 when one does not or the demo breaks off, 2 when it
 * cannot run here, 130 when Ctrl-C ended it early.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { AppOnStage, appMissing } from './app.ts';
import { onInterrupt, type Interruption } from './interruption.ts';
import { PLACES } from './lab.ts';
import { formatMs, jsonNarrator, lookOf, mutable, textNarrator, type Narrator } from './narrator.ts';
import { enterCommand, findWay, type Way } from './privilege.ts';
import { Stage } from './stage.ts';
import { before, connectAndVisit, disconnect, PICTURE, Proofs } from './story.ts';

const LABEL = 'demo';
const EXIT_PROVED = 0;
const EXIT_UNPROVED = 1;
const EXIT_IMPOSSIBLE = 2;
const EXIT_INTERRUPTED = 130;

interface Options {
  readonly keep: boolean;
  readonly json: boolean;
  readonly gui: boolean;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\nusage: node test/demo/main.ts [--keep] [--json] [--gui]\n`);
    return EXIT_IMPOSSIBLE;
  }
  const write = (text: string): void => void process.stdout.write(text);
  const narrator = options.json ? jsonNarrator(write) : textNarrator(lookOf(process.stdout, process.env));
  const way = findWay(args);
  if (way.kind === 'impossible') {
    narrator.fail(way.why);
    return EXIT_IMPOSSIBLE;
  }
  if (way.kind === 'again') return runAgain(way);
  const problem = options.gui ? appMissing() : undefined;
  if (problem !== undefined) {
    narrator.fail(problem);
    return EXIT_IMPOSSIBLE;
  }
  return run(narrator, options, way.userNamespace);
}

/** The options, or what is wrong with them. */
function parseOptions(args: readonly string[]): Options | string {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...args], options: { keep: flag, json: flag, gui: flag } }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The same program inside a user namespace: signals are passed on, and its end is ours. */
function runAgain({ argv, env }: Extract<Way, { kind: 'again' }>): Promise<number> {
  const [file, ...rest] = argv;
  const child = spawn(file, rest, { env, stdio: 'inherit' });
  // A terminal signals both; the second signal changes nothing there.
  void onInterrupt().asked.then(() => child.kill('SIGINT'));
  return new Promise((resolve) => {
    child.once('error', () => resolve(EXIT_IMPOSSIBLE));
    child.once('close', (status) => resolve(status ?? EXIT_INTERRUPTED));
  });
}

async function run(narrator: Narrator, { keep, gui }: Options, userNamespace: boolean): Promise<number> {
  const interruption = onInterrupt();
  narrator.open('Causeway: from a laptop behind a NAT into the office, all on this machine', PICTURE);
  const start = performance.now();
  let stage: Stage;
  try {
    stage = new Stage(LABEL);
  } catch (error) {
    narrator.fail(
      `The network could not be built: ${error instanceof Error ? error.message : String(error)}`,
    );
    return EXIT_UNPROVED;
  }
  const { voice, mute } = mutable(narrator);
  const proofs = new Proofs(voice);
  try {
    const rest = keep ? { userNamespace, interruption } : undefined;
    if (gui) await interruption.orElse(showApp(stage, voice, proofs, interruption), () => proofs.complete);
    else
      await interruption.orElse(
        perform(stage, voice, proofs, rest),
        keep ? () => proofs.complete : undefined,
      );
  } catch (error) {
    // What was broken off must not go on talking while its network is taken away.
    mute();
    if (!interruption.happened) narrator.fail(error instanceof Error ? error.message : String(error));
  }
  await takeDown(stage, narrator);
  if (gui && proofs.complete) {
    narrator.end('The app is closed.', EXIT_PROVED);
    return EXIT_PROVED;
  }
  return conclude(narrator, proofs, interruption, performance.now() - start);
}

interface Rest {
  readonly userNamespace: boolean;
  readonly interruption: Interruption;
}

async function perform(
  stage: Stage,
  narrator: Narrator,
  proofs: Proofs,
  rest: Rest | undefined,
): Promise<void> {
  narrator.chapter('Setting up');
  const start = performance.now();
  await stage.start();
  narrator.done('Five namespaces, a gateway, two web sites', undefined, performance.now() - start);
  const earlier = await before(stage, proofs);
  const client = await connectAndVisit(stage, narrator, proofs);
  if (rest !== undefined) {
    invite(stage, narrator, rest.userNamespace);
    proofs.complete = true;
    await Promise.race([rest.interruption.asked, client.ended]);
  }
  await disconnect(stage, client, earlier, narrator, proofs);
  proofs.complete = true;
}

/** The same network, and the desktop app in front of it instead of the story. */
async function showApp(
  stage: Stage,
  narrator: Narrator,
  proofs: Proofs,
  interruption: Interruption,
): Promise<void> {
  narrator.chapter('Setting up');
  const start = performance.now();
  await stage.start();
  narrator.done('Five namespaces, a gateway, two web sites', undefined, performance.now() - start);
  const app = await AppOnStage.start(stage, narrator);
  proofs.complete = true;
  await Promise.race([interruption.asked, app.ended]);
  await app.takeDown();
}

/** What can be tried while everything is up. */
function invite(stage: Stage, narrator: Narrator, userNamespace: boolean): void {
  const { client, router, outerLink } = stage.lab;
  const laptop = enterCommand(client.name, userNamespace);
  narrator.chapter('It stays up until Ctrl-C. In another terminal:');
  narrator.say([
    `${laptop} curl http://${PLACES.lanHost}/`,
    `${laptop} ping -c 3 ${PLACES.lanHost6}`,
    `${laptop} ip route get ${PLACES.web}`,
    `${laptop} bash`,
    `${enterCommand(router.name, userNamespace)} tcpdump -ni ${outerLink}`,
  ]);
}

async function takeDown(stage: Stage, narrator: Narrator): Promise<void> {
  const start = performance.now();
  await stage.takeDown();
  narrator.chapter('Taking down');
  narrator.done('Programs ended, namespaces and files removed', undefined, performance.now() - start);
}

function conclude(narrator: Narrator, proofs: Proofs, interruption: Interruption, ms: number): number {
  const [sentence, code] = verdict(proofs, interruption.happened);
  // With --keep the time is the audience's.
  narrator.end(interruption.happened ? sentence : `${sentence} The whole took ${formatMs(ms)}.`, code);
  return code;
}

function verdict(proofs: Proofs, interrupted: boolean): readonly [sentence: string, code: number] {
  if (proofs.complete)
    return proofs.allHold ? ['Every proof holds.', EXIT_PROVED] : ['Not every proof holds.', EXIT_UNPROVED];
  return interrupted
    ? ['Interrupted.', EXIT_INTERRUPTED]
    : ['The demo did not come to its end.', EXIT_UNPROVED];
}

process.exit(await main(process.argv.slice(2)));

/**
 * The demo: node test/demo/main.ts [--keep] [--json]. It builds a small internet of network namespaces on this
 * machine, runs the real client in it against the embedded gateway, and proves on a capture of the outer link
 * what passed where. Exit code 0 when every proof holds, 1 when one does not, 2 when it cannot run here.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { jsonNarrator, lookOf, textNarrator, formatMs, type Narrator } from './narrator.ts';
import { enterCommand, findWay, type Way } from './privilege.ts';
import { Stage } from './stage.ts';
import { before, connectAndVisit, disconnect, PICTURE, Proofs } from './story.ts';
import { PLACES } from './lab.ts';

const LABEL = 'demo';
const EXIT_UNPROVED = 1;
const EXIT_IMPOSSIBLE = 2;
const EXIT_INTERRUPTED = 130;

/** Rejects `ended` at the first Ctrl-C; later ones are ignored, because the taking down is already under way. */
class Interruption {
  readonly ended: Promise<never>;
  happened = false;

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    promise.catch(() => undefined);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        this.happened = true;
        reject(new Error('interrupted'));
      });
    }
  }
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { keep: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const write = (text: string): void => void process.stdout.write(text);
  const narrator = values.json ? jsonNarrator(write) : textNarrator(lookOf(process.stdout, process.env));
  const way = findWay(args);
  if (way.kind === 'impossible') {
    narrator.fail(way.why);
    return EXIT_IMPOSSIBLE;
  }
  return way.kind === 'again' ? runAgain(way) : run(narrator, values.keep, way.userNamespace);
}

/** The same program inside a user namespace. Ctrl-C reaches it too, so here it is only waited for. */
function runAgain({ argv, env }: Extract<Way, { kind: 'again' }>): Promise<number> {
  const [file, ...rest] = argv;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const child = spawn(file, rest, { env, stdio: 'inherit' });
  return new Promise((resolve) => {
    child.once('error', () => resolve(EXIT_IMPOSSIBLE));
    child.once('close', (status) => resolve(status ?? EXIT_INTERRUPTED));
  });
}

async function run(narrator: Narrator, keep: boolean, userNamespace: boolean): Promise<number> {
  const interruption = new Interruption();
  const proofs = new Proofs(narrator);
  narrator.open('Causeway: from a laptop behind a NAT into the office, all on this machine', PICTURE);
  narrator.chapter('Setting up');
  const start = performance.now();
  const stage = new Stage(LABEL);
  let complete = false;
  try {
    await Promise.race([interruption.ended, perform(stage, narrator, proofs, keep, userNamespace)]);
    complete = true;
  } catch (error) {
    if (!interruption.happened) narrator.fail(error instanceof Error ? error.message : String(error));
  }
  await takeDown(stage, narrator);
  if (interruption.happened && !(keep && proofs.allHold)) return EXIT_INTERRUPTED;
  return conclude(narrator, proofs, complete, performance.now() - start);
}

async function perform(
  stage: Stage,
  narrator: Narrator,
  proofs: Proofs,
  keep: boolean,
  userNamespace: boolean,
): Promise<void> {
  const start = performance.now();
  await stage.start();
  narrator.done('Five namespaces, a gateway, two web sites', undefined, performance.now() - start);
  const earlier = await before(stage, proofs);
  const client = await connectAndVisit(stage, narrator, proofs);
  if (!keep) return disconnect(stage, client, earlier, narrator, proofs);
  narrator.chapter('It stays up until Ctrl-C. In another terminal:');
  const enter = enterCommand(stage.lab.client.name, userNamespace);
  const enterRouter = enterCommand(stage.lab.router.name, userNamespace);
  narrator.say([
    `${enter} curl http://${PLACES.lanHost}/`,
    `${enter} ping -c 3 ${PLACES.lanHost6}`,
    `${enter} ip route get ${PLACES.web}`,
    `${enterRouter} tcpdump -ni ${stage.lab.outerLink}`,
    `${enter} bash`,
  ]);
  const status = await new Promise<number | null>((resolve) => client.child.once('close', resolve));
  throw new Error(`the client ended by itself, with exit code ${status ?? 'none'}`);
}

async function takeDown(stage: Stage, narrator: Narrator): Promise<void> {
  const start = performance.now();
  await stage.takeDown();
  narrator.chapter('Taking down');
  narrator.done('Programs ended, namespaces and files removed', undefined, performance.now() - start);
}

function conclude(narrator: Narrator, proofs: Proofs, complete: boolean, ms: number): number {
  if (complete && proofs.allHold) {
    narrator.say(['', `Every proof holds. The whole took ${formatMs(ms)}.`, '']);
    return 0;
  }
  narrator.say(['', complete ? 'Not every proof holds.' : 'The demo did not come to its end.', '']);
  return EXIT_UNPROVED;
}

process.exitCode = await main(process.argv.slice(2));

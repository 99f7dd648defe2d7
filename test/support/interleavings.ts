import assert from 'node:assert/strict';
import type { OutboundDatagram } from '../../core/ike/events.ts';
import type { GatewayDatagram } from './gateway/index.ts';
import type { Flying, TwoEnds } from './two-ends.ts';

/** Something that one end starts by itself, at whatever moment. */
export interface Begin {
  readonly name: string;
  readonly begin: (ends: TwoEnds) => void;
}

/** Takes one of so many, from 0. */
export type Choose = (of: number) => number;

/** Runs once for every row of choices that there can be; the number of runs. */
export function everyChoice(run: (choose: Choose) => void): number {
  let next: readonly number[] = [];
  for (let runs = 1; ; runs++) {
    const made: { readonly choice: number; readonly of: number }[] = [];
    run((of) => {
      const choice = next[made.length] ?? 0;
      made.push({ choice, of });
      return choice;
    });
    while (made.length > 0 && (made.at(-1)?.choice ?? 0) + 1 >= (made.at(-1)?.of ?? 0)) made.pop();
    const last = made.pop();
    if (last === undefined) return runs;
    next = [...made.map(({ choice }) => choice), last.choice + 1];
  }
}

export interface Play {
  readonly begins: readonly Begin[];
  /** Whether packets must pass at every moment. */
  readonly traffic: boolean;
  /** Whether a message is lost, by its number from 0; it is repeated when nothing else is on the way. */
  readonly lost?: ReadonlySet<number>;
}

interface Step {
  readonly name: string;
  readonly go: () => void;
}

/**
 * Plays the beginnings and every message that follows in the order that is chosen: any that is on its way may be the
 * next to arrive. The names of the steps, for whoever must understand a failure.
 */
export function play(ends: TwoEnds, { begins, traffic, lost }: Play, choose: Choose): string[] {
  const waiting = [...begins];
  const steps: string[] = [];
  let flying: Flying[] = [];
  let messages = 0;
  for (let i = 0; i < 500; i++) {
    const options = stepsOf(ends, waiting);
    if (options.length === 0) {
      if (lost === undefined || !isAsking(ends)) return steps;
      ends.advance(repetitionIn(ends));
      continue;
    }
    const step = options[choose(options.length)];
    if (step === undefined) throw new Error('a choice that there was not');
    steps.push(step.name);
    const isMessage = !begins.some(({ name }) => name === step.name);
    if (isMessage && lost?.has(messages++) === true) {
      takeAway(ends, step.name);
      steps.push('… lost');
      continue;
    }
    step.go();
    if (!traffic) continue;
    const where = steps.join(', ');
    for (const packet of flying) assert.ok(ends.arrive(packet), `${packet.text} was late and lost: ${where}`);
    assert.ok(ends.passes, `nothing passes: ${where}`);
    flying = (['up', 'down'] as const).flatMap((direction) => ends.send(direction) ?? []);
  }
  throw new Error(`the two never come to rest: ${steps.join(', ')}`);
}

/** What can happen next. */
function stepsOf(ends: TwoEnds, waiting: Begin[]): Step[] {
  return [
    ...waiting.map((one) => ({
      name: one.name,
      go: () => {
        waiting.splice(waiting.indexOf(one), 1);
        one.begin(ends);
      },
    })),
    ...ends.toGateway.map((datagram, i) => ({
      name: `client's ${i}`,
      go: () => ends.giveGateway(take(ends.toGateway, datagram)),
    })),
    ...ends.toClient.map((datagram, i) => ({
      name: `gateway's ${i}`,
      go: () => ends.giveClient(take(ends.toClient, datagram)),
    })),
  ];
}

function take<T extends OutboundDatagram | GatewayDatagram>(queue: T[], datagram: T): T {
  queue.splice(queue.indexOf(datagram), 1);
  return datagram;
}

function takeAway(ends: TwoEnds, name: string): void {
  const [whose, number] = name.split(' ');
  (whose === "client's" ? ends.toGateway : ends.toClient).splice(Number(number), 1);
}

/** Whether one of the two waits for an answer. */
function isAsking(ends: TwoEnds): boolean {
  return (
    ends.made.gateway.sas.some(({ outstanding }) => outstanding !== undefined) ||
    ends.session.nextTimeout()?.why === 'retransmit'
  );
}

function repetitionIn(ends: TwoEnds): number {
  const client = ends.session.nextTimeout();
  const times = [
    client?.why === 'retransmit' ? client.at : Infinity,
    ends.made.gateway.nextTimeout() ?? Infinity,
  ];
  return Math.max(1, Math.min(...times) - ends.now);
}

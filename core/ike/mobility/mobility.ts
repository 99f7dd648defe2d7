import { equalBytes } from '../../lib/bytes.ts';
import { type Failure, failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { formatAddress } from '../../net/address.ts';
import { Notify } from '../../wire/constants.ts';
import type { Message } from '../../wire/message.ts';
import type { Payload } from '../../wire/payload.ts';
import type { IkeConfig } from '../config.ts';
import type { IkeEvent, InboundDatagram, Path } from '../events.ts';
import type { Exchanger } from '../exchanger.ts';
import { Liveness } from '../liveness.ts';
import { type IkeSpis, natDetectionHash, natFindings, natHashes } from '../nat-detection.ts';
import type { Outbox } from '../outbox.ts';
import type { Retransmitter } from '../retransmitter.ts';
import { LivenessTask } from '../tasks/liveness.ts';
import type { Task } from '../tasks/task.ts';
import { UpdateAddressesTask } from '../tasks/update-addresses.ts';
import { answerMobility } from './answer.ts';
import { gatewayAddresses } from './gateway-addresses.ts';
import { Mover, type PathAnswer, type Step } from './mover.ts';
import { speaksMobility } from './offer.ts';
import { Spread } from './spread.ts';

/** The first pause of a question that somebody waits for, such as a person who has opened the lid. */
const URGENT_MS: Millis = 150;

/** The established session, as far as its way to the gateway is concerned. */
export interface MobileLife {
  /** The IKE SA that new requests go out in, and all that there are. */
  readonly ike: Exchanger;
  readonly ikes: readonly Exchanger[];
  readonly leaving: unknown;
  /** Requests go out in the newest IKE SA that the gateway may have. */
  takeOver(now: Millis): void;
  leave(why: Failure, now: Millis): void;
}

/** A request of ours that is under way. */
interface Ask {
  readonly request: Retransmitter;
  readonly spread: Spread;
  readonly startedAt: Millis;
  round: number;
}

/** Our address as the gateway saw it: NAT_DETECTION_DESTINATION_IP, which can be compared on one path of one IKE SA. */
interface Sighting {
  readonly path: number;
  readonly initiatorSpi: Uint8Array;
  readonly hash: Uint8Array;
}

/**
 * How a session reaches the gateway and knows that it is there: sends each request over the paths that the Mover
 * chooses (RFC 4555), asks on the schedule of Liveness, and looks for NAT mappings that changed. Before the session is
 * established there is one path, and nothing is asked.
 */
export class Mobility {
  readonly #config: IkeConfig;
  readonly #outbox: Outbox;
  readonly #emit: (event: IkeEvent) => void;
  readonly #mover: Mover;
  readonly #asks = new Map<Task, Ask>();
  #life: MobileLife | undefined;
  #isOver = false;
  #liveness: Liveness;
  #seenAs: Sighting | undefined;

  constructor(config: IkeConfig, outbox: Outbox, emit: (event: IkeEvent) => void) {
    this.#config = config;
    this.#outbox = outbox;
    this.#emit = emit;
    this.#mover = new Mover(outbox.path);
    this.#liveness = new Liveness(0, 0);
  }

  /** The path in use. */
  get path(): Path {
    return this.#mover.current;
  }

  /** Nothing can be sent, and nobody's patience runs. Whoever logs in or leaves does not wait for a network. */
  get isSuspended(): boolean {
    return this.#mover.isSuspended && this.#life !== undefined && this.#life.leaving === undefined;
  }

  // What is sent

  /** A request of ours goes out, first or again. */
  send(task: Task, request: Retransmitter, now: Millis): void {
    const known = this.#asks.get(task);
    const ask =
      known?.request === request ? known : { request, spread: new Spread(), startedAt: now, round: -1 };
    this.#asks.set(task, ask);
    if (this.isSuspended) return;
    ask.round += 1;
    this.#push(ask, ask.spread.begin(this.#lineup(task, ask), now));
    if (task === this.#life?.ike.activeTask) this.#liveness.asked(now);
  }

  #lineup(task: Task, { round, startedAt }: Ask): readonly Path[] {
    const isProbe = task instanceof LivenessTask && task.isProbe;
    return this.#mover.lineup(round, isProbe, this.#liveness.lastHeard > startedAt);
  }

  #push({ request }: Ask, path: Path | undefined): void {
    if (path) for (const octets of request.datagrams) this.#outbox.pushOver(path, octets);
  }

  // The beginning

  /** The login is over: `payloads` and `datagram` are the last of it. */
  establish(life: MobileLife, payloads: readonly Payload[], datagram: InboundDatagram, now: Millis): void {
    const { nat } = life.ike.sa.init;
    this.#life = life;
    this.#liveness = new Liveness(this.#config.livenessMs, now);
    if (this.#isForbidden(nat)) return life.leave(this.#natFound, now);
    const isMobile = speaksMobility(this.#config, payloads);
    const steps = this.#mover.establish(isMobile, datagram.local, nat, now);
    if (isMobile) this.#learnAddresses(payloads, datagram);
    this.#run(steps, now);
  }

  #isForbidden(nat: { readonly local: boolean; readonly remote: boolean }): boolean {
    return this.#config.natProhibited && (nat.local || nat.remote);
  }

  get #natFound(): Failure {
    return failure('network.nat-found', { gateway: formatAddress(this.path.remote.address) });
  }

  #learnAddresses(payloads: readonly Payload[], { remote }: InboundDatagram): void {
    const addresses = gatewayAddresses(payloads, remote.address);
    if (addresses) this.#emit({ kind: 'gateway-addresses', addresses });
  }

  // What is heard

  /** A request of ours was answered, and what its answer means was dealt with. */
  answered(from: Exchanger, task: Task, { payloads }: Message, datagram: InboundDatagram, now: Millis): void {
    const ask = this.#asks.get(task);
    this.#asks.delete(task);
    if (!this.#isAsking) this.#liveness.answered();
    this.heard(datagram, now);
    if (!this.#life || this.#life.leaving !== undefined || !ask) return;
    const { over } = ask.spread;
    const isUpdate = task instanceof UpdateAddressesTask;
    if (isUpdate) this.#life.takeOver(now);
    // The Child SAs may belong to another IKE SA by now, which knows nothing of an update in this one.
    const isCurrent = from === this.#life.ike;
    const answer = this.#pathAnswer(isCurrent ? task : undefined, from.sa.init, payloads, datagram, over);
    const isPlain = over.size === 1 && datagram.path === this.path.id;
    if (isPlain && this.#mover.isMobile) this.#watchMapping(task, from.sa.init, payloads, datagram, now);
    if (isUpdate) this.#learnAddresses(payloads, datagram);
    this.#run(this.#mover.answered(answer, now), now);
    if (isUpdate && !isCurrent) this.#run([{ kind: 'update' }], now);
  }

  #pathAnswer(
    task: Task | undefined,
    spis: IkeSpis,
    payloads: readonly Payload[],
    datagram: InboundDatagram,
    over: ReadonlySet<number>,
  ): PathAnswer {
    const answer = { path: datagram.path, over };
    if (!(task instanceof UpdateAddressesTask)) return answer;
    const nat = natFindings(spis, payloads, datagram);
    const verdict = task.verdict === 'moved' && this.#isForbidden(nat) ? 'nat-detected' : task.verdict;
    return { ...answer, update: { path: task.path, verdict, nat } };
  }

  /** The gateway says how it sees us: when that has changed, a NAT has, and the SAs must follow (RFC 4555 section 3.8). */
  #watchMapping(
    task: Task,
    spis: IkeSpis,
    payloads: readonly Payload[],
    { local }: InboundDatagram,
    now: Millis,
  ): void {
    const [hash] = natHashes(payloads, Notify.NAT_DETECTION_DESTINATION_IP);
    if (!hash) return;
    const before = this.#seenAs;
    const { initiatorSpi, responderSpi } = spis;
    this.#seenAs = { path: this.path.id, initiatorSpi, hash: hash.slice() };
    const isComparable = before?.path === this.path.id && equalBytes(before.initiatorSpi, initiatorSpi);
    const isSame = isComparable && equalBytes(before.hash, hash);
    if (isComparable) this.#emit({ kind: 'mapping', kept: isSame });
    if (isSame) return;
    this.#liveness.confirmSuspicion();
    if (task instanceof UpdateAddressesTask) return;
    const isBare = equalBytes(hash, natDetectionHash(initiatorSpi, responderSpi, local));
    if (!isBare || this.#mover.nat.local) this.#run([{ kind: 'update' }], now);
  }

  /** Something fresh and protected came: an answer, or a new request. */
  heard({ transport, remote }: InboundDatagram, now: Millis): void {
    this.#noteLife(now);
    if (this.#life && transport === 'nat') this.#run(this.#mover.heardFrom(remote), now);
  }

  /** True when it is told. */
  #noteLife(now: Millis): boolean {
    const isNews = this.#liveness.heard(now);
    if (isNews) this.#emit({ kind: 'answered' });
    return isNews;
  }

  /**
   * ESP that passed its integrity check came over a path. What came over another than the one in use does not prove
   * that the gateway knows where we are (RFC 4555 section 3.12). True when something is told because of it.
   */
  noteTraffic(now: Millis, path: number | undefined): boolean {
    return (path === undefined || path === this.path.id) && this.#noteLife(now);
  }

  /** Before the login is over: where a message of the gateway arrived. */
  noteArrival({ local }: InboundDatagram): void {
    if (!this.#life) this.#mover.noteLocal(local.address);
  }

  /** ESP went out. The time at which there may be something to do because of that, when it is the first for a while. */
  noteSent(now: Millis): Millis | undefined {
    const isFirst = this.#life !== undefined && this.#liveness.sent(now);
    return isFirst ? this.#liveness.nextAt(this.#isAsking) : undefined;
  }

  /** The network says that a datagram did not arrive: a reason to ask, and for nothing else (RFC 4555 section 3.5). */
  noteUnreachable(now: Millis): void {
    this.#liveness.hint(now);
  }

  /** What our answer to an INFORMATIONAL request of the gateway has besides; what it says of itself is taken. */
  answer({ sa }: Exchanger, payloads: readonly Payload[], datagram: InboundDatagram): readonly Payload[] {
    const answer = answerMobility(sa.init, payloads, datagram, this.#mover.isMobile);
    if (answer.addresses) this.#emit({ kind: 'gateway-addresses', addresses: answer.addresses });
    return answer.payloads;
  }

  /** The session is over: nothing is sent, asked or told any more. */
  end(): void {
    this.#isOver = true;
    this.#life = undefined;
    this.#asks.clear();
  }

  // Commands

  setPaths(paths: readonly Path[], now: Millis): void {
    if (this.#isOver) return;
    this.#run(this.#mover.setPaths(paths, now), now);
    if (this.#life?.leaving !== undefined) this.part(now);
  }

  /** The session says goodbye, and has to find a way to do so. */
  part(now: Millis): void {
    if (!this.#isOver) this.#run(this.#mover.part(), now);
  }

  /** Asks now, and with short pauses: a path that was good when the machine fell asleep may be no more. */
  check(now: Millis, afterSleep = false): void {
    if (afterSleep) this.#liveness.woke(now);
    if (!this.#life || this.#life.leaving !== undefined || this.isSuspended) return;
    if (this.#life.ike.activeTask) return this.#sendAgain(now);
    // Sleep is what NATs forget us in: the question whether this one did is left out (section 3.8).
    if (this.#mover.isMobile && this.#mover.nat.local) return this.#run([{ kind: 'update' }], now);
    this.#ask(URGENT_MS, now);
  }

  // Time

  nextTimeout(): Millis | undefined {
    if (this.isSuspended) return undefined;
    const copies = this.#current().map(([, { spread }]) => spread.nextAt);
    const at = Math.min(...copies, ...this.#ownTimes());
    return at === Infinity ? undefined : at;
  }

  #ownTimes(): Millis[] {
    const life = this.#life;
    if (!life || life.leaving !== undefined) return [];
    const probeAt = life.ike.activeTask ? undefined : this.#mover.probeAt();
    return [this.#liveness.nextAt(this.#isAsking) ?? Infinity, probeAt ?? Infinity];
  }

  handleTimeout(now: Millis): void {
    if (this.isSuspended) return;
    for (const [, ask] of this.#current()) this.#push(ask, ask.spread.poll(now));
    const life = this.#life;
    if (!life || life.leaving !== undefined) return;
    const step = this.#liveness.poll(now, this.#isAsking);
    if (step === 'unanswered') return this.#tellUnanswered();
    if (step === 'suspect' && this.#mover.isMobile && this.#mover.nat.local) {
      return this.#run([{ kind: 'update' }], now);
    }
    if (step !== 'wait') return this.#ask(undefined, now);
    const probeAt = this.#mover.probeAt();
    if (!life.ike.activeTask && probeAt !== undefined && now >= probeAt) this.#run([{ kind: 'probe' }], now);
  }

  /** Of an SA that we have deleted the gateway need not know any more: only the one in use proves anything by silence. */
  get #isAsking(): boolean {
    return this.#life?.ike.activeTask !== undefined;
  }

  /** The requests that are still waited for; others are forgotten. */
  #current(): readonly (readonly [Task, Ask])[] {
    const active = new Set(this.#life?.ikes.map(({ activeTask }) => activeTask));
    for (const task of this.#asks.keys()) if (this.#life && !active.has(task)) this.#asks.delete(task);
    return [...this.#asks];
  }

  #tellUnanswered(): void {
    this.#emit({ kind: 'unanswered', since: this.#liveness.lastHeard });
  }

  // What the Mover decides

  #run(steps: readonly Step[], now: Millis): void {
    this.#outbox.moveTo(this.path);
    for (const step of steps) this.#do(step, now);
  }

  #do(step: Step, now: Millis): void {
    const life = this.#life;
    switch (step.kind) {
      case 'tell':
        return this.#emit(step.event);
      case 'send-again':
        return this.#sendAgain(now);
      case 'update':
        if (
          !life ||
          life.leaving !== undefined ||
          life.ike.waiting.some(({ kind }) => kind === 'update-addresses')
        )
          return;
        return life.ike.enqueueFirst(new UpdateAddressesTask(), now);
      case 'probe':
        return this.#probe(now);
      case 'ask':
        return this.#ask(undefined, now);
      case 'stranded':
        if (this.#liveness.declareUnanswered()) this.#tellUnanswered();
        return this.#ask(undefined, now);
      case 'leave':
        return life?.leave(step.failure, now);
    }
  }

  #sendAgain(now: Millis): void {
    const underWay = this.#life ? this.#life.ikes : [];
    for (const ike of underWay) {
      const ask = ike.activeTask && this.#asks.get(ike.activeTask);
      if (!ask) continue;
      ask.round = -1;
      ask.spread.forgetWaiting();
      ike.sendAgain(now);
    }
  }

  /** Asks whether the gateway is there, unless something asks already. */
  ask(now: Millis): void {
    this.#ask(undefined, now);
  }

  #ask(initialMs: Millis | undefined, now: Millis): void {
    const life = this.#life;
    if (!life || life.leaving !== undefined || life.ike.activeTask) return;
    const options = { detectsNat: this.#mover.isMobile, ...(initialMs ? { initialMs } : {}) };
    life.ike.enqueueFirst(new LivenessTask(options), now);
  }

  #probe(now: Millis): void {
    const life = this.#life;
    if (!life || life.leaving !== undefined || life.ike.activeTask) return;
    life.ike.enqueueFirst(new LivenessTask({ isProbe: true }), now);
  }
}

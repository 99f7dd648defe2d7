import { equalBytes } from '../../lib/bytes.ts';
import { type Failure, failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { ok, type Result } from '../../lib/result.ts';
import { ExchangeType, isErrorNotify, Notify } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import { notify } from '../../wire/payloads/notify.ts';
import type { Path } from '../events.ts';
import { noNatsAllowed } from '../mobility/no-nats.ts';
import { natDetectionNotifies } from '../nat-detection.ts';
import { allOf, notifyOf } from '../payloads.ts';
import { DELETE_IKE_SA } from './informational.ts';
import { DONE, type Task, type TaskContext, type TaskStatus } from './task.ts';

/** What the gateway did with a request to use other addresses. */
export type UpdateVerdict =
  | 'moved'
  /** UNACCEPTABLE_ADDRESSES, or an error that we do not know: nothing was changed. */
  | 'refused'
  /** UNEXPECTED_NAT_DETECTED: something changed the addresses of our request on its way. */
  | 'nat-detected';

/** Octets of our COOKIE2; RFC 4555 section 4.2.5 allows 8 to 64. */
const COOKIE2_LENGTH = 16;

/** Traffic waits for the answer, so the request is repeated sooner than others. */
const INITIAL_MS: Millis = 250;

/**
 * UPDATE_SA_ADDRESSES: the IKE SA and its Child SAs are where this request comes from (RFC 4555 section 3.5), which
 * looks for NATs anew and makes sure with COOKIE2 that the gateway receives what is sent to it (section 3.7).
 *
 * We list no addresses of our own (ADDITIONAL_IP4_ADDRESS and so on, which section 3.4 leaves to us): the gateway could
 * use them for nothing but telling of a new address of its own when the path in use is lost, and they tell which other
 * networks a laptop is in.
 */
export class UpdateAddressesTask implements Task {
  readonly kind = 'update-addresses';
  readonly exchange = ExchangeType.INFORMATIONAL;
  readonly initialMs = INITIAL_MS;
  #path: Path | undefined;
  #cookie: Uint8Array | undefined;
  #verdict: UpdateVerdict = 'moved';

  /** The path that the request was made for; undefined while it waits for its turn. */
  get path(): Path | undefined {
    return this.#path;
  }

  /** What the answer said. */
  get verdict(): UpdateVerdict {
    return this.#verdict;
  }

  build({ sa, config, random, path }: TaskContext): Result<readonly Payload[], Failure> {
    this.#path = path;
    this.#cookie = random(COOKIE2_LENGTH).slice();
    return ok([
      notify(Notify.UPDATE_SA_ADDRESSES),
      ...natDetectionNotifies(sa.init, path.remote),
      ...(config.natProhibited ? [noNatsAllowed(path.local, path.remote)] : []),
      notify(Notify.COOKIE2, this.#cookie),
    ]);
  }

  process(payloads: readonly Payload[]): TaskStatus {
    const error = allOf(payloads, 'N').find(({ notifyType }) => isErrorNotify(notifyType));
    const echo = notifyOf(payloads, Notify.COOKIE2);
    // A refusal may come without it (section 3.5). Nothing else may, and none with another.
    const isSame = echo ? this.#cookie && equalBytes(echo.data, this.#cookie) : error !== undefined;
    if (!isSame) {
      const why = failure('protocol.unexpected', { detail: 'COOKIE2 is not the one that was sent' });
      return { kind: 'fail', failure: why, parting: [DELETE_IKE_SA] };
    }
    if (error?.notifyType === Notify.UNEXPECTED_NAT_DETECTED) this.#verdict = 'nat-detected';
    else if (error) this.#verdict = 'refused';
    return DONE;
  }
}

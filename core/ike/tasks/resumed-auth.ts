import { constantTimeEqual, equalBytes } from '../../lib/bytes.ts';
import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { Selector } from '../../net/selector.ts';
import { AuthMethod, ExchangeType, isErrorNotify, Notify } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import { signedOctets } from '../auth-data.ts';
import { ChildRequest } from '../child-sa.ts';
import type { ProvedGateway } from '../gateway-proof.ts';
import type { Identity } from '../identity.ts';
import type { IkeSa } from '../ike-sa.ts';
import { mobilityOffer } from '../mobility/offer.ts';
import { allOf, CHILD_ERRORS, firstOf } from '../payloads.ts';
import { standing } from '../standing.ts';
import { TICKET_REQUEST } from '../ticket-keeper.ts';
import type { LoginTask, TaskContext, TaskStatus } from './task.ts';

/** A gateway that answered IKE_SESSION_RESUME and is silent then has other keys than ours: no need to wait long. */
const PATIENCE_MS: Millis = 5_000;

/**
 * IKE_AUTH of a resumed SA (RFC 5723 section 4.3.3): each end proves that it has the secret of the SA that is resumed, by
 * keys that come from it, for the identities that were proved there. A gateway that cannot, or will not, gets a full
 * login instead.
 */
export class ResumedAuthTask implements LoginTask {
  readonly kind = 'auth';
  readonly exchange = ExchangeType.IKE_AUTH;
  readonly patienceMs = PATIENCE_MS;
  readonly isResumed = true;
  readonly inEap = false;
  readonly alone = undefined;
  readonly refusal = undefined;
  readonly gateway: ProvedGateway;
  readonly #child: ChildRequest;
  readonly #localId: Identity;

  constructor(context: TaskContext, { localId, remoteId }: { localId: Identity; remoteId: Identity }) {
    this.#child = new ChildRequest(context, false);
    this.#localId = localId;
    this.gateway = { identity: remoteId, method: 'resumed session' };
  }

  get rest(): readonly Selector[] {
    return this.#child.rest;
  }

  /** No CERT and no CERTREQ: whom we talk to was settled in the SA before. */
  build(context: TaskContext): Result<readonly Payload[], Failure> {
    const { sa, config } = context;
    const data = resumedAuth(sa, 'initiator', this.#localId);
    return ok([
      { kind: 'IDi', ...this.#localId },
      { kind: 'IDr', ...this.gateway.identity },
      { kind: 'AUTH', method: AuthMethod.PSK, data },
      ...(config.resumption ? [TICKET_REQUEST] : []),
      ...mobilityOffer(context),
      ...this.#child.payloads(context),
    ]);
  }

  process(payloads: readonly Payload[], context: TaskContext): TaskStatus {
    const idr = firstOf(payloads, 'IDr');
    const auth = firstOf(payloads, 'AUTH');
    const refused = allOf(payloads, 'N').some(
      ({ notifyType }) =>
        notifyType === Notify.AUTHENTICATION_FAILED ||
        notifyType === Notify.INVALID_SYNTAX ||
        (isErrorNotify(notifyType) && !auth && !CHILD_ERRORS.has(notifyType)),
    );
    if (refused || !idr || !auth) return { kind: 'begin-anew', why: 'refused', childless: false };
    const { idType, data } = this.gateway.identity;
    const isSame = idr.idType === idType && equalBytes(idr.data, data);
    const expected = resumedAuth(context.sa, 'responder', this.gateway.identity);
    const isProved = auth.method === AuthMethod.PSK && constantTimeEqual(expected, auth.data);
    if (!isSame || !isProved || firstOf(payloads, 'CERT'))
      return { kind: 'begin-anew', why: 'not proved', childless: false };
    return standing(this.#child, payloads, context, this.gateway);
  }

  /** A password is not needed here. */
  provide(): undefined {
    return undefined;
  }

  /** Nothing of its own is secret. */
  wipe(): void {
    return;
  }
}

/** AUTH = prf(SK_px, SignedOctets) of a resumed SA: SK_pi for the initiator, SK_pr for the responder. */
function resumedAuth(sa: IkeSa, role: 'initiator' | 'responder', identity: Identity): Uint8Array {
  const { message1, message2, nonceI, nonceR, suite } = sa.init;
  const [skP, realMessage, peerNonce] =
    role === 'initiator' ? [sa.keys.skPi, message1, nonceR] : [sa.keys.skPr, message2, nonceI];
  return suite.prf.compute(skP.reveal(), signedOctets(suite.prf, { realMessage, peerNonce, skP, identity }));
}

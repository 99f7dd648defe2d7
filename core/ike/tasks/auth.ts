import { concat } from '../../lib/bytes.ts';
import { type Failure, failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ports.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { SecretBytes } from '../../lib/secret.ts';
import { signAuth } from '../../crypto/signature.ts';
import { Gtc } from '../../eap/gtc.ts';
import type { EapNeed } from '../../eap/method.ts';
import { MsChapV2 } from '../../eap/mschapv2.ts';
import { EapPeer, type EapOutcome } from '../../eap/peer.ts';
import { authorityKeyHash } from '../../pki/authority-hash.ts';
import type { Selector } from '../../net/selector.ts';
import { AuthMethod, CertEncoding, ExchangeType, isErrorNotify, Notify } from '../../wire/constants.ts';
import { decodeEap, EapCode } from '../../wire/eap.ts';
import type { Payload } from '../../wire/payload.ts';
import { notify } from '../../wire/payloads/notify.ts';
import type { AuthPayload } from '../../wire/payloads/auth.ts';
import { sharedSecretAuth, signedOctets } from '../auth-data.ts';
import { ChildRequest } from '../child-sa.ts';
import type { UserAuth } from '../config.ts';
import type { AssignedConfig } from '../events.ts';
import { type ProvedGateway, proveGateway, provedBySecret } from '../gateway-proof.ts';
import { mobilityOffer } from '../mobility/offer.ts';
import { allOf, CHILD_ERRORS, firstOf } from '../payloads.ts';
import { protectedRedirect } from '../redirect.ts';
import { authRefusal } from '../refusals.ts';
import { standing } from '../standing.ts';
import { TICKET_REQUEST } from '../ticket-keeper.ts';
import { type LoginTask, MORE, type TaskContext, type TaskStatus } from './task.ts';

/** Hashes of authorities that a CERTREQ lists at most: a system's whole store would not fit a datagram. */
const MAX_AUTHORITIES = 32;
/** Rounds of EAP after which we stop; RFC 7296 section 2.16 wants at least ten. */
const MAX_EAP_ROUNDS = 32;

type EapUser = Extract<UserAuth, { kind: 'eap' }>;

type Step =
  | { readonly kind: 'first' }
  | { readonly kind: 'eap'; readonly message: Uint8Array }
  /** The EAP message that waits for what is needed. */
  | { readonly kind: 'waiting'; readonly message: Uint8Array; readonly what: EapNeed['what'] }
  /** Without an MSK the AUTH payloads are made from SK_pi and SK_pr (RFC 7296 section 2.16). */
  | { readonly kind: 'prove'; readonly msk: SecretBytes | undefined };

/**
 * The IKE_AUTH exchanges (RFC 7296 sections 1.2, 2.15, 2.16): the first message, the rounds of EAP when the user
 * logs in that way, and the first Child SA with its addresses. The gateway is proved before any credential of the
 * user leaves, and EAP-Success counts only when the method finished and its MSK keyed both AUTH payloads; of a method
 * that gives none, when it was answered and the SA's own keys did.
 */
export class AuthTask implements LoginTask {
  readonly kind = 'auth';
  readonly exchange = ExchangeType.IKE_AUTH;
  readonly isResumed = false;
  readonly #child: ChildRequest;
  readonly #eap: EapPeer | undefined;
  #password: SecretBytes | undefined;
  #step: Step = { kind: 'first' };
  #rounds = 0;
  #gateway: ProvedGateway | undefined;

  /** `isAlone`: the Child SA is asked for later (RFC 6023 section 5). */
  constructor(context: TaskContext, isAlone: boolean) {
    this.#child = new ChildRequest(context, isAlone);
    const { userAuth } = context.config;
    this.#eap = userAuth.kind === 'eap' ? eapPeer(userAuth, context.random) : undefined;
  }

  get inEap(): boolean {
    return this.#step.kind !== 'first';
  }

  get gateway(): ProvedGateway | undefined {
    return this.#gateway;
  }

  get alone(): AssignedConfig | undefined {
    return this.#child.alone;
  }

  get rest(): readonly Selector[] {
    return this.#child.rest;
  }

  get refusal(): Failure | undefined {
    return this.#eap?.refusal;
  }

  build(context: TaskContext): Result<readonly Payload[], Failure> {
    switch (this.#step.kind) {
      case 'first':
        return this.#firstMessage(context);
      case 'eap':
        return ok([{ kind: 'EAP', message: this.#step.message }]);
      case 'prove':
        return ok([this.#secretAuth(this.#step.msk ?? context.sa.keys.skPi, context)]);
      case 'waiting':
        throw new Error('nothing can be sent before what is needed is there');
    }
  }

  #firstMessage(context: TaskContext): Result<Payload[], Failure> {
    const { config } = context;
    const { userAuth, gatewayAuth } = config;
    const auth = this.#firstAuth(userAuth, context);
    if (!auth.ok) return auth;
    const chain = userAuth.kind === 'certificate' ? userAuth.chain : [];
    return ok([
      { kind: 'IDi', ...config.localId },
      ...chain.map((data): Payload => ({ kind: 'CERT', encoding: CertEncoding.X509_SIGNATURE, data })),
      ...(gatewayAuth.kind === 'certificate' ? [certificateRequest(gatewayAuth.anchors)] : []),
      { kind: 'IDr', ...config.remoteId },
      ...auth.value,
      ...(config.resumption ? [TICKET_REQUEST] : []),
      ...mobilityOffer(context),
      ...this.#child.payloads(context),
    ]);
  }

  /** None for EAP, which is how the gateway knows that we want it (RFC 7296 section 2.16). */
  #firstAuth(userAuth: UserAuth, context: TaskContext): Result<readonly AuthPayload[], Failure> {
    if (userAuth.kind === 'eap') return ok([]);
    if (userAuth.kind === 'psk') return ok([this.#secretAuth(userAuth.secret, context)]);
    const { peerHashes } = context.sa.init;
    const signed = signAuth(userAuth.key, initiatorOctets(context), { peerHashes });
    if (!signed.ok) return err(failure('config.key-invalid', { detail: signed.error }));
    return ok([{ kind: 'AUTH', method: signed.value.method, data: signed.value.data }]);
  }

  #secretAuth(secret: SecretBytes, context: TaskContext): AuthPayload {
    const data = sharedSecretAuth(context.sa.init.suite.prf, secret, initiatorOctets(context));
    return { kind: 'AUTH', method: AuthMethod.PSK, data };
  }

  provide(secret: SecretBytes): TaskStatus | undefined {
    const step = this.#step;
    if (step.kind === 'waiting' && step.what === 'one-time code')
      return this.#handleEap(step.message, secret);
    this.#password = secret;
    return step.kind === 'waiting' ? this.#handleEap(step.message) : undefined;
  }

  wipe(): void {
    this.#eap?.wipe();
    if (this.#step.kind === 'prove') this.#step.msk?.wipe();
  }

  process(payloads: readonly Payload[], context: TaskContext): TaskStatus {
    const refused = this.#refused(payloads, context);
    if (refused) return { kind: 'fail', failure: refused };
    if (!this.#gateway) {
      const proved = proveGateway(payloads, context);
      if (!proved.ok) return reject(proved.error);
      this.#gateway = proved.value;
      if (!this.#eap) return standing(this.#child, payloads, context, this.#gateway);
      // Before the user has logged in there is no SA to delete (RFC 5685 section 6).
      const to = protectedRedirect(payloads);
      if (to) return { kind: 'redirect', to };
    }
    if (this.#step.kind === 'prove')
      return this.#processProof(payloads, context, this.#step.msk, this.#gateway);
    const eap = firstOf(payloads, 'EAP');
    if (!eap) return reject(failure('protocol.unexpected', { detail: 'IKE_AUTH without EAP' }));
    this.#rounds += 1;
    if (this.#rounds > MAX_EAP_ROUNDS)
      return reject(failure('protocol.unexpected', { detail: 'EAP without end' }));
    return this.#handleEap(eap.message);
  }

  /**
   * An error notify that ends authentication. Any does, also one that we do not know (RFC 7296 section 3.10.1),
   * unless it comes with the proof of the gateway: then it is about the Child SA, except for an outright refusal.
   */
  #refused(payloads: readonly Payload[], { config }: TaskContext): Failure | undefined {
    const errors = allOf(payloads, 'N').filter((payload) => isErrorNotify(payload.notifyType));
    const isProof = firstOf(payloads, 'AUTH') && !firstOf(payloads, 'EAP');
    const error = isProof
      ? errors.find(({ notifyType }) => notifyType === Notify.AUTHENTICATION_FAILED)
      : (errors.find(({ notifyType }) => !CHILD_ERRORS.has(notifyType)) ?? errors[0]);
    return error && (this.refusal ?? authRefusal(error, config, this.#step.kind === 'prove'));
  }

  #handleEap(message: Uint8Array, code?: SecretBytes): TaskStatus {
    if (!this.#eap) throw new Error('EAP without a peer');
    const credentials = {
      ...(this.#password ? { password: this.#password } : {}),
      ...(code ? { code } : {}),
    };
    return this.#followEap(this.#eap.handle(message, credentials), message);
  }

  #followEap(outcome: EapOutcome, message: Uint8Array): TaskStatus {
    switch (outcome.kind) {
      case 'reply':
        this.#step = { kind: 'eap', message: outcome.message };
        return outcome.notice === undefined
          ? MORE
          : { kind: 'more', events: [{ kind: 'notice', notice: 'eap-notification', text: outcome.notice }] };
      case 'need':
        this.#step = { kind: 'waiting', message, what: outcome.what };
        return outcome;
      case 'success':
        this.#step = { kind: 'prove', msk: outcome.msk };
        return MORE;
      case 'failure':
        // After EAP-Failure the gateway has no SA left to tell anything (RFC 7296 section 2.21).
        return isEapFailure(message) ? { kind: 'fail', failure: outcome.failure } : reject(outcome.failure);
      case 'discard':
        // No other message can follow: every one of the gateway answers one of ours.
        return reject(outcome.failure);
    }
  }

  #processProof(
    payloads: readonly Payload[],
    context: TaskContext,
    msk: SecretBytes | undefined,
    gateway: ProvedGateway,
  ): TaskStatus {
    const auth = firstOf(payloads, 'AUTH');
    if (!auth) return reject(failure('protocol.unexpected', { detail: 'no AUTH after EAP' }));
    const proved = provedBySecret(context.sa, gateway.identity, auth, msk ?? context.sa.keys.skPr);
    msk?.wipe();
    if (!proved) return reject(failure('auth.eap-msk-mismatch', msk ? {} : KEYLESS));
    return standing(this.#child, payloads, context, gateway);
  }
}

const KEYLESS = { detail: 'the way of signing in gives no key, and the one of the connection is not in it' };

function eapPeer({ identity, username, method }: EapUser, random: RandomBytes): EapPeer {
  const used = method === 'gtc' ? new Gtc() : new MsChapV2({ userName: username, random });
  return new EapPeer({ identity, random, methods: [used] });
}

function isEapFailure(message: Uint8Array): boolean {
  const packet = decodeEap(message);
  return packet.ok && packet.value.code === EapCode.FAILURE;
}

/** We refuse the gateway: it is told so in an exchange of its own (RFC 7296 section 2.21.2). */
function reject(why: Failure): TaskStatus {
  return { kind: 'fail', failure: why, parting: [notify(Notify.AUTHENTICATION_FAILED)] };
}

/** InitiatorSignedOctets of this SA (RFC 7296 section 2.15). */
function initiatorOctets({ sa, config }: TaskContext): Uint8Array {
  return signedOctets(sa.init.suite.prf, {
    realMessage: sa.init.message1,
    peerNonce: sa.init.nonceR,
    skP: sa.keys.skPi,
    identity: config.localId,
  });
}

/** CERTREQ with the hashes of the authorities' keys (RFC 7296 section 3.7). */
function certificateRequest(anchors: readonly Uint8Array[]): Payload {
  const hashes = anchors.slice(0, MAX_AUTHORITIES).map(authorityKeyHash);
  return { kind: 'CERTREQ', encoding: CertEncoding.X509_SIGNATURE, data: concat(...hashes) };
}

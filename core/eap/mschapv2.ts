import { constantTimeEqual } from '../lib/bytes.ts';
import { type Failure, failure, type FailureCode } from '../lib/failure.ts';
import type { RandomBytes } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { EapType } from '../wire/eap.ts';
import type { EapCredentials, EapMethod, MethodOutcome } from './method.ts';
import {
  CHALLENGE_LENGTH,
  decodeMsChapRequest,
  encodeMsChapAck,
  encodeMsChapResponse,
  type FailureReport,
  type MsChapRequest,
  OpCode,
} from './mschapv2-packet.ts';
import { type MsChapSecrets, msChapSecrets } from './mschapv2-secrets.ts';

export interface MsChapV2Options {
  /** As the person wrote it, with a domain if there is one (`BIGCO\johndoe`). */
  readonly userName: string;
  readonly random: RandomBytes;
}

/** Errors of RFC 2759 section 6. 709 is about changing a password, which we never ask for. */
const CODE_OF_ERROR: Readonly<Record<number, FailureCode>> = {
  646: 'auth.account-restricted-hours',
  647: 'auth.account-disabled',
  648: 'auth.password-expired',
  649: 'auth.no-dialin-permission',
  691: 'auth.wrong-password',
};

type Stage = 'start' | 'responded' | 'finished' | 'refused';

/**
 * EAP-MSCHAPv2, the peer's side (draft-kamath-pppext-eap-mschapv2, RFC 2759): Challenge, Response, then Success with
 * the authenticator's own proof, which is checked before anything is answered, or Failure with a reason.
 */
export class MsChapV2 implements EapMethod {
  readonly type = EapType.MSCHAPV2;
  readonly name = 'EAP-MSCHAPv2';
  readonly whenRefused = 'auth.eap-failed';
  readonly mayEndKeyless = false;
  readonly #options: MsChapV2Options;
  #stage: Stage = 'start';
  #secrets: MsChapSecrets | undefined;

  constructor(options: MsChapV2Options) {
    this.#options = options;
  }

  handle(data: Uint8Array, credentials: EapCredentials): MethodOutcome {
    const request = decodeMsChapRequest(data);
    if (!request.ok) return discard(`MS-CHAPv2: ${request.error.reason}`);
    if (this.#stage === 'finished' || this.#stage === 'refused') return discard('MS-CHAPv2 is over');
    switch (request.value.kind) {
      case 'challenge':
        return this.#respond(request.value, credentials.password);
      case 'success':
        return this.#verify(request.value.proof);
      case 'failure':
        return this.#acknowledgeRefusal(request.value.report);
    }
  }

  get finished(): boolean {
    return this.#stage === 'finished' && this.#secrets !== undefined;
  }

  takeMsk(): SecretBytes | undefined {
    if (this.#stage !== 'finished') return undefined;
    const msk = this.#secrets?.msk;
    this.#secrets = undefined;
    return msk;
  }

  wipe(): void {
    this.#secrets?.msk.wipe();
    this.#secrets = undefined;
  }

  #respond(
    challenge: Extract<MsChapRequest, { kind: 'challenge' }>,
    password: SecretBytes | undefined,
  ): MethodOutcome {
    if (this.#stage !== 'start') return discard('a second MS-CHAPv2 challenge');
    if (!password) return { kind: 'need', what: 'password' };
    const { userName, random } = this.#options;
    const peerChallenge = random(CHALLENGE_LENGTH);
    const authenticatorChallenge = challenge.challenge;
    this.#secrets = msChapSecrets({ authenticatorChallenge, peerChallenge, userName, password });
    this.#stage = 'responded';
    const { ntResponse } = this.#secrets;
    return {
      kind: 'reply',
      data: encodeMsChapResponse({ id: challenge.id, peerChallenge, ntResponse, userName }),
    };
  }

  /** "If the authenticator response is either missing or incorrect, the peer MUST end the session" (section 5). */
  #verify(proof: Uint8Array): MethodOutcome {
    const expected = this.#secrets?.authenticatorResponse;
    if (!expected || !constantTimeEqual(expected, proof)) {
      this.#stage = 'refused';
      this.wipe();
      return {
        kind: 'failure',
        failure: failure('auth.eap-server-unproved', { user: this.#options.userName }),
      };
    }
    this.#stage = 'finished';
    return { kind: 'reply', data: encodeMsChapAck(OpCode.SUCCESS) };
  }

  #acknowledgeRefusal(report: FailureReport | undefined): MethodOutcome {
    this.#stage = 'refused';
    this.wipe();
    return { kind: 'reply', data: encodeMsChapAck(OpCode.FAILURE), refusal: this.#refusal(report) };
  }

  #refusal(report: FailureReport | undefined): Failure {
    const context = { user: this.#options.userName, method: this.name };
    if (!report) return failure('auth.eap-failed', { ...context, detail: 'the reason cannot be read' });
    const { error, message, retryAllowed } = report;
    return failure(CODE_OF_ERROR[error] ?? 'auth.eap-failed', {
      ...context,
      code: error,
      message,
      retryAllowed,
    });
  }
}

function discard(reason: string): MethodOutcome {
  return { kind: 'discard', reason };
}

import { type Failure, failure } from '../lib/failure.ts';
import { formatSelector } from '../net/selector.ts';
import { Notify, nameOf, Protocol } from '../wire/constants.ts';
import type { NotifyPayload } from '../wire/payloads/notify.ts';
import type { IkeConfig } from './config.ts';
import { formatIdentity } from './identity.ts';
import { wordsOf } from './proposal-words.ts';
import { proposalsOf } from './proposals.ts';

/** The offers as a person compares them with a gateway's settings, a line each. */
export function offeredIke(config: IkeConfig): string[] {
  return proposalsOf(config.ikeOffers, Protocol.IKE).map(wordsOf);
}

export function offeredEsp(config: IkeConfig): string[] {
  return proposalsOf(config.espOffers, Protocol.ESP).map(wordsOf);
}

/** What an error notify from the gateway means, wherever it stands. */
function generalRefusal(notify: NotifyPayload): Failure {
  switch (notify.notifyType) {
    case Notify.INVALID_SYNTAX:
      return failure('peer.invalid-syntax');
    case Notify.UNSUPPORTED_CRITICAL_PAYLOAD:
      return failure('peer.unsupported-critical', { payload: notify.data[0] ?? 0 });
    case Notify.UNEXPECTED_NAT_DETECTED:
      return failure('network.nat-found');
    case Notify.INVALID_MAJOR_VERSION:
      return failure('peer.invalid-major-version');
    default:
      return failure('peer.notify', { notify: nameOf(Notify, notify.notifyType) });
  }
}

/** An error notify in the response to IKE_SA_INIT. Nobody has proved anything yet. */
export function initRefusal(notify: NotifyPayload, config: IkeConfig): Failure {
  if (notify.notifyType === Notify.NO_PROPOSAL_CHOSEN) {
    return failure('peer.no-proposal-chosen', {
      offered: offeredIke(config),
      configured: config.configured.ike,
    });
  }
  return generalRefusal(notify);
}

/** An error notify that ended authentication. What it means depends on how we meant to prove ourselves. */
export function authRefusal(notify: NotifyPayload, config: IkeConfig, afterEap: boolean): Failure {
  if (notify.notifyType !== Notify.AUTHENTICATION_FAILED) return generalRefusal(notify);
  const context = {
    identity: formatIdentity(config.localId),
    gatewayIdentity: formatIdentity(config.remoteId),
  };
  if (config.userAuth.kind === 'psk') return failure('auth.psk-mismatch', context);
  if (config.userAuth.kind === 'certificate') return failure('auth.our-certificate-refused', context);
  return failure('auth.rejected', { ...context, afterEap });
}

/** An error notify about the Child SA in a response whose authentication holds. */
export function childRefusal(notify: NotifyPayload, config: IkeConfig): Failure {
  switch (notify.notifyType) {
    case Notify.NO_PROPOSAL_CHOSEN:
      return failure('peer.no-proposal-chosen-child', {
        offered: offeredEsp(config),
        configured: config.configured.esp,
      });
    case Notify.TS_UNACCEPTABLE:
    case Notify.INVALID_SELECTORS:
      return failure('peer.ts-unacceptable', { requested: config.remoteSelectors.map(formatSelector) });
    case Notify.INTERNAL_ADDRESS_FAILURE:
      return failure('peer.no-address', { notify: 'INTERNAL_ADDRESS_FAILURE' });
    case Notify.FAILED_CP_REQUIRED:
      return failure('peer.failed-cp-required');
    case Notify.SINGLE_PAIR_REQUIRED:
      return failure('peer.single-pair-required');
    default:
      return generalRefusal(notify);
  }
}

import {
  AuthMethod,
  CertEncoding,
  ExchangeType,
  isErrorNotify,
  Notify,
} from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { AuthPayload } from '../../../core/wire/payloads/auth.ts';
import { answerResumedAuth } from './answer-resumed-auth.ts';
import { judgeClient } from './client-certificate.ts';
import { EapServer, type EapStep } from './eap-server.ts';
import { type AuthAnswer, childRequest, establish, refused } from './establish.ts';
import type { Step } from './faults.ts';
import { prfOf } from './keys.ts';
import { payloadOf, payloadsOf } from './pick.ts';
import {
  idBody,
  sameAuth,
  sharedSecretAuth,
  signatureProblem,
  signedOctets,
  signOctets,
  type AuthData,
} from './proof.ts';
import { redirectIn } from './redirect.ts';
import type { ChildRequest, Identity, Sa } from './sa.ts';
import type { ClientMethod, Responder } from './types.ts';

/** RFC 7296 sections 1.2, 2.15 and 2.16. `sa.state` moves on. */
export function answerAuth(responder: Responder, sa: Sa, message: Message): AuthAnswer | undefined {
  const gaveUp = payloadsOf(message, 'N').find(({ notifyType }) => isErrorNotify(notifyType));
  if (gaveUp !== undefined && sa.state.name !== 'established') {
    responder.emit({ kind: 'client-notify', saId: sa.id, notify: gaveUp.notifyType });
    return { step: 'eap', payloads: [], closes: 'client' };
  }
  switch (sa.state.name) {
    case 'keyed':
      return answerFirst(responder, sa, message);
    case 'resuming':
      return answerResumedAuth(responder, sa, message, sa.state.ticket);
    case 'eap':
      return answerEap(responder, sa, message, sa.state.server);
    case 'eap-done':
      return answerLast(responder, sa, message);
    case 'false-success':
      if (payloadOf(message, 'AUTH') !== undefined)
        responder.emit({ kind: 'violation', what: 'went on after an EAP-Success without proof' });
      return refused(responder, 'eap', Notify.AUTHENTICATION_FAILED, 'EAP-Success was a lie');
    case 'established':
    case 'closed':
      responder.emit({ kind: 'violation', what: 'IKE_AUTH in an established IKE SA' });
      return undefined;
  }
}

function answerFirst(responder: Responder, sa: Sa, message: Message): AuthAnswer {
  const { faults } = responder;
  judgeFirst(responder, sa, message);
  if (faults.authNotify !== undefined) return refused(responder, 'auth', faults.authNotify, 'told to refuse');
  const idi = payloadOf(message, 'IDi');
  const child = childRequest(responder, message);
  if (idi === undefined || child === undefined)
    return refused(responder, 'auth', Notify.INVALID_SYNTAX, 'payloads are missing');
  const identity = { idType: idi.idType, data: idi.data };
  const auth = payloadOf(message, 'AUTH');
  if (auth === undefined) return redirectOrBeginEap(responder, sa, child, identity);

  const verdict = judgeProof(responder, sa, message, auth, identity);
  if (typeof verdict !== 'string' && faults.finalNotify !== undefined)
    return refused(responder, 'auth', faults.finalNotify, 'told to refuse');
  if (typeof verdict === 'string') return refused(responder, 'auth', Notify.AUTHENTICATION_FAILED, verdict);
  const payloads = [...ownIdentity(responder, sa), ...establish(responder, sa, child, identity, verdict)];
  return { step: 'auth', payloads: omit(responder, payloads), ...endOf(payloads) };
}

/** Nothing is left of an SA that was answered with a fatal error (RFC 7296 section 2.21.3). */
function endOf(payloads: readonly Payload[]): Pick<AuthAnswer, 'closes'> {
  const isFatal = payloads.some(
    (payload) => payload.kind === 'N' && payload.notifyType === Notify.INVALID_SYNTAX,
  );
  return isFatal ? { closes: 'refused' } : {};
}

/** Which method the client proved itself by, or what is wrong with its proof. */
function judgeProof(
  { config, now }: Responder,
  sa: Sa,
  message: Message,
  auth: AuthPayload,
  identity: Identity,
): { method: ClientMethod; user?: string } | string {
  const octets = initiatorOctets(sa, identity);
  if (auth.method === AuthMethod.PSK) {
    if (!config.accept.includes('psk') || config.psk === undefined) return 'no pre-shared keys here';
    const expected = sharedSecretAuth(prfOf(sa.suite), config.psk, octets);
    return sameAuth(expected, auth.data) ? { method: 'psk' } : 'the pre-shared key is wrong';
  }
  if (!config.accept.includes('certificate')) return 'no client certificates here';
  const sent = payloadsOf(message, 'CERT')
    .filter(({ encoding }) => encoding === CertEncoding.X509_SIGNATURE)
    .map(({ data }) => data);
  const judged = judgeClient(sent, config.anchors, identity, config.epoch + now);
  if (!judged.ok) return judged.reason;
  const problem = signatureProblem(judged.key, auth, octets);
  return problem ?? { method: 'certificate' };
}

function initiatorOctets(sa: Sa, { idType, data }: Identity): Uint8Array {
  return signedOctets(prfOf(sa.suite), sa.keys.pi, sa.message1, sa.nonceR, idBody(idType, data));
}

function responderOctets(responder: Responder, sa: Sa): Uint8Array {
  const { idType, data } = responder.faults.identity ?? responder.config.identity;
  return signedOctets(prfOf(sa.suite), sa.keys.pr, sa.message2, sa.nonceI, idBody(idType, data));
}

/** IDr, CERT and AUTH of the gateway. */
function ownIdentity(responder: Responder, sa: Sa): Payload[] {
  const { config, faults } = responder;
  const identity = faults.identity ?? config.identity;
  const { credentials } = config;
  const chain = credentials.kind === 'certificate' ? credentials.chain : [];
  return [
    { kind: 'IDr', idType: identity.idType, data: identity.data },
    ...chain.map((data): Payload => ({ kind: 'CERT', encoding: CertEncoding.X509_SIGNATURE, data })),
    { kind: 'AUTH', ...ownAuth(responder, sa) },
  ];
}

function ownAuth(responder: Responder, sa: Sa): AuthData {
  const { config, faults } = responder;
  const octets = responderOctets(responder, sa);
  const signed = faults.auth === 'other-octets' ? octets.subarray(1) : octets;
  const { credentials } = config;
  const honest =
    credentials.kind === 'psk'
      ? {
          method: AuthMethod.PSK,
          data: sharedSecretAuth(prfOf(sa.suite), config.psk ?? new Uint8Array(), signed),
        }
      : signOctets(credentials.privateKey, signed, sa.announcedHashes, credentials.style ?? 'auto');
  return { method: faults.authMethod ?? honest.method, data: spoilAuth(honest.data, faults.auth) };
}

function spoilAuth(data: Uint8Array, fault: string | undefined): Uint8Array {
  if (fault === 'empty') return new Uint8Array();
  if (fault === 'truncated') return data.subarray(0, -1);
  if (fault !== 'flipped') return data;
  const out = data.slice();
  out[out.length - 1] = (out.at(-1) ?? 0) ^ 1;
  return out;
}

/** By the name alone that the client says it has (RFC 5685 section 6), or not at all. */
function redirectOrBeginEap(
  responder: Responder,
  sa: Sa,
  child: ChildRequest,
  identity: Identity,
): AuthAnswer {
  const elsewhere = redirectIn(responder, sa.client, 'first');
  return elsewhere === undefined
    ? beginEap(responder, sa, child, identity)
    : { step: 'auth', payloads: [...ownIdentity(responder, sa), elsewhere], closes: 'gateway' };
}

function beginEap(responder: Responder, sa: Sa, child: ChildRequest, identity: Identity): AuthAnswer {
  const { config, faults, random } = responder;
  if (!config.accept.includes('eap'))
    return refused(responder, 'auth', Notify.AUTHENTICATION_FAILED, 'no EAP here');
  const { users, passwordRetries: retries } = config;
  const server = new EapServer({ users, random, retries, faults: faults.eap ?? {} });
  sa.state = { name: 'eap', server, child, identity };
  const eap = eapAnswer(responder, sa, 'auth', server.start());
  if (eap === undefined) return refused(responder, 'auth', Notify.AUTHENTICATION_FAILED, 'no EAP request');
  return { ...eap, payloads: omit(responder, [...ownIdentity(responder, sa), ...eap.payloads]) };
}

function answerEap(
  responder: Responder,
  sa: Sa,
  message: Message,
  server: EapServer,
): AuthAnswer | undefined {
  const eap = payloadOf(message, 'EAP');
  if (eap === undefined) {
    responder.emit({ kind: 'violation', what: 'no EAP payload while EAP is going on' });
    return refused(responder, 'eap', Notify.AUTHENTICATION_FAILED, 'EAP was not finished');
  }
  return eapAnswer(responder, sa, 'eap', server.handle(eap.message));
}

function eapAnswer(responder: Responder, sa: Sa, step: Step, next: EapStep): AuthAnswer | undefined {
  if (next.kind === 'ignore') {
    responder.emit({ kind: 'ignored', reason: next.reason });
    return undefined;
  }
  if (next.kind === 'request' && next.failure !== undefined)
    responder.emit({ kind: 'password-refused', ...next.failure });
  if (next.kind === 'failure') responder.emit({ kind: 'refused', notify: 0, reason: next.reason });
  if (next.kind === 'false-success') sa.state = { name: 'false-success' };
  if (next.kind === 'success' && sa.state.name === 'eap') {
    const { child, identity } = sa.state;
    sa.state = { name: 'eap-done', msk: next.msk, user: next.user, child, identity };
  }
  const payloads: Payload[] = [{ kind: 'EAP', message: next.message }];
  return next.kind === 'failure' ? { step, payloads, closes: 'refused' } : { step, payloads };
}

function answerLast(responder: Responder, sa: Sa, message: Message): AuthAnswer {
  const { faults } = responder;
  const auth = payloadOf(message, 'AUTH');
  if (sa.state.name !== 'eap-done' || auth === undefined)
    return refused(responder, 'final', Notify.INVALID_SYNTAX, 'AUTH is missing');
  const { msk, user, child, identity } = sa.state;
  const prf = prfOf(sa.suite);
  if (auth.method !== AuthMethod.PSK)
    responder.emit({ kind: 'violation', what: `AUTH after EAP with method ${auth.method}` });
  // Without a key of the method each end has its own of the SA (RFC 7296 section 2.16).
  if (!sameAuth(sharedSecretAuth(prf, msk ?? sa.keys.pi, initiatorOctets(sa, identity)), auth.data))
    return refused(responder, 'final', Notify.AUTHENTICATION_FAILED, 'the AUTH under the MSK is wrong');
  if (faults.finalNotify !== undefined)
    return refused(responder, 'final', faults.finalNotify, 'told to refuse');
  const honest = msk ?? sa.keys.pr;
  const secret = { other: honest.map((octet) => octet ^ 1), none: sa.keys.pr, honest };
  const data = sharedSecretAuth(prf, secret[faults.eap?.msk ?? 'honest'], responderOctets(responder, sa));
  const own: AuthPayload = {
    kind: 'AUTH',
    method: faults.authMethod ?? AuthMethod.PSK,
    data: spoilAuth(data, faults.finalAuth),
  };
  const rest = establish(responder, sa, child, identity, { method: 'eap', user });
  const payloads = faults.finalAuth === 'missing' ? rest : [own, ...rest];
  return { step: 'final', payloads, ...endOf(payloads) };
}

function omit({ faults }: Responder, payloads: readonly Payload[]): Payload[] {
  const omitted: readonly string[] = faults.omitAuth ?? [];
  return payloads.filter(({ kind }) => !omitted.includes(kind));
}

/** What the RFC demands of a first IKE_AUTH request, beyond what decoding checks. */
function judgeFirst(responder: Responder, sa: Sa, message: Message): void {
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  const at = (kind: string): number => message.payloads.findIndex((payload) => payload.kind === kind);
  if (message.exchange !== ExchangeType.IKE_AUTH) violate('the second exchange is not IKE_AUTH');
  if (at('SA') >= 0 && at('CP') > at('SA')) violate('CP stands behind SA');
  const nat = sa.natClient || sa.natGateway || responder.config.encap;
  if (nat && sa.localPort === INIT_PORT) violate('a NAT was detected and port 4500 was not used');
}

const INIT_PORT = 500;

import { equalBytes, utf8 } from '../../../core/lib/bytes.ts';
import { AuthMethod, CertEncoding, ExchangeType, Notify } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { type AuthAnswer, childRequest, establish, refused } from './establish.ts';
import { prfOf } from './keys.ts';
import { payloadOf } from './pick.ts';
import { idBody, sameAuth, sharedSecretAuth, signedOctets } from './proof.ts';
import type { Identity, Sa } from './sa.ts';
import type { TicketContent } from './tickets.ts';
import type { Responder } from './types.ts';

/** Answers IKE_AUTH of a resumed SA, RFC 5723 section 4.3.3: proofs by SK_p*, no certificates, the same identities. */
export function answerResumedAuth(
  responder: Responder,
  sa: Sa,
  message: Message,
  ticket: TicketContent,
): AuthAnswer | undefined {
  const fault = responder.faults.resume?.auth;
  judgeResumed(responder, message, ticket);
  if (fault === 'silence') return undefined;
  const auth = payloadOf(message, 'AUTH');
  const child = childRequest(responder, message);
  if (auth === undefined || child === undefined)
    return refused(responder, 'auth', Notify.INVALID_SYNTAX, 'payloads are missing');
  const octets = signedOctets(prfOf(sa.suite), sa.keys.pi, sa.message1, sa.nonceR, bodyOf(ticket.identity));
  const proved = auth.method === AuthMethod.PSK && sameAuth(prove(sa, sa.keys.pi, octets), auth.data);
  if (!proved || fault === 'refused')
    return refused(responder, 'auth', Notify.AUTHENTICATION_FAILED, 'not who had the ticket');
  const { identity, method, user } = ticket;
  const proof = { method, resumed: true, ...(user === undefined ? {} : { user }) };
  return {
    step: 'auth',
    payloads: [...ownProof(responder, sa), ...establish(responder, sa, child, identity, proof)],
  };
}

/** AUTH = prf(SK_px, octets): unlike AUTH of a shared secret there is no key pad (RFC 5723 section 4.3.3). */
function prove(sa: Sa, skP: Uint8Array, octets: Uint8Array): Uint8Array {
  return prfOf(sa.suite).compute(skP, octets);
}

function ownProof({ config, faults }: Responder, sa: Sa): Payload[] {
  const fault = faults.resume?.auth;
  const prf = prfOf(sa.suite);
  const identity =
    fault === 'other-identity' ? { ...config.identity, data: utf8('other.example.com') } : config.identity;
  const octets = signedOctets(prf, sa.keys.pr, sa.message2, sa.nonceI, bodyOf(identity));
  const honest =
    fault === 'padded' ? sharedSecretAuth(prf, sa.keys.pr, octets) : prove(sa, sa.keys.pr, octets);
  const data = fault === 'flipped' ? honest.map((octet, i) => (i === 0 ? octet ^ 1 : octet)) : honest;
  const chain = fault === 'certificate' ? [Uint8Array.of(0x30, 0)] : [];
  return [
    { kind: 'IDr', idType: identity.idType, data: identity.data },
    ...chain.map((der): Payload => ({ kind: 'CERT', encoding: CertEncoding.X509_SIGNATURE, data: der })),
    { kind: 'AUTH', method: fault === 'other-method' ? AuthMethod.RSA : AuthMethod.PSK, data },
  ];
}

function bodyOf({ idType, data }: Identity): Uint8Array {
  return idBody(idType, data);
}

function judgeResumed(responder: Responder, message: Message, ticket: TicketContent): void {
  const { config } = responder;
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  if (message.exchange !== ExchangeType.IKE_AUTH) violate('IKE_SESSION_RESUME is not followed by IKE_AUTH');
  if (payloadOf(message, 'CERT') !== undefined) violate('a CERT payload when resuming');
  const same = (a: Identity | undefined, b: Identity): boolean =>
    a !== undefined && a.idType === b.idType && equalBytes(a.data, b.data);
  if (!same(payloadOf(message, 'IDi'), ticket.identity)) violate('another IDi than in the ticket');
  const idr = payloadOf(message, 'IDr');
  if (idr !== undefined && !same(idr, config.identity)) violate('another IDr than in the ticket');
}

/** Sentences for each rule by which a gateway's proof of its identity can fail (RFC 5280, RFC 7296 section 2.15). */
import type { FailureCode } from '../../../lib/failure.ts';
import { explain, given, type Explanation, type Facts } from '../facts.ts';

type GatewayProofCode = Extract<FailureCode, `auth.gateway-${string}`>;

/** `The certificate of CN=vpn.example.com, issued by CN=Example CA`. */
function theCertificate(c: Facts<'subject' | 'issuer'>): string {
  return `The certificate${given(c.subject, (subject) => ` of ${subject}`)}${given(c.issuer, (issuer) => `, issued by ${issuer}${c.subject === undefined ? '' : ','}`)}`;
}

function byRule(c: Facts<'rule'>): string {
  return given(c.rule, (rule) => ` (${rule})`);
}

const NO_BYPASS = 'Until then nobody can tell this gateway from an impostor, and no password was sent.';

export const GATEWAY_PROOF_FAILURES = {
  'auth.gateway-no-certificate': explain('it', ['gateway', 'identity'], (c) => ({
    title: 'The gateway showed no certificate',
    why: `The gateway${given(c.gateway, (name) => ` ${name}`)}${given(c.identity, (identity) => `, which calls itself ${identity},`)} signed its answer but sent no certificate to check the signature with.`,
    next: 'IT has to set the gateway to send its certificate always. If the gateway uses a pre-shared key instead, set user.method to psk in the profile.',
  })),

  'auth.gateway-certificate-malformed': explain('it', ['subject', 'rule', 'detail'], (c) => ({
    title: 'The certificate of the gateway cannot be read',
    why: `A certificate that the gateway sent${given(c.subject, (subject) => ` (${subject})`)} is damaged or breaks the rules for certificates${given(c.detail, (text) => `: ${text}`)}${byRule(c)}.`,
    next: `IT has to install a correct certificate on the gateway. ${NO_BYPASS}`,
  })),

  'auth.gateway-expired': explain('it', ['subject', 'issuer', 'notAfter', 'now'], (c) => ({
    title: 'The certificate of the gateway has expired',
    why: `${theCertificate(c)} was valid until ${c.notAfter ?? 'a date that has passed'}${given(c.now, (now) => `; the clock of this machine says ${now}`)}.`,
    next: 'Check the date and time of this machine first. If they are right, IT has to renew the certificate.',
  })),

  'auth.gateway-not-yet-valid': explain('user', ['subject', 'issuer', 'notBefore', 'now'], (c) => ({
    title: 'The certificate of the gateway is not valid yet',
    why: `${theCertificate(c)} is valid only from ${c.notBefore ?? 'a later date'}${given(c.now, (now) => `; the clock of this machine says ${now}`)}. Usually the clock of this machine is behind.`,
    next: 'Set the date and time of this machine. If they are right, IT has to look at the certificate and at the clock of the machine that made it.',
  })),

  'auth.gateway-untrusted': explain('user', ['subject', 'issuer'], (c) => ({
    title: 'The gateway has a certificate from an unknown authority',
    why: `${theCertificate(c)} does not lead back to any authority that the profile trusts (gateway.authorities).`,
    next: 'Ask IT for the certificate of the authority (the "CA certificate") of the gateway, by a way that you trust, and put it into gateway.authorities. If the authority is right, the gateway may fail to send an intermediate certificate, which IT has to add there.',
  })),

  'auth.gateway-wrong-name': explain('user', ['wanted', 'found', 'subject'], (c) => ({
    title: 'The certificate of the gateway is for another name',
    why: `The profile expects ${c.wanted ?? 'the name in gateway.identity'}. The certificate${given(c.subject, (subject) => ` of ${subject}`)} is made out for ${c.found ?? 'no name that can be compared'}.`,
    next: 'If one of those names is the gateway that you mean, put that name into gateway.identity or gateway.address; an IP address in the profile often has to become the host name. Otherwise IT has to issue the certificate for the expected name (as a subject alternative name).',
  })),

  'auth.gateway-wrong-identity': explain('it', ['wanted', 'found', 'subject'], (c) => ({
    title: 'The gateway gave another identity than its certificate',
    why: `The gateway calls itself ${c.found ?? 'something'}${given(c.wanted, (wanted) => `, and the profile or the certificate says ${wanted}`) || ', which is not in its certificate'}${given(c.subject, (subject) => ` (certificate of ${subject})`)}.`,
    next: 'If you know that identity as the right one, put it into gateway.identity. Otherwise IT has to give the gateway an identity (its "local ID") that its certificate contains.',
  })),

  'auth.gateway-key-usage': explain('it', ['subject', 'found', 'rule'], (c) => ({
    title: 'The certificate of the gateway is not made for signing in',
    why: `The certificate${given(c.subject, (subject) => ` of ${subject}`)} limits what its key may be used for${given(c.found, (uses) => ` (${uses})`)}, and signing is not among it${byRule(c)}.`,
    next: `IT has to issue a certificate with the key usage "digital signature". ${NO_BYPASS}`,
  })),

  'auth.gateway-extended-key-usage': explain('it', ['subject', 'found', 'rule'], (c) => ({
    title: 'The certificate of the gateway is not made for a server',
    why: `The certificate${given(c.subject, (subject) => ` of ${subject}`)} is meant for other purposes${given(c.found, (uses) => ` (${uses})`)}${byRule(c)}. With it, any holder of such a certificate could pose as the gateway.`,
    next: `IT has to issue a certificate with the extended key usage "server authentication". ${NO_BYPASS}`,
  })),

  'auth.gateway-name-constraints': explain('it', ['subject', 'issuer', 'found', 'rule'], (c) => ({
    title: 'The authority may not vouch for this gateway',
    why: `${theCertificate(c)} has a name${given(c.found, (names) => ` (${names})`)} that lies outside of what its authority is allowed to certify${byRule(c)}.`,
    next: `IT has to issue the certificate from another authority. ${NO_BYPASS}`,
  })),

  'auth.gateway-bad-chain': explain('it', ['subject', 'issuer', 'rule', 'detail'], (c) => ({
    title: 'The certificates of the gateway do not form a valid chain',
    why: `${theCertificate(c)} does not stand up to the check of the chain from the authority to the gateway${byRule(c)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: `IT has to correct the certificates on the gateway. ${NO_BYPASS}`,
  })),

  'auth.gateway-wrong-method': explain('it', ['wanted', 'found'], (c) => ({
    title: 'The gateway proves itself in another way than agreed',
    why: `By the profile, the gateway has to prove itself by ${c.wanted ?? 'another kind of proof'}, and it came with ${c.found ?? 'something else'}. Another proof is not accepted in place of the agreed one.`,
    next: 'Compare user.method in the profile with what IT gave you: a gateway with a certificate needs eap-mschapv2, eap-gtc or certificate, one with a pre-shared key needs psk.',
  })),

  'auth.gateway-signature': explain('it', ['subject', 'detail'], (c) => ({
    title: 'The proof of the gateway is wrong',
    why: `The signature of the gateway does not fit its certificate${given(c.subject, (subject) => ` (${subject})`)}${given(c.detail, (text) => `: ${text}`)}. Whoever answered does not hold the private key, or changed the messages on their way.`,
    next: 'Do not go around this. Try another network: if it works there, somebody stands between you and the gateway in the first. Otherwise tell IT.',
  })),
} satisfies Readonly<Record<GatewayProofCode, Explanation>>;

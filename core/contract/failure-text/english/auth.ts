/** Sentences for failed proofs: who the user is, who the gateway is. */
import type { FailureCode } from '../../../lib/failure.ts';
import { explain, given, type Explanation, type Facts } from '../facts.ts';
import { GATEWAY_PROOF_FAILURES } from './gateway-proof.ts';

type AuthCode = Extract<FailureCode, `auth.${string}`>;

/** What the gateway's own answer adds: `The gateway says: "..." (code 691).` */
function answer(c: Facts<'code' | 'message'>): string {
  const code = given(c.code, (number) => ` (code ${number})`);
  if (c.message !== undefined) return ` The gateway says: "${c.message}"${code}.`;
  return code === '' ? '' : ` The gateway says so with${code.replace(/[()]/g, '')}.`;
}

function ofUser(c: Facts<'user'>): string {
  return given(c.user, (user) => ` of ${user}`);
}

/** ` (yours: alice; its own: vpn.example.com)`, from as much as is known. */
function identities(c: Facts<'identity' | 'gatewayIdentity'>): string {
  const known = [
    given(c.identity, (identity) => `yours: ${identity}`),
    given(c.gatewayIdentity, (identity) => `its own: ${identity}`),
  ].filter((part) => part !== '');
  return known.length === 0 ? '' : ` (${known.join('; ')})`;
}

export const AUTH_FAILURES = {
  ...GATEWAY_PROOF_FAILURES,

  'auth.rejected': explain('user', ['user', 'identity', 'gatewayIdentity', 'gateway'], (c, { afterEap }) => ({
    title: 'The gateway did not accept the sign-in',
    why:
      afterEap === true
        ? `The password was accepted, and then the gateway${given(c.gateway, (name) => ` ${name}`)} refused${given(c.user, (user) => ` ${user}`)} without a reason (AUTHENTICATION_FAILED)${given(c.identity, (identity) => `; this side called itself ${identity}`)}${given(c.gatewayIdentity, (identity) => ` and asked for ${identity}`)}. Usually the account is not in a group that may connect, or the gateway and its password server do not agree on the keys.`
        : `The gateway${given(c.gateway, (name) => ` ${name}`)} refused${given(c.user, (user) => ` ${user}`)} without a reason (AUTHENTICATION_FAILED); the protocol keeps reasons secret from strangers. The usual ones: it expects another way to sign in, it knows no such identity${given(c.identity, (identity) => ` as ${identity}, which this side used`)}, or it is not the gateway that was asked for${given(c.gatewayIdentity, (identity) => ` (${identity})`)}.`,
    next: 'Compare user.method, the identities and gateway.identity in the profile with what IT gave you. If all is right, IT can see the reason in the log of the gateway, at the time of this attempt.',
  })),

  'auth.eap-failed': explain('user', ['user', 'code', 'message', 'method', 'detail'], (c) => ({
    title: 'The gateway did not accept the user name or the password',
    why: `The check of the password${ofUser(c)}${given(c.method, (method) => ` by ${method}`)} failed${given(c.detail, (text) => ` (${text})`)}.${answer(c)}`,
    next: 'Type the password again and check the user name in the profile. Some gateways want the name with its domain, such as EXAMPLE\\alice or alice@example.com. If both are right, IT has to look at your account.',
  })),

  'auth.wrong-password': explain('user', ['user', 'code', 'message'], (c) => ({
    title: 'The user name or the password is wrong',
    why: `The gateway refused the password${ofUser(c)}.${answer(c)}`,
    next: 'Type the password again; watch for Caps Lock and the keyboard layout. Several wrong attempts may lock the account, so ask IT before the third.',
  })),

  'auth.wrong-code': explain('user', ['user', 'method'], (c) => ({
    title: 'The gateway did not accept the one-time code',
    why: `The check of the code${ofUser(c)}${given(c.method, (method) => ` by ${method}`)} failed. Codes are good once and for a short time: it may have been mistyped, used already or too old, or the user name in the profile is not the one that the code belongs to.`,
    next: 'Wait until your token or app shows the next code, and connect again with that one. If it is refused too, compare the clock of the token with the real time, then ask IT.',
  })),

  'auth.account-disabled': explain('it', ['user', 'code', 'message'], (c) => ({
    title: 'The account is switched off',
    why: `The gateway knows the account${given(c.user, (user) => ` ${user}`)}, but it is disabled or locked.${answer(c)}`,
    next: 'Ask IT to unlock the account. Trying again does not help and may lock it for longer.',
  })),

  'auth.account-restricted-hours': explain('it', ['user', 'code', 'message'], (c) => ({
    title: 'The account may not sign in at this time',
    why: `The account${given(c.user, (user) => ` ${user}`)} is limited to certain hours, and this is not one of them.${answer(c)}`,
    next: 'Try again in the permitted hours, or ask IT to change them.',
  })),

  'auth.password-expired': explain('user', ['user', 'code', 'message'], (c) => ({
    title: 'The password has expired',
    why: `The password${ofUser(c)} was right once, but has to be changed before it is accepted again.${answer(c)}`,
    next: 'Change the password where you usually do, for example on a computer in the office or on the company web page for it, and connect with the new one. If you cannot, ask IT to reset it.',
  })),

  'auth.no-dialin-permission': explain('it', ['user', 'code', 'message'], (c) => ({
    title: 'The account may not use the VPN',
    why: `The user name and the password${ofUser(c)} are right, but the account has no permission for remote access.${answer(c)}`,
    next: 'Ask IT to give your account the permission for remote access, also called "dial-in".',
  })),

  'auth.eap-method-unsupported': explain('it', ['wanted', 'offered'], (c) => ({
    title: 'The gateway wants another way to sign in',
    why: `The gateway asked for ${c.wanted ?? 'a way of checking the user'}, and this side can do ${c.offered ?? 'only what user.method in the profile says'}.`,
    next: 'Ask IT to allow EAP-MSCHAPv2 (user name and password) for your account, or which user.method to put into the profile.',
  })),

  'auth.eap-server-unproved': explain('it', ['user'], (c) => ({
    title: 'The gateway could not show that it knows the password',
    why: `A gateway that holds the password${ofUser(c)} proves that in return. This proof was missing or wrong, so the other side may be an impostor that accepts any password.`,
    next: 'Do not go around this. Tell IT; the password itself was not sent, but a weak one should be changed.',
  })),

  'auth.eap-early-success': explain('it', [], () => ({
    title: 'The gateway declared success before the password was checked',
    why: 'A message of success came before the sign-in was finished. An impostor does that to skip the part in which it would have to prove itself.',
    next: 'Do not go around this. Tell IT: the gateway has a fault, or somebody stands between you and it.',
  })),

  'auth.eap-msk-mismatch': explain('it', ['detail'], (c) => ({
    title: 'The sign-in does not belong to this connection',
    why: `The password was accepted, but the gateway's last proof was not made from the key that comes out of that sign-in${given(c.detail, (text) => ` (${text})`)}. Somebody between you and the gateway, or a wrong setting between the gateway and its password server, causes that.`,
    next: 'Do not go around this. Tell IT to compare the gateway with its RADIUS server.',
  })),

  'auth.psk-mismatch': explain('user', ['identity', 'gatewayIdentity', 'gateway'], (c, { side }) => ({
    title: 'The pre-shared key is wrong',
    why: `${side === 'gateway' ? `The proof of the gateway${given(c.gateway, (name) => ` ${name}`)} was made from another key than the one that was given here` : `The gateway${given(c.gateway, (name) => ` ${name}`)} did not accept the proof that was made from the key`}. Either the key was mistyped, or the gateway has another one for these two identities${identities(c)}.`,
    next: 'Type the pre-shared key again, and compare user.identity and gateway.identity in the profile with what IT gave you.',
  })),

  'auth.our-certificate-refused': explain(
    'it',
    ['identity', 'gatewayIdentity', 'subject', 'notAfter'],
    (c) => ({
      title: 'The gateway did not accept your certificate',
      why: `The gateway${given(c.gatewayIdentity, (name) => ` ${name}`)} refused the certificate${given(c.subject, (subject) => ` of ${subject}`)}${given(c.notAfter, (date) => `, valid until ${date}`)}${given(c.identity, (identity) => `; this side called itself ${identity}`)}. The certificate may have expired or been withdrawn, come from an authority that the gateway does not know, or not be made out for that name.`,
      next: 'If it has expired, ask IT for a new one. Otherwise IT can see the reason in the log of the gateway, at the time of this attempt.',
    }),
  ),

  'auth.lifetime-over': explain('it', ['gateway', 'detail'], (c) => ({
    title: 'The gateway wants a new sign-in',
    why: `The gateway${given(c.gateway, (name) => ` ${name}`)} accepts each sign-in for a limited time, and this one is over${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Connect again. If signing in anew does not happen by itself, ask IT whether the gateway accepts a second connection of the same account while the first one still stands.',
  })),
} satisfies Readonly<Record<AuthCode, Explanation>>;

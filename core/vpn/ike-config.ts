import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { EpochMillis } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { SecretBytes, wipe } from '../lib/secret.ts';
import type { GatewayAuth, IkeConfig, UserAuth } from '../ike/config.ts';
import { IKE_DEFAULTS } from '../ike/config.ts';
import { gatewayByCertificate, userByCertificate, type UserSide } from '../ike/credentials.ts';
import { type Identity, parseIdentity } from '../ike/identity.ts';
import { parseEspWords, parseIkeWords } from '../ike/proposal-words.ts';
import type { Offer } from '../ike/proposals.ts';
import type { IpAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import { type Selector, selectorOfPrefix } from '../net/selector.ts';

/** The secrets of one connection, which wipes them as soon as it needs them no more. */
export interface Credentials {
  readonly password?: SecretBytes;
  readonly passphrase?: SecretBytes;
}

/** What turning a profile into a session's configuration needs besides it. */
export interface IkeConfigInputs {
  readonly credentials: Credentials;
  /** DER certificates of the system's store; asked for only by profiles that trust it. */
  readonly systemAnchors: () => readonly Uint8Array[];
  readonly keyLog: boolean;
  readonly now: EpochMillis;
}

/** A configuration that lacks only the address of the gateway. */
export type PreparedConfig = Omit<IkeConfig, 'gateway'>;

/** The configuration of every session of this profile, but for the gateway's address; or what is wrong with it. */
export function prepareIkeConfig(profile: Profile, inputs: IkeConfigInputs): Result<PreparedConfig, Failure> {
  const ikeOffers = offers(profile.ike.proposals, parseIkeWords, 'ike.proposals');
  if (!ikeOffers.ok) return ikeOffers;
  const espOffers = offers(profile.esp.proposals, parseEspWords, 'esp.proposals');
  if (!espOffers.ok) return espOffers;
  const remoteId = parseIdentity(profile.gateway.identity);
  if (!remoteId) return invalid('gateway.identity: is no identity');
  const user = userSide(profile, inputs);
  if (!user.ok) return user;
  const named = localIdentityText(profile);
  const localId = named === undefined ? user.value.subject : parseIdentity(named);
  if (!localId) return invalid('user.identity: is no identity');
  const gateway = gatewayAuth(profile, remoteId, user.value.auth, inputs);
  if (!gateway.ok) return gateway;
  const patienceMs = profile.retransmit.timeoutSeconds * 1000;
  return ok({
    ...IKE_DEFAULTS,
    localId,
    remoteId,
    gatewayAuth: gateway.value,
    userAuth: user.value.auth,
    configured: {
      ...(profile.ike.proposals ? { ike: profile.ike.proposals } : {}),
      ...(profile.esp.proposals ? { esp: profile.esp.proposals } : {}),
    },
    ...(ikeOffers.value ? { ikeOffers: ikeOffers.value } : {}),
    ...(espOffers.value ? { espOffers: espOffers.value } : {}),
    addressFamilies: profile.tunnel.addresses.map((family) => (family === 'ipv4' ? 4 : 6)),
    remoteSelectors: remoteSelectors(profile),
    gatewayNatPort: profile.gateway.natPort,
    retransmit: { ...IKE_DEFAULTS.retransmit, patienceMs },
    livenessMs: profile.liveness.intervalSeconds * 1000,
    keyLog: inputs.keyLog,
  });
}

/** The prepared configuration with the address of the gateway that is tried now. */
export function withGateway(prepared: PreparedConfig, profile: Profile, address: IpAddress): IkeConfig {
  return { ...prepared, gateway: { address, port: profile.gateway.ikePort } };
}

function invalid(problem: string): { readonly ok: false; readonly error: Failure } {
  return err(failure('config.profile-invalid', { problems: [problem] }));
}

function offers(
  words: readonly string[] | undefined,
  parse: (text: string) => Result<Offer, string>,
  path: string,
): Result<readonly Offer[] | undefined, Failure> {
  if (!words) return ok(undefined);
  const parsed: Offer[] = [];
  for (const word of words) {
    const offer = parse(word);
    if (!offer.ok) return invalid(`${path}: ${offer.error}`);
    parsed.push(offer.value);
  }
  return ok(parsed);
}

function localIdentityText({ user }: Profile): string | undefined {
  switch (user.method) {
    case 'eap-mschapv2':
      return user.ikeIdentity ?? user.username;
    case 'psk':
      return user.identity;
    case 'certificate':
      return user.identity;
  }
}

/** The secrets that a configuration holds go: no session is to be authenticated with it any more. */
export function wipeSecrets({ userAuth, gatewayAuth }: PreparedConfig): void {
  for (const auth of [userAuth, gatewayAuth]) if (auth.kind === 'psk') auth.secret.wipe();
}

/**
 * A pre-shared key as typed, or as hexadecimal behind '0x' (RFC 7296 section 2.15). It is read as octets, because a
 * text could not be wiped.
 */
function sharedSecret(typed: SecretBytes): SecretBytes {
  const octets = typed.reveal();
  return hexadecimal(octets) ?? SecretBytes.copyOf(octets);
}

function hexadecimal(text: Uint8Array): SecretBytes | undefined {
  const [zero, x] = text;
  if (zero !== 0x30 || x !== 0x78 || text.length < 4 || text.length % 2 !== 0) return undefined;
  const octets = new Uint8Array(text.length / 2 - 1);
  for (let i = 2; i < text.length; i++) {
    const digit = hexDigit(text[i] ?? 0);
    if (digit === undefined) {
      wipe(octets);
      return undefined;
    }
    const at = (i >>> 1) - 1;
    octets[at] = ((octets[at] ?? 0) << 4) | digit;
  }
  return new SecretBytes(octets);
}

/** The value of an ASCII hexadecimal digit. */
function hexDigit(letter: number): number | undefined {
  if (letter >= 0x30 && letter <= 0x39) return letter - 0x30;
  const lower = letter | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined;
}

function userSide(profile: Profile, { credentials, now }: IkeConfigInputs): Result<UserSide, Failure> {
  const { user } = profile;
  switch (user.method) {
    case 'eap-mschapv2':
      return ok({
        auth: { kind: 'eap', identity: user.eapIdentity, username: user.username },
      });
    case 'psk':
      if (!credentials.password) return err(failure('config.credential-missing', { what: 'pre-shared key' }));
      return ok({ auth: { kind: 'psk', secret: sharedSecret(credentials.password) } });
    case 'certificate': {
      const { passphrase } = credentials;
      const texts = { certificates: user.certificate, privateKey: user.privateKey };
      return userByCertificate(passphrase ? { ...texts, passphrase } : texts, now);
    }
  }
}

function gatewayAuth(
  profile: Profile,
  remoteId: Identity,
  user: UserAuth,
  inputs: IkeConfigInputs,
): Result<GatewayAuth, Failure> {
  if (user.kind === 'psk') return ok({ kind: 'psk', secret: user.secret });
  const { authorities } = profile.gateway;
  const auth = gatewayByCertificate(
    remoteId,
    authorities === 'system' ? inputs.systemAnchors() : authorities,
  );
  return auth.ok ? auth : invalid(`gateway: ${auth.error}`);
}

function remoteSelectors({ tunnel }: Profile): Selector[] {
  return tunnel.remote
    .map(parsePrefix)
    .filter((prefix) => prefix !== undefined)
    .map((prefix) => selectorOfPrefix(prefix));
}

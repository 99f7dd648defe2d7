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
import type { ResumptionTicket } from '../ike/ticket.ts';
import type { IpAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import { type Selector, selectorOfPrefix } from '../net/selector.ts';
import type { Settings, Target } from './machine/state.ts';

/** Secrets that a configuration is made from. They stay the caller's. */
export interface Secrets {
  /** The pre-shared key. */
  readonly password?: SecretBytes;
  /** Opens an encrypted private key. */
  readonly passphrase?: SecretBytes;
}

/** What turning a profile into a session's configuration needs besides it. */
export interface IkeConfigInputs {
  readonly secrets: Secrets;
  /** DER certificates of the system's store; asked for only by profiles that trust it. */
  readonly systemAnchors: () => readonly Uint8Array[];
  readonly keyLog: boolean;
  readonly now: EpochMillis;
}

/** A gateway of a profile: where it is, and how it proves who it is. */
export interface PreparedGateway extends Pick<IkeConfig, 'remoteId' | 'gatewayAuth'> {
  readonly ikePort: number;
  readonly natPort: number;
}

/** The configuration of every session of a profile, and what differs between its gateways, in their order. */
export interface PreparedConfig {
  readonly common: Omit<IkeConfig, 'gateway' | 'gatewayNatPort' | 'remoteId' | 'gatewayAuth'>;
  readonly gateways: readonly PreparedGateway[];
}

/** Pauses between repetitions while a gateway is waited for that was there before. */
const URGENT_PAUSE_MS = 3_000;

/** What the sessions of this profile have in common and where they differ; or what is wrong with the profile. */
export function prepareIkeConfig(profile: Profile, inputs: IkeConfigInputs): Result<PreparedConfig, Failure> {
  const ikeOffers = offers(profile.ike.proposals, parseIkeWords, 'ike.proposals');
  if (!ikeOffers.ok) return ikeOffers;
  const espOffers = offers(profile.esp.proposals, parseEspWords, 'esp.proposals');
  if (!espOffers.ok) return espOffers;
  const user = userSide(profile, inputs);
  if (!user.ok) return user;
  const named = localIdentityText(profile);
  const localId = named === undefined ? user.value.subject : parseIdentity(named);
  if (!localId) return invalid('user.identity: is no identity');
  const gateways = preparedGateways(profile, user.value.auth, inputs);
  if (!gateways.ok) return gateways;
  const common = {
    ...IKE_DEFAULTS,
    localId,
    userAuth: user.value.auth,
    configured: {
      ...(profile.ike.proposals ? { ike: profile.ike.proposals } : {}),
      ...(profile.esp.proposals ? { esp: profile.esp.proposals } : {}),
    },
    ...(ikeOffers.value ? { ikeOffers: ikeOffers.value } : {}),
    ...(espOffers.value ? { espOffers: espOffers.value } : {}),
    addressFamilies: profile.tunnel.addresses.map((family) => (family === 'ipv4' ? 4 : 6)),
    remoteSelectors: remoteSelectors(profile),
    ...lifeOf(profile),
    keyLog: inputs.keyLog,
  };
  return ok({ common, gateways: gateways.value });
}

/** How long things last, and what keeps a session alive. */
function lifeOf({ liveness, retransmit, rekey, mobike, fragmentation }: Profile) {
  return {
    livenessMs: liveness.intervalSeconds * 1000,
    retransmit: { ...IKE_DEFAULTS.retransmit, patienceMs: retransmit.timeoutSeconds * 1000 },
    rekey: {
      ...IKE_DEFAULTS.rekey,
      childMs: rekey.childMinutes * 60_000,
      ikeMs: rekey.ikeMinutes * 60_000,
      pfs: rekey.pfs,
    },
    mobike,
    fragmentOctets: fragmentation.octets,
  };
}

/** What the profile decides of a connection's life. */
export function settingsOf(profile: Profile): Settings {
  const { enabled, giveUpAfterSeconds } = profile.reconnect;
  const { onDemand } = profile;
  return {
    gateways: gatewaysOf(profile).map(({ address }) => address),
    reconnect: enabled,
    ...(giveUpAfterSeconds === undefined ? {} : { giveUpAfterMs: giveUpAfterSeconds * 1000 }),
    goodbyeMs: IKE_DEFAULTS.goodbyeMs,
    // Gateways have lifetimes of their own, but hardly any has keys that live longer than the ones we want to replace.
    longSleepMs: profile.rekey.ikeMinutes * 60_000,
    ...(onDemand.enabled ? { onDemand: { idleMs: onDemand.idleSeconds * 1000 } } : {}),
  };
}

/** The gateways of a profile in the order in which they are tried. */
export function gatewaysOf({ gateway }: Profile) {
  return [gateway, ...gateway.alternatives];
}

function preparedGateways(
  profile: Profile,
  user: UserAuth,
  inputs: IkeConfigInputs,
): Result<readonly PreparedGateway[], Failure> {
  const prepared: PreparedGateway[] = [];
  for (const { identity, ikePort, natPort } of gatewaysOf(profile)) {
    const remoteId = parseIdentity(identity);
    if (!remoteId) return invalid('gateway.identity: is no identity');
    const auth = gatewayAuth(profile, remoteId, user, inputs);
    if (!auth.ok) return auth;
    prepared.push({ remoteId, gatewayAuth: auth.value, ikePort, natPort });
  }
  return ok(prepared);
}

/** What only one session is told. */
export interface SessionChoice {
  /** The addresses inside of the session before, which what is connected to them keeps alive. */
  readonly wantedAddresses?: readonly IpAddress[];
  readonly ticket?: ResumptionTicket;
  /** See `URGENT_PAUSE_MS`. */
  readonly urgent: boolean;
}

/** The configuration of a session that goes to `target`. */
export function configFor(
  { common, gateways }: PreparedConfig,
  { gateway, address, redirectedFrom }: Target,
  { ticket, urgent, wantedAddresses = [] }: SessionChoice,
): IkeConfig {
  const at = gateways[gateway];
  if (!at) throw new RangeError(`no gateway ${gateway} in the profile`);
  const { remoteId, gatewayAuth: proof, ikePort, natPort } = at;
  const { retransmit } = common;
  return {
    ...common,
    remoteId,
    gatewayAuth: proof,
    gateway: { address, port: ikePort },
    gatewayNatPort: natPort,
    ...(urgent ? { retransmit: { ...retransmit, maxMs: Math.min(retransmit.maxMs, URGENT_PAUSE_MS) } } : {}),
    ...(ticket ? { ticket } : {}),
    ...(wantedAddresses.length > 0 ? { wantedAddresses } : {}),
    ...(redirectedFrom ? { redirectedFrom } : {}),
  };
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
    case 'eap-gtc':
      return user.ikeIdentity ?? user.username;
    case 'psk':
      return user.identity;
    case 'certificate':
      return user.identity;
  }
}

/** The secrets that a configuration holds go: no session is to be authenticated with it any more. */
export function wipeSecrets({ common, gateways }: PreparedConfig): void {
  const proofs = [common.userAuth, ...gateways.map((gateway) => gateway.gatewayAuth)];
  for (const proof of proofs) if (proof.kind === 'psk') proof.secret.wipe();
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

function userSide(profile: Profile, { secrets, now }: IkeConfigInputs): Result<UserSide, Failure> {
  const { user } = profile;
  switch (user.method) {
    case 'eap-mschapv2':
      return ok({
        auth: { kind: 'eap', identity: user.eapIdentity, username: user.username },
      });
    case 'eap-gtc':
      return ok({
        auth: { kind: 'eap', identity: user.eapIdentity, username: user.username, method: 'gtc' },
      });
    case 'psk':
      if (!secrets.password) return err(failure('config.credential-missing', { what: 'pre-shared key' }));
      return ok({ auth: { kind: 'psk', secret: sharedSecret(secrets.password) } });
    case 'certificate': {
      const { passphrase } = secrets;
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

/** What the gateway is asked to take. */
export function remoteSelectors({ tunnel }: Profile): Selector[] {
  return tunnel.remote
    .map(parsePrefix)
    .filter((prefix) => prefix !== undefined)
    .map((prefix) => selectorOfPrefix(prefix));
}

import { concat, constantTimeEqual, toHex, utf8, utf8Text, u16 } from '../../../core/lib/bytes.ts';
import type { RandomBytes } from '../../../core/lib/ports.ts';
import type { EapFaults } from './faults.ts';
import { authenticatorResponse, masterSessionKey, ntResponse, type Challenges } from './mschapv2.ts';

/** An account of the gateway. A `status` makes MSCHAPv2 refuse it with the code that Windows gives. */
export interface UserAccount {
  readonly password: string;
  readonly status?: 'disabled' | 'expired' | 'restricted-hours' | 'no-dialin';
  /** With these the account is asked for a code by EAP-GTC instead of the password. Each is good once, whenever it is given. */
  readonly codes?: readonly string[];
  /** What is said when a code is asked for, once for each code that a login takes. */
  readonly prompts?: readonly string[];
}

/** Codes that were given once, by account. */
const SPENT = new WeakMap<UserAccount, Set<string>>();

export type Users = Readonly<Record<string, UserAccount>>;

/** What follows from one EAP message. All but `ignore` carry the EAP message to send. */
export type EapStep =
  | {
      readonly kind: 'request';
      readonly message: Uint8Array;
      /** Present in an MSCHAPv2 Failure request. */
      readonly failure?: { readonly code: number; readonly retry: boolean };
    }
  | {
      readonly kind: 'success';
      readonly message: Uint8Array;
      /** Undefined after a method that gives no key. */
      readonly msk: Uint8Array | undefined;
      readonly user: string;
    }
  /** EAP-Success without any proof: what a client must refuse. */
  | { readonly kind: 'false-success'; readonly message: Uint8Array }
  | { readonly kind: 'failure'; readonly message: Uint8Array; readonly reason: string }
  | { readonly kind: 'ignore'; readonly reason: string };

type EapRequest = Extract<EapStep, { kind: 'request' }>;

const REQUEST = 1;
const RESPONSE = 2;
const SUCCESS = 3;
const FAILURE = 4;
const TYPE_IDENTITY = 1;
const TYPE_NOTIFICATION = 2;
const TYPE_NAK = 3;
const TYPE_GTC = 6;
const TYPE_MSCHAPV2 = 26;

const OP_CHALLENGE = 1;
const OP_RESPONSE = 2;
const OP_SUCCESS = 3;
const OP_FAILURE = 4;

const AUTHENTICATION_FAILURE = 691;
const STATUS_CODES = { 'restricted-hours': 646, disabled: 647, expired: 648, 'no-dialin': 649 } as const;

type State =
  | 'new'
  | 'identity'
  | 'notification'
  | 'other-method'
  | 'challenge'
  | 'code'
  | 'success'
  | 'failure'
  | 'over';

export interface EapServerOptions {
  readonly users: Users;
  readonly random: RandomBytes;
  /** How often a wrong password may be followed by another try. */
  readonly retries: number;
  readonly faults: EapFaults;
}

/**
 * The authenticator of one conversation: EAP of RFC 3748 with EAP-MSCHAPv2 of draft-kamath-pppext-eap-mschapv2, or for
 * accounts with codes EAP-GTC of RFC 3748 section 5.6.
 */
export class EapServer {
  readonly #options: EapServerOptions;
  readonly #faults: EapFaults;
  #state: State = 'new';
  #identifier: number;
  #challenge = new Uint8Array(16);
  #failures = 0;
  #notified = 0;
  #retriesLeft: number;
  #refusal = '';
  #claimed = '';
  #codesTaken = 0;
  #proved: { msk: Uint8Array; user: string } | undefined;

  constructor(options: EapServerOptions) {
    this.#options = options;
    this.#faults = options.faults;
    this.#retriesLeft = options.retries;
    this.#identifier = options.random(1)[0] ?? 0;
  }

  /** The first message, sent with the gateway's own AUTH. */
  start(): EapStep {
    const early = this.#early('first');
    if (early !== undefined) return early;
    if (this.#faults.skipIdentity === true) return this.#notifyOrMethod();
    return this.#request('identity', TYPE_IDENTITY, new Uint8Array(0));
  }

  /** What answers an EAP message of the client. */
  handle(message: Uint8Array): EapStep {
    const [code, identifier, , , type] = message;
    const length = ((message[2] ?? 0) << 8) | (message[3] ?? 0);
    if (code !== RESPONSE || type === undefined || length < 5 || length > message.length)
      return { kind: 'ignore', reason: 'no EAP response' };
    if (identifier !== this.#identifier) return { kind: 'ignore', reason: 'another EAP identifier' };
    const data = message.subarray(5, length);
    switch (this.#state) {
      case 'identity':
        if (type !== TYPE_IDENTITY) return this.#fail(`type ${type} instead of an identity`);
        this.#claimed = utf8Text(data);
        return this.#notifyOrMethod();
      case 'notification':
        if (type !== TYPE_NOTIFICATION) return this.#fail(`type ${type} instead of a notification`);
        return this.#notifyOrMethod();
      case 'other-method':
        if (type === TYPE_NAK && data.includes(this.#codes ? TYPE_GTC : TYPE_MSCHAPV2))
          return this.#sendChallenge();
        return this.#fail(type === TYPE_NAK ? 'no method in common' : 'a method that is not spoken');
      case 'challenge':
        if (type === TYPE_NAK) return this.#fail('MSCHAPv2 was refused');
        return type === TYPE_MSCHAPV2 ? this.#response(data) : this.#fail(`type ${type} for MSCHAPv2`);
      case 'code':
        return type === TYPE_GTC ? this.#code(utf8Text(data)) : this.#fail(`type ${type} for GTC`);
      case 'success':
        return this.#acknowledged(type, data);
      case 'failure':
        return this.#fail(this.#refusal);
      case 'new':
      case 'over':
        return { kind: 'ignore', reason: 'no conversation' };
    }
  }

  #request(state: State, type: number, data: Uint8Array): EapRequest {
    this.#state = state;
    this.#identifier = (this.#identifier + 1) & 0xff;
    return { kind: 'request', message: packet(REQUEST, this.#identifier, Uint8Array.of(type), data) };
  }

  #early(place: NonNullable<EapFaults['earlySuccess']>): EapStep | undefined {
    if (this.#faults.earlyFailure === place) return this.#fail('told to fail');
    if (this.#faults.earlySuccess !== place) return undefined;
    this.#state = 'over';
    return { kind: 'false-success', message: packet(SUCCESS, this.#identifier) };
  }

  #fail(reason: string): EapStep {
    this.#state = 'over';
    return { kind: 'failure', message: packet(FAILURE, this.#identifier), reason };
  }

  #notifyOrMethod(): EapStep {
    const { notification, notifications = 1 } = this.#faults;
    if (notification === undefined || this.#notified === notifications) return this.#method();
    this.#notified++;
    return this.#request('notification', TYPE_NOTIFICATION, utf8(notification));
  }

  #method(): EapStep {
    const early = this.#early('before-method');
    if (early !== undefined) return early;
    const { firstMethod } = this.#faults;
    if (firstMethod === undefined) return this.#sendChallenge();
    // One octet of data, which the TLS-based methods read as flags: start.
    return this.#request('other-method', firstMethod, Uint8Array.of(0x20));
  }

  get #account(): UserAccount | undefined {
    const { users } = this.#options;
    return Object.hasOwn(users, this.#claimed) ? users[this.#claimed] : undefined;
  }

  get #codes(): readonly string[] | undefined {
    return this.#account?.codes;
  }

  #askCode(): EapStep {
    const prompt = this.#account?.prompts?.[this.#codesTaken] ?? 'Enter the code';
    return this.#request('code', TYPE_GTC, utf8(prompt));
  }

  /** One code for each prompt, and none of them twice. */
  #code(code: string): EapStep {
    const account = this.#account;
    const spent = (account && SPENT.get(account)) ?? new Set<string>();
    if (!account?.codes?.includes(code) || spent.has(code))
      return this.#fail('the code is wrong or was used');
    SPENT.set(account, spent.add(code));
    this.#codesTaken++;
    if (this.#codesTaken < (account.prompts?.length ?? 1)) return this.#askCode();
    this.#state = 'over';
    const message = packet(SUCCESS, this.#identifier);
    return { kind: 'success', message, msk: undefined, user: this.#claimed };
  }

  #sendChallenge(): EapStep {
    if (this.#codes) return this.#askCode();
    this.#challenge = new Uint8Array(this.#options.random(16));
    const body = concat(Uint8Array.of(16), this.#challenge, utf8('gateway'));
    return this.#mschap('challenge', OP_CHALLENGE, body, this.#faults.msLength);
  }

  /** OpCode, MS-CHAPv2-ID (the identifier of the request that this will be), MS-Length and the body. */
  #mschap(state: State, opCode: number, body: Uint8Array, msLength = body.length + 4): EapRequest {
    const id = (this.#identifier + 1) & 0xff;
    return this.#request(state, TYPE_MSCHAPV2, concat(Uint8Array.of(opCode, id), u16(msLength), body));
  }

  /** Judges a Response packet: OpCode, id, length, value size 49, peer challenge, zeros, NT response, flags, name. */
  #response(data: Uint8Array): EapStep {
    if (data[0] !== OP_RESPONSE) return this.#fail(`MSCHAPv2 operation ${data[0] ?? -1}`);
    if (data.length < 54 || data[4] !== 49) return this.#fail('a malformed MSCHAPv2 response');
    if (data.subarray(21, 29).some((octet) => octet !== 0) || data[53] !== 0)
      return this.#fail('reserved octets of the MSCHAPv2 response are not zero');
    const early = this.#early('after-response');
    if (early !== undefined) return early;
    const userName = utf8Text(data.subarray(54));
    const peer = data.slice(5, 21);
    const response = data.slice(29, 53);
    const challenges = { authenticator: this.#challenge, peer, userName };
    return this.#verdict(challenges, response);
  }

  #verdict(challenges: Challenges, response: Uint8Array): EapStep {
    const { failure } = this.#faults;
    if (failure !== undefined && this.#failures < (failure.times ?? 1)) {
      return this.#refuse(failure.code, failure.retry, failure.message ?? 'refused');
    }
    const user = challenges.userName.slice(challenges.userName.lastIndexOf('\\') + 1);
    const account = Object.hasOwn(this.#options.users, user) ? this.#options.users[user] : undefined;
    const right =
      account !== undefined && constantTimeEqual(ntResponse(challenges, account.password), response);
    if (!right) {
      const retry = this.#retriesLeft > 0;
      if (retry) this.#retriesLeft--;
      return this.#refuse(AUTHENTICATION_FAILURE, retry, 'Authentication failed');
    }
    if (account.status !== undefined)
      return this.#refuse(STATUS_CODES[account.status], false, account.status);
    this.#proved = { msk: masterSessionKey(account.password, response), user };
    return this.#mschap(
      'success',
      OP_SUCCESS,
      utf8(this.#successText(challenges, account.password, response)),
    );
  }

  #successText(challenges: Challenges, password: string, response: Uint8Array): string {
    const proof = authenticatorResponse(challenges, password, response);
    switch (this.#faults.authenticator ?? 'honest') {
      case 'wrong':
        return `${proof.slice(0, -1)}${proof.endsWith('0') ? '1' : '0'} M=Welcome`;
      case 'missing':
        return 'M=Welcome';
      case 'lower-case':
        return `S=${proof.slice(2).toLowerCase()} M=Welcome`;
      case 'short':
        return `${proof.slice(0, 20)} M=Welcome`;
      case 'honest':
        return `${proof} M=Welcome`;
    }
  }

  #refuse(code: number, retry: boolean, message: string): EapStep {
    this.#failures++;
    this.#refusal = `MSCHAPv2 error ${code}`;
    this.#challenge = new Uint8Array(this.#options.random(16));
    const challenge = toHex(this.#challenge).toUpperCase();
    const text = `E=${code} R=${retry ? 1 : 0} C=${challenge} V=3 M=${message}`;
    const state = retry ? 'challenge' : 'failure';
    const step = this.#mschap(state, OP_FAILURE, utf8(this.#faults.failureText ?? text));
    return { ...step, failure: { code, retry } };
  }

  #acknowledged(type: number, data: Uint8Array): EapStep {
    if (type !== TYPE_MSCHAPV2 || data[0] !== OP_SUCCESS || this.#proved === undefined)
      return this.#fail('the Success request was not acknowledged');
    this.#state = 'over';
    return { kind: 'success', message: packet(SUCCESS, this.#identifier), ...this.#proved };
  }
}

/** Code, identifier, length and what follows; success and failure have nothing. */
function packet(code: number, identifier: number, ...data: readonly Uint8Array[]): Uint8Array {
  const body = concat(...data);
  return concat(Uint8Array.of(code, identifier), u16(body.length + 4), body);
}

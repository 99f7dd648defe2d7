import { closeSync, openSync, readSync } from 'node:fs';

/** Rekeyings that led to a new SA, by who asked for it. */
export interface Begun {
  readonly byGateway: number;
  readonly byClient: number;
}

export type Rekeyed = 'child' | 'ike';

/*
 * An answer that grants an SA, as charon logs it when it sends one or reads one:
 *
 *   07[ENC] <remote-access|1> generating CREATE_CHILD_SA response 7 [ SA No KE TSi TSr ]   the client had asked
 *   11[ENC] <remote-access|1> parsed CREATE_CHILD_SA response 0 [ SA No KE ]               the gateway had; an IKE SA
 */
const AT_GATEWAY = /(generating|parsed) CREATE_CHILD_SA response \d+ \[ SA No (.*)\]/;
/** The same in our own words: `ike-received message=CREATE_CHILD_SA response 7: SA NONCE TSi TSr`. */
const AT_CLIENT = /ike-(received|sent) message=CREATE_CHILD_SA response \d+: SA NONCE(.*)/;

const PIECE_OCTETS = 65_536;

/** Counts the rekeyings of one kind that a charon writes to its log from now on. Close it in any case. */
export class RekeyTally {
  readonly #what: Rekeyed;
  readonly #file: number;
  readonly #piece = Buffer.alloc(PIECE_OCTETS);
  #rest = '';
  #begun: Begun = { byGateway: 0, byClient: 0 };

  constructor(log: string, what: Rekeyed) {
    this.#what = what;
    this.#file = openSync(log, 'r');
    this.count();
    this.#begun = { byGateway: 0, byClient: 0 };
  }

  count(): Begun {
    for (let got = this.#read(); got > 0; got = this.#read()) {
      this.#rest += this.#piece.toString('latin1', 0, got);
      const lines = this.#rest.split('\n');
      this.#rest = lines.pop() ?? '';
      this.#begun = added(this.#begun, begunIn(lines, AT_GATEWAY, 'parsed', this.#what));
    }
    return this.#begun;
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(): number {
    return readSync(this.#file, this.#piece, 0, PIECE_OCTETS, null);
  }
}

/** The same by what our client said with --verbose. */
export function begunAtClient(said: string, what: Rekeyed): Begun {
  return begunIn(said.split('\n'), AT_CLIENT, 'sent', what);
}

function begunIn(lines: readonly string[], answer: RegExp, gatewayAsked: string, what: Rekeyed): Begun {
  let begun: Begun = { byGateway: 0, byClient: 0 };
  for (const line of lines) {
    const [, verb, rest = ''] = answer.exec(line) ?? [];
    if (verb === undefined || rest.includes('TSi') !== (what === 'child')) continue;
    begun = added(
      begun,
      verb === gatewayAsked ? { byGateway: 1, byClient: 0 } : { byGateway: 0, byClient: 1 },
    );
  }
  return begun;
}

function added(one: Begun, other: Begun): Begun {
  return { byGateway: one.byGateway + other.byGateway, byClient: one.byClient + other.byClient };
}

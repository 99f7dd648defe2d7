import { equalBytes, toHex } from '../../../core/lib/bytes.ts';
import type { IkeHeader } from '../../../core/wire/header.ts';
import { ownSpi, type Client, type Sa } from './sa.ts';

/** The IKE SAs of the gateway, by the SPIs of its own end. */
export class SaTable {
  readonly #sas = new Map<string, Sa>();
  #lastId = 0;

  newId(): number {
    return ++this.#lastId;
  }

  add(sa: Sa): void {
    this.#sas.set(toHex(ownSpi(sa)), sa);
  }

  forget(sa: Sa): void {
    this.#sas.delete(toHex(ownSpi(sa)));
  }

  get all(): readonly Sa[] {
    return [...this.#sas.values()];
  }

  /** Those that are not closed, oldest first. */
  get open(): readonly Sa[] {
    return this.all.filter(({ state }) => state.name !== 'closed');
  }

  /** Throws Error when there is none. */
  byId(saId: number): Sa {
    const sa = this.open.find(({ id }) => id === saId);
    if (sa === undefined) throw new Error(`no IKE SA ${saId}`);
    return sa;
  }

  /** The SA of a message, whichever end began it. */
  byHeader({ initiatorSpi, responderSpi }: IkeHeader): Sa | undefined {
    const found = [responderSpi, initiatorSpi].map((spi) => this.#sas.get(toHex(spi)));
    return found.find(
      (sa) =>
        sa !== undefined &&
        equalBytes(sa.initiatorSpi, initiatorSpi) &&
        equalBytes(sa.responderSpi, responderSpi),
    );
  }

  of(client: Client): readonly Sa[] {
    return this.open.filter((sa) => sa.client === client);
  }
}

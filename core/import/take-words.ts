import type { Draft } from './draft.ts';
import { adaptProposals } from './proposals.ts';
import { isAddress, textsOf } from './values.ts';

/** Takes proposals in strongSwan's words, as far as Causeway offers what they say. */
export function takeOffer(draft: Draft, key: string, kind: 'ike' | 'esp', text: string): void {
  const { proposals, dropped, added } = adaptProposals(text, kind);
  const to = `${kind}.proposals`;
  if (proposals.length === 0) draft.ledger.ignored(key, 'nothing-offered', text);
  else if (dropped.length > 0) draft.change(key, to, proposals, 'words-dropped', dropped.join(', '));
  else if (added.length > 0) draft.change(key, to, proposals, 'prf-added', added.join(', '));
  else draft.take(key, to, proposals);
}

/** Name servers of a list or of one text. */
export function takeServers(draft: Draft, key: string, value: unknown): void {
  const texts = textsOf(value);
  if (!texts) return draft.ledger.ignored(key, 'not-list');
  const bad = texts.filter((text) => !isAddress(text));
  const good = texts.filter(isAddress);
  if (good.length === 0)
    return draft.ledger.ignored(key, bad.length === 0 ? 'empty' : 'bad-address', bad.join(', '));
  if (bad.length > 0) draft.change(key, 'dns.servers', good, 'bad-address', bad.join(', '));
  else draft.take(key, 'dns.servers', good);
}

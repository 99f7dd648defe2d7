import { ProtocolError } from '../../lib/reader.ts';

/** Octets of a name at most, its final zero included (RFC 1035 section 3.1). */
const MAX_NAME_LENGTH = 255;
const MAX_LABEL_LENGTH = 63;
/** No name has more labels, and a pointer without any label behind it is of no use. */
const MAX_POINTERS = 127;

/** The two highest bits of an octet that begins a label, and of one that begins a pointer. */
const KIND = 0xc0;

/** A name as it stands in a message. */
export interface NameInMessage {
  /** Lower-case, without a final dot; '' for the root. Octets that are no host's are '\' and three digits. */
  readonly name: string;
  /** Where what comes behind it begins. */
  readonly end: number;
}

/**
 * Reads the name that begins at `start` (RFC 1035 sections 3.1 and 4.1.4). Throws ProtocolError.
 *
 *    +--------+-----------------+         +--------+        +--------+--------+
 *    | 1 … 63 |      label      |   …     |   0    |   or   | 11 offset of more |
 *    +--------+-----------------+         +--------+        +--------+--------+
 *
 * A pointer leads to before the labels that it stands behind, so that no chain of them has a loop, however it is made
 * (RFC 9267 section 2).
 */
export function readName(message: Uint8Array, start: number): NameInMessage {
  const labels: string[] = [];
  let end: number | undefined;
  let length = 0;
  let pointers = 0;
  let runStart = start;
  let at = start;
  for (;;) {
    const first = octet(message, at);
    if ((first & KIND) === KIND) {
      const target = ((first & ~KIND) << 8) | octet(message, at + 1);
      pointers += 1;
      if (target >= runStart || pointers > MAX_POINTERS)
        throw new ProtocolError('a name that points nowhere');
      end ??= at + 2;
      runStart = target;
      at = target;
      continue;
    }
    if (first > MAX_LABEL_LENGTH) throw new ProtocolError('a label of a kind that does not exist');
    length += 1 + first;
    if (length > MAX_NAME_LENGTH) throw new ProtocolError('a name of more than 255 octets');
    at += 1;
    if (first === 0) return { name: labels.join('.'), end: end ?? at };
    if (at + first > message.length) throw new ProtocolError('a label that the message does not hold');
    labels.push(labelText(message.subarray(at, at + first)));
    at += first;
  }
}

function octet(message: Uint8Array, at: number): number {
  const value = message[at];
  if (value === undefined) throw new ProtocolError('a name that the message does not hold');
  return value;
}

/** A dot inside a label, and whatever no name of a host has, must not look like something that it is not. */
function labelText(label: Uint8Array): string {
  const text = String.fromCharCode(...label);
  const plain = text.replace(
    /[^A-Za-z0-9_-]/g,
    (other) => `\\${String(other.charCodeAt(0)).padStart(3, '0')}`,
  );
  return plain.toLowerCase();
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * A domain of letters, digits, hyphens and underscores, lower-case and without a final dot; undefined for anything else.
 * What comes back is safe in every configuration that is made of lines and words.
 */
export function domainText(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.length + 2 > MAX_NAME_LENGTH) return undefined;
  return name.split('.').every((label) => LABEL.test(label)) ? name : undefined;
}

/** Whether a name is the domain itself or below it. Both lower-case, without final dots. */
export function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

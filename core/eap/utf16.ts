/**
 * UTF-16, little endian, of UTF-8 octets, made without a string on the way: strings cannot be wiped. Octets that are
 * no UTF-8 are taken as Latin-1, which is what a terminal that does not speak UTF-8 sends.
 */
export function utf16OfUtf8(octets: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * octets.length);
  let length = 0;
  const put = (unit: number): void => {
    out[length++] = unit & 0xff;
    out[length++] = unit >>> 8;
  };
  let at = 0;
  while (at < octets.length) {
    const [point, size] = codePoint(octets, at);
    if (size === 0) {
      out.fill(0);
      return utf16OfLatin1(octets);
    }
    if (point < 0x10000) put(point);
    else {
      put(0xd800 | ((point - 0x10000) >>> 10));
      put(0xdc00 | ((point - 0x10000) & 0x3ff));
    }
    at += size;
  }
  const exact = out.slice(0, length);
  out.fill(0);
  return exact;
}

function utf16OfLatin1(octets: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * octets.length);
  octets.forEach((octet, i) => (out[2 * i] = octet));
  return out;
}

/** The smallest code point of a sequence of so many octets; anything less is an overlong form. */
const SMALLEST = [0, 0, 0x80, 0x800, 0x10000];

/** The code point that begins at `at` and its octets; no octets when it is badly formed (RFC 3629 section 3). */
function codePoint(octets: Uint8Array, at: number): readonly [point: number, size: number] {
  const lead = octets[at] ?? 0;
  if (lead < 0x80) return [lead, 1];
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || lead > 0xf4) return [0, 0];
  let point = lead & (0x7f >>> size);
  for (let i = 1; i < size; i++) {
    const octet = octets[at + i] ?? 0;
    if ((octet & 0xc0) !== 0x80) return [0, 0];
    point = (point << 6) | (octet & 0x3f);
  }
  const surrogate = point >= 0xd800 && point < 0xe000;
  return point < (SMALLEST[size] ?? 0) || point > 0x10ffff || surrogate ? [0, 0] : [point, size];
}

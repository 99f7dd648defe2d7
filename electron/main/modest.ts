/** More than any profile with all of its certificates, and than a file to import, has. */
const MAX_TEXT = 1_500_000;
const MAX_VALUES = 50_000;
/** A message to the service holds what is asked for inside of itself, and may be 32 deep. */
const MAX_DEPTH = 24;

/**
 * Whether what the page sent is of a size that the app and the service deal with at once: plain values and lists and
 * objects of them, not too deep, not too many, not too long. What each verb takes is for its schema to say.
 */
export function isModest(value: unknown): boolean {
  let [text, values] = [0, 0];
  const fits = (one: unknown, depth: number): boolean => {
    values += 1;
    if (values > MAX_VALUES || depth > MAX_DEPTH) return false;
    if (typeof one === 'string') text += one.length;
    if (text > MAX_TEXT) return false;
    if (typeof one !== 'object' || one === null) return typeof one !== 'function' && typeof one !== 'bigint';
    if (Array.isArray(one) ? one.length > MAX_VALUES : !isPlain(one)) return false;
    return Object.entries(one).every(([key, inner]) => {
      text += key.length;
      return fits(inner, depth + 1);
    });
  };
  return fits(value, 0);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Whether a text is printable ASCII alone, as nearly every text is. Then it is in normal form and has no control,
 * format or other invisible character, and nobody needs the tables of Unicode, which take milliseconds to load.
 */
export function isPlainText(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** As many as a call can take as arguments everywhere. */
const CHUNK = 8192;

/** Octets in base64. */
export function base64Of(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; at += CHUNK)
    text += String.fromCharCode(...octets.subarray(at, at + CHUNK));
  return btoa(text);
}

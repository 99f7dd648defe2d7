const DAY_MS = 86_400_000;
/** From when on people are told that a certificate is about to end. */
const SOON_DAYS = 30;

export type Validity =
  { readonly state: 'valid' | 'expired' | 'early' } | { readonly state: 'soon'; readonly days: number };

/** How a certificate stands at a moment. */
export function validityAt(
  { notBefore, notAfter }: { readonly notBefore: number; readonly notAfter: number },
  now: number,
): Validity {
  if (now < notBefore) return { state: 'early' };
  if (now > notAfter) return { state: 'expired' };
  const days = Math.floor((notAfter - now) / DAY_MS);
  return days <= SOON_DAYS ? { state: 'soon', days } : { state: 'valid' };
}

import { mock } from 'node:test';
import { SecretBytes } from '../../core/lib/secret.ts';

/**
 * From now on every secret that anything is computed from, while `isWatched` says so. For tests of what is left of
 * them; clear it before each.
 */
export function watchSecrets(isWatched: () => boolean = () => true): Set<SecretBytes> {
  const used = new Set<SecretBytes>();
  const reveal = Object.getOwnPropertyDescriptor(SecretBytes.prototype, 'reveal')?.value as (
    this: SecretBytes,
  ) => Uint8Array;
  mock.method(SecretBytes.prototype, 'reveal', function (this: SecretBytes) {
    if (isWatched()) used.add(this);
    return reveal.call(this);
  });
  return used;
}

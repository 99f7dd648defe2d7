import { lookup } from 'node:dns/promises';
import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { parseAddress, type IpAddress } from '../net/address.ts';

/** How long the system's resolver may take: it asks several servers several times before it gives up. */
const LOOKUP_TIMEOUT_MS = 15_000;

/** Addresses of a name in the order in which the system prefers them. A test passes its own. */
export type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

export const systemLookup: Lookup = (host) => lookup(host, { all: true, order: 'verbatim' });

/**
 * Both families' addresses of a gateway, best first, each once. An address in text is its own answer. Fails with
 * network.name-unknown when the name does not exist (or has no address), and with network.name-lookup-failed
 * when nobody could say.
 */
export async function resolveHost(
  host: string,
  options: { readonly lookup?: Lookup; readonly timeoutMs?: number } = {},
): Promise<Result<readonly IpAddress[], Failure>> {
  const literal = parseAddress(host);
  if (literal !== undefined) return ok([literal]);
  const { lookup: look = systemLookup, timeoutMs = LOOKUP_TIMEOUT_MS } = options;
  try {
    const found = await within(timeoutMs, look(host));
    const addresses = [...new Set(found.map(({ address }) => address))]
      // With a zone ('fe80::1%eth0') it is on this link alone, and no gateway.
      .map(parseAddress)
      .filter((address) => address !== undefined);
    return addresses.length > 0 ? ok(addresses) : err(failure('network.name-unknown', { host }));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const unknown = code === 'ENOTFOUND' || code === 'ENODATA';
    return err(
      failure(unknown ? 'network.name-unknown' : 'network.name-lookup-failed', { host, detail: code }),
    );
  }
}

/** Rejects with the code ETIMEDOUT when the work takes longer. The work itself cannot be called off. */
function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(Object.assign(new Error('the lookup takes too long'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

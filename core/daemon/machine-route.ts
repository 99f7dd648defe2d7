import { networkInterfaces } from 'node:os';
import { addressOf, type IpAddress, parseAddress, sameAddress } from '../net/address.ts';
import { openUdp } from '../platform/linux/devices.ts';
import { encodeEndpoint } from '../vpn/endpoint.ts';
import { BYPASS_MARK } from '../vpn/outlet.ts';
import { type Lookup, resolveHost, systemLookup } from '../platform/resolver.ts';
import type { Asked, RouteOf } from './explanation.ts';
import { fewAtOnce } from './threads.ts';

/** Whoever asks waits for ten seconds. */
const LOOKUP_MS = 5_000;

/** Whoever may ask can name what nobody answers, and connections need threads too. */
const inTurn = fewAtOnce<Awaited<ReturnType<Lookup>>>(2);

/** Asks as any program does. */
export const machineLookUp: Asked['lookUp'] = async (name) => {
  const lookup: Lookup = (host) => inTurn(() => systemLookup(host));
  const found = await resolveHost(name, { timeoutMs: LOOKUP_MS, lookup });
  return found.ok ? found.value : [];
};

/** Any: nothing is sent. */
const PORT = 9;

/** Asks the kernel for the address that it would send from, and whose that is. */
export const machineRoute: RouteOf = (text, past) => {
  const address = parseAddress(text);
  if (!address) return Promise.resolve(undefined);
  const { family } = address;
  const opened = openUdp({ family, preferredPort: 0, mark: past ? BYPASS_MARK : 0 });
  if (!opened.ok) return Promise.resolve(undefined);
  try {
    const source = addressOf(opened.value.localAddressFor(encodeEndpoint({ address, port: PORT })));
    return Promise.resolve(interfaceWith(source));
  } catch {
    return Promise.resolve(undefined);
  } finally {
    opened.value.close();
  }
};

function interfaceWith(wanted: IpAddress): string | undefined {
  return Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some((one) => {
      const own = parseAddress(one.address);
      return own !== undefined && sameAddress(own, wanted);
    }),
  )?.[0];
}

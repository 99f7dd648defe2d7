import { buildProgram } from '../../build/program.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { DIRECT, GATEWAY_NAME } from '../interop/lab.ts';
import {
  BY_PASSWORD,
  USER,
  byCertificate,
  officeCa,
  passwordProfile,
  serverCertificate,
} from '../interop/office.ts';
import type { StrongSwanClientOptions } from '../support/strongswan-client.ts';
import type { GatewayOptions } from '../support/strongswan.ts';

/*
 * What is compared is set up alike: the same user at the same gateway, with the same algorithms, and ours is the
 * program that people start.
 */

const IKE = 'aes256gcm16-prfsha256-x25519';
const ESP = 'aes256gcm16';

/** What the gateway of a benchmark is. */
export const BENCH_GATEWAY: () => GatewayOptions = () => ({
  gateway: byCertificate(serverCertificate('p256')),
  client: BY_PASSWORD,
  ike: [IKE],
  esp: [ESP],
});

/** The algorithms of the benchmarks on top of a profile. */
export function benchProfile(profile: ProfileInput = passwordProfile()): ProfileInput {
  return { ...profile, ike: { proposals: [IKE] }, esp: { proposals: [ESP] } };
}

/** The same user, for a client made of strongSwan. */
export function benchPeer(
  changes: Partial<StrongSwanClientOptions> = {},
): StrongSwanClientOptions & { readonly user: { readonly auth: 'eap' } } {
  return {
    gatewayAddress: DIRECT,
    gatewayId: GATEWAY_NAME,
    authorities: [officeCa().der],
    ike: [IKE],
    esp: [ESP],
    ...changes,
    user: { auth: 'eap', ...USER },
  };
}

/** The command of our program as it is built for people. */
export async function ourProgram(): Promise<readonly string[]> {
  return [(await buildProgram()).file];
}

/** The service, likewise. */
export async function ourDaemon(): Promise<readonly string[]> {
  return [(await buildProgram({ name: 'causewayd' })).file];
}

/** PEM texts with the right outer form, for tests that do not look inside. */
export const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----\n';
export const PRIVATE_KEY = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIE\n-----END PRIVATE KEY-----\n';

/** The smallest profile, with some of its top-level keys replaced. */
export function profileWith(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    version: 1,
    name: 'Office',
    gateway: { address: 'vpn.example.com' },
    user: { method: 'eap-mschapv2', username: 'alice' },
    ...changes,
  };
}

/** A small hierarchy and shorthands for the tests of the gateway's certificate. */
import assert from 'node:assert/strict';
import type { Failure, FailureCode } from '../../../core/lib/failure.ts';
import { type CheckedGateway, checkGateway, type GatewayCheck } from '../../../core/pki/check-gateway.ts';
import { type CertificateInput, issue, type Issued, makeCa } from '../../support/pki-factory.ts';

export const NOW = Date.parse('2030-06-01T00:00:00Z');
export const HOST = 'vpn.example.com';
export const IDENTITY = { type: 'fqdn', value: HOST } as const;
export const PAST = { notBefore: '2020-01-01T00:00:00Z', notAfter: '2030-05-31T23:59:59Z' };
export const FUTURE = { notBefore: '2030-06-01T00:00:01Z', notAfter: '2040-01-01T00:00:00Z' };

export const root = makeCa({ name: 'Root', key: 'p256' });
export const inner = issue(root, { subject: 'CN=Inner', key: 'p256', ca: true, pathLength: 0 });

export function gateway(issuer: Issued, input: Partial<CertificateInput> = {}): Issued {
  return issue(issuer, { subject: `CN=${HOST}`, key: 'p256', san: [{ dns: HOST }], ...input });
}

export interface Chain {
  readonly leaf: Issued;
  readonly intermediates?: readonly Issued[];
  readonly anchors?: readonly Issued[];
}

export function check(
  { leaf, intermediates = [], anchors = [root] }: Chain,
  more: Partial<GatewayCheck> = {},
): ReturnType<typeof checkGateway> {
  return checkGateway({
    leaf: leaf.der,
    intermediates: intermediates.map(({ der }) => der),
    anchors: anchors.map(({ der }) => der),
    now: NOW,
    identity: IDENTITY,
    ...more,
  });
}

export function accepted(chain: Chain, more: Partial<GatewayCheck> = {}): CheckedGateway {
  const result = check(chain, more);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error));
  return result.value;
}

export function refused(
  chain: Chain,
  code: FailureCode,
  more: Partial<GatewayCheck> = {},
): Failure['context'] {
  const result = check(chain, more);
  assert.ok(!result.ok, 'accepted');
  assert.equal(result.error.code, code, JSON.stringify(result.error));
  return result.error.context;
}

export function subjects({ path }: CheckedGateway): string[] {
  return path.map(({ subject }) => subject.text);
}

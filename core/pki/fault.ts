import { type Failure, failure, type FailureCode, type FailureContext } from '../lib/failure.ts';
import type { Certificate } from './certificate.ts';

/**
 * How far the check of a path came before something was wrong. Of several paths, the one that came farthest has
 * the reason worth telling: an expired authority says more than that another way leads nowhere.
 */
export const Progress = {
  /** Plus the certificates that the dead end consists of. */
  DEAD_END: 0,
  SIGNATURE: 20,
  CHAIN: 30,
  PURPOSE: 40,
  NAME_CONSTRAINTS: 50,
  VALIDITY: 60,
} as const;

/** What is wrong with a path. */
export interface Fault {
  readonly progress: number;
  readonly failure: Failure;
}

/** A fault of one certificate; its subject and issuer go into the context. */
export function fault(
  progress: number,
  code: FailureCode,
  certificate: Certificate,
  context: FailureContext = {},
): Fault {
  const { subject, issuer } = certificate;
  return { progress, failure: failure(code, { subject: subject.text, issuer: issuer.text, ...context }) };
}

import v8 from 'node:v8';
import { startTest } from '../crypto/self-test.ts';
import { failure, type Failure } from '../lib/failure.ts';

let isTested = false;

/**
 * Why the algorithms cannot be trusted: none is before it has given its known answers in this very process, which it
 * does once. The key exchange gives its own when a session makes its key pair.
 */
export function distrust(): Failure | undefined {
  if (isTested) return undefined;
  const tested = startTest();
  if (!tested.ok) return failure('internal.self-test', { detail: tested.error });
  // What is written into a start-up snapshot would be believed in other processes.
  isTested = !v8.startupSnapshot.isBuildingSnapshot();
  return undefined;
}

import type { Failure, FailureCode } from '../lib/failure.ts';

/** The part of a failure code before its first dot. */
export type FailureFamily = FailureCode extends `${infer Family}.${string}` ? Family : never;

export const EXIT_ENDED_BY_USER = 0;
export const EXIT_USAGE = 2;
export const EXIT_CONNECTION_LOST = 10;
export const EXIT_INTERRUPTED = 130;

/** The exit code of a connection that could not be made, by the family of its failure. */
export const EXIT_CODE_OF_FAMILY: Readonly<Record<FailureFamily, number>> = {
  internal: 1,
  contract: 1,
  config: 3,
  network: 4,
  timeout: 5,
  peer: 6,
  auth: 7,
  protocol: 8,
  platform: 9,
};

/** Every exit code with its meaning, for the help text and the tests. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT_ENDED_BY_USER, 'done, ended by you, or the profile is good'],
  [1, 'a fault in Causeway itself, or its service is not there'],
  [EXIT_USAGE, 'the command was not understood'],
  [3, 'a profile, a policy, a credential or a file is wrong or missing'],
  [4, 'the network: no route, or the name of the gateway is not known'],
  [5, 'the gateway did not answer in time'],
  [6, 'the gateway refused'],
  [7, 'a proof failed: yours, or that of the gateway'],
  [8, 'the gateway broke the rules of the protocol'],
  [9, 'this machine: not root, no TUN, routes could not be set; doctor found something'],
  [EXIT_CONNECTION_LOST, 'the connection was lost after it had been made'],
  [EXIT_INTERRUPTED, 'up was interrupted by Ctrl-C; the connection is ended'],
];

/**
 * The exit code for a failure. Once connected, whatever ends the connection counts as its loss; a fault of our
 * own stays one.
 */
export function exitCodeOf(failure: Failure, wasConnected: boolean): number {
  if (failure.code === 'config.usage') return EXIT_USAGE;
  const code = EXIT_CODE_OF_FAMILY[failure.code.split('.')[0] as FailureFamily];
  return wasConnected && code !== 1 ? EXIT_CONNECTION_LOST : code;
}

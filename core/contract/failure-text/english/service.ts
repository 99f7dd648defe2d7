/** Sentences for failures between the parts of Causeway, and for its own mistakes. */
import type { FailureCode } from '../../../lib/failure.ts';
import { explain, given, type Explanation } from '../facts.ts';

type ServiceCode = Extract<FailureCode, `contract.${string}` | `internal.${string}`>;

export const SERVICE_FAILURES = {
  'contract.invalid': explain('makers', ['detail'], (c) => ({
    title: 'Two parts of Causeway do not understand each other',
    why: `A message between them does not have the agreed form${given(c.detail, (text) => `: ${text}`)}. Usually one part was updated and the other was not restarted.`,
    next: 'Restart Causeway. If that does not help, install it again.',
  })),

  'contract.version': explain('user', ['server'], (c) => ({
    title: 'Two parts of Causeway are of different versions',
    why: `This program and the service${given(c.server, (server) => ` (${server})`)} have no version of their language in common: one was updated and the other was not.`,
    next: 'Restart the Causeway service and this program. If that does not help, install the same version of both.',
  })),

  'contract.unknown-call': explain('user', ['call'], (c) => ({
    title: 'The Causeway service cannot do that',
    why: `It does not know what was asked of it${given(c.call, (call) => ` (${call})`)}: it is of another version than this program.`,
    next: 'Restart the Causeway service. If that does not help, install the same version of both.',
  })),

  'contract.denied': explain('user', ['call'], (c) => ({
    title: 'You may not do that',
    why: `What was asked for${given(c.call, (call) => ` (${call})`)} is for administrators, or for the user who started the connection.`,
    next: 'Ask the user who started the connection, or an administrator.',
  })),

  'contract.no-access': explain('it', [], () => ({
    title: 'You may not use the Causeway service',
    why: 'The service talks to the members of its group alone, and you are none of them.',
    next: 'Ask an administrator to add you to the group causeway, then sign in to this computer again.',
  })),

  'contract.busy': explain('user', [], () => ({
    title: 'The Causeway service was asked too much at once',
    why: 'It takes a limited number of requests from each program, so that none can keep it from its work.',
    next: 'Wait a moment and try again.',
  })),

  'contract.too-late': explain('user', [], () => ({
    title: 'Nobody waits for that any more',
    why: 'What was answered had been answered before, was waited for too long, or belonged to a connection that is gone.',
    next: 'Look at the state of the connection. Start it again if it has ended.',
  })),

  'contract.timeout': explain('user', ['call'], (c) => ({
    title: 'The Causeway service did not answer',
    why: `It took too long to answer${given(c.call, (call) => ` (${call})`)}.`,
    next: 'Try again. If it stays, restart the Causeway service.',
  })),

  'contract.disconnected': explain('user', [], () => ({
    title: 'The Causeway service is not there',
    why: 'The connection to it ended: the service was stopped, or is just being restarted.',
    next: 'Try again in a moment. If it stays, start the Causeway service.',
  })),

  'contract.untrusted-service': explain('it', ['path'], (c) => ({
    title: 'What answers is not the Causeway service',
    why: `The place where the service listens${given(c.path, (path) => ` (${path})`)} belongs to somebody else, or somebody else can write there. Nothing was sent to it.`,
    next: 'Tell IT: another program may be trying to get passwords. Installing Causeway again puts the place right.',
  })),

  'internal.self-test': explain('makers', ['detail'], (c) => ({
    title: 'The check of the cryptography failed',
    why: `Before connecting, Causeway computes known examples, and one came out wrong${given(c.detail, (text) => `: ${text}`)}. Nothing was sent: a connection could not be trusted.`,
    next: 'Install Causeway again. If it stays, report it with the version that causeway --version prints.',
  })),

  'internal.bug': explain('makers', ['detail'], (c) => ({
    title: 'Causeway made a mistake',
    why: `Something happened that the program was not written for${given(c.detail, (text) => `: ${text}`)}. The connection was ended and the network put back.`,
    next: 'Try again. Please report it with what is said above and the output of causeway --version.',
  })),
} satisfies Readonly<Record<ServiceCode, Explanation>>;

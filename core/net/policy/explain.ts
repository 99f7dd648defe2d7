import type { IpAddress } from '../address.ts';
import { rangeHasAddress } from '../range.ts';
import type { Cell, CompiledPolicy, Decision } from './compile.ts';
import type { Condition } from './model.ts';

/** Traffic that somebody asks about; what is left out may be anything. */
export interface Question {
  readonly destination: IpAddress;
  readonly protocol?: number;
  readonly port?: number;
  readonly app?: string;
}

/**
 * The decisions that can hold for the traffic, in order: the first whose condition it meets. Only the last of them is
 * certain to be met; there is one alone when the question says enough.
 */
export function explain(policy: CompiledPolicy, question: Question): readonly Decision[] {
  const possible: Decision[] = [];
  for (const decision of cellOf(policy, question.destination).decisions) {
    const met = meets(question, decision.condition);
    if (met !== 'no') possible.push(decision);
    if (met === 'yes') break;
  }
  return possible;
}

/** The piece of the address space in which an address is. */
export function cellOf({ ipv4, ipv6 }: CompiledPolicy, address: IpAddress): Cell {
  const cells = address.family === 4 ? ipv4 : ipv6;
  const cell = cells.find(({ range }) => rangeHasAddress(range, address));
  if (!cell) throw new Error('the cells of a policy have no gaps');
  return cell;
}

function meets(question: Question, { protocol, ports, app }: Condition): 'yes' | 'no' | 'perhaps' {
  const parts = [
    protocol === undefined ? 'yes' : compare(question.protocol, (value) => value === protocol),
    ports === undefined
      ? 'yes'
      : compare(question.port, (value) => ports.some(({ start, end }) => start <= value && value <= end)),
    app === undefined ? 'yes' : compare(question.app, (value) => value === app),
  ] as const;
  if (parts.includes('no')) return 'no';
  return parts.includes('perhaps') ? 'perhaps' : 'yes';
}

function compare<T>(given: T | undefined, fits: (value: T) => boolean): 'yes' | 'no' | 'perhaps' {
  if (given === undefined) return 'perhaps';
  return fits(given) ? 'yes' : 'no';
}

import { Encr, PayloadType, Protocol, TransformType } from '../../../core/wire/constants.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { Proposal, Transform } from '../../../core/wire/payloads/sa.ts';
import type { ProposalFault } from './faults.ts';

/** The SA payload of an answer, honest or as the fault wants it. */
export function spoilProposals(
  fault: ProposalFault | undefined,
  answer: Proposal,
  offered: readonly Proposal[],
): Payload[] {
  const sa = (...proposals: readonly Proposal[]): Payload[] => [{ kind: 'SA', proposals }];
  const withCipher = (change: (encr: Transform) => Transform): Payload[] =>
    sa({
      ...answer,
      transforms: answer.transforms.map((t) => (t.type === TransformType.ENCR ? change(t) : t)),
    });
  switch (fault) {
    case undefined:
      return sa(answer);
    case 'unoffered-cipher':
      return withCipher(({ type }) => ({ type, id: Encr.CAMELLIA_CBC, keyLength: 256 }));
    case 'other-key-length':
      return withCipher((t) => ({ ...t, keyLength: t.keyLength === 192 ? 160 : 192 }));
    case 'several-proposals':
      return sa(answer, { ...answer, number: answer.number + 1 });
    case 'all-transforms':
      return sa({ ...(offered.find(({ number }) => number === answer.number) ?? answer), spi: answer.spi });
    case 'missing-transform':
      return sa({ ...answer, transforms: answer.transforms.slice(0, -1) });
    case 'wrong-number':
      return sa({ ...answer, number: 200 });
    case 'wrong-protocol':
      return sa({ ...answer, protocol: Protocol.AH, spi: Uint8Array.of(1, 2, 3, 4) });
    case 'spi-size':
      return sa({ ...answer, spi: new Uint8Array(answer.spi.length === 8 ? 4 : 8).fill(7) });
    case 'zero-spi':
      return sa({ ...answer, spi: new Uint8Array(answer.spi.length) });
    case 'empty':
      return [{ kind: 'unknown', type: PayloadType.SA, critical: false, data: new Uint8Array() }];
  }
}

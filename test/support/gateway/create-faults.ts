import { PayloadType } from '../../../core/wire/constants.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { KePayload } from '../../../core/wire/payloads/ke.ts';
import type { Purpose } from './sa.ts';

/** What a wrong traffic selector payload looks like; the gateway itself goes on with the honest ones. */
export type TrafficFault = 'wider-remote' | 'wider-local' | 'narrower' | 'foreign' | 'empty' | 'reversed';

/** What a wrongly answered SA payload looks like; keys are derived as if it had been right. */
export type ProposalFault =
  | 'unoffered-cipher'
  | 'other-key-length'
  | 'several-proposals'
  | 'all-transforms'
  | 'missing-transform'
  | 'wrong-number'
  | 'wrong-protocol'
  | 'spi-size'
  | 'zero-spi'
  | 'empty';

/** How the gateway misbehaves in CREATE_CHILD_SA, as responder and, where it makes sense, in its own requests. */
export interface CreateFaults {
  /** Answers with this notify alone: requests for this purpose, so many times; every one unless told. */
  readonly refuse?: { readonly notify: number; readonly purpose?: Purpose; readonly times?: number };
  /** Wants this group, in so many answers (1 unless told), whatever the client sent. */
  readonly invalidKe?: { readonly group: number; readonly times?: number };
  readonly proposal?: ProposalFault;
  /** The KE payload is left out, is there though no group was chosen, is for another group, or has a bad value. */
  readonly keyExchange?: 'omit' | 'add' | 'other-group' | 'invalid-value';
  readonly nonce?: 'short' | 'mirrored';
  readonly traffic?: TrafficFault;
  /** The SPI of the gateway's end: zero, one below 256, or that of the SA which is replaced. */
  readonly spi?: 'zero' | 'reserved' | 'reused';
  readonly omit?: readonly ('SA' | 'KE' | 'NONCE' | 'TSi' | 'TSr')[];
  /** What becomes of the SA that the gateway has replaced: it stays, or the new one is deleted in its place. */
  readonly afterwards?: 'keeps-old' | 'deletes-new';
}

/** The payloads of a CREATE_CHILD_SA message as the faults want them. */
export function spoilCreate(
  payloads: readonly Payload[],
  faults: CreateFaults,
  peerNonce?: Uint8Array,
): Payload[] {
  const omitted: readonly string[] = [
    ...(faults.omit ?? []),
    ...(faults.keyExchange === 'omit' ? ['KE'] : []),
  ];
  const added: Payload[] =
    faults.keyExchange === 'add' && !payloads.some(({ kind }) => kind === 'KE')
      ? [{ kind: 'KE', group: 31, data: new Uint8Array(32).fill(9) }]
      : [];
  return [...payloads, ...added]
    .filter(({ kind }) => !omitted.includes(kind))
    .map((payload): Payload => {
      if (payload.kind === 'KE') return spoilKey(payload, faults.keyExchange);
      if (payload.kind !== 'NONCE') return payload;
      if (faults.nonce === 'mirrored') return { ...payload, data: peerNonce ?? payload.data };
      if (faults.nonce !== 'short') return payload;
      // Core's encoder makes no such nonce.
      return {
        kind: 'unknown',
        type: PayloadType.NONCE,
        critical: false,
        data: payload.data.subarray(0, 15),
      };
    });
}

function spoilKey(honest: KePayload, fault: CreateFaults['keyExchange']): KePayload {
  switch (fault) {
    case 'other-group':
      return { ...honest, group: honest.group === 14 ? 15 : 14 };
    case 'invalid-value':
      return { ...honest, data: new Uint8Array(honest.data.length) };
    default:
      return honest;
  }
}

/** The SPI of the gateway's end for a message, in as many octets as the honest one. */
export function spoilSpi(
  honest: Uint8Array,
  replaced: Uint8Array | undefined,
  { spi }: CreateFaults,
): Uint8Array {
  switch (spi ?? 'honest') {
    case 'honest':
      return honest;
    case 'zero':
      return new Uint8Array(honest.length);
    case 'reserved':
      return honest.map((_, i) => (i === honest.length - 1 ? 255 : 0));
    case 'reused':
      return replaced ?? honest;
  }
}

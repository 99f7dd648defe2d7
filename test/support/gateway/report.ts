import { toHex } from '../../../core/lib/bytes.ts';
import { formatAddress, formatEndpoint } from '../../../core/net/address.ts';
import { formatSelector } from '../../../core/net/selector.ts';
import { ExchangeType, nameOf, Notify } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { GatewayEvent } from './types.ts';

/** One line of JSON on standard output, written at once: who reads it waits for it. */
export function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** An event as the program prints it: names for numbers, texts for octets, and no keys. */
export function describeEvent(event: GatewayEvent): object {
  const { kind, ...rest } = event;
  switch (event.kind) {
    case 'received':
    case 'sent':
      return {
        event: kind,
        remote: formatEndpoint(event.remote),
        port: event.localPort,
        ...describeMessage(event.message),
      };
    case 'established':
      return { event: kind, ...rest, addresses: event.addresses.map(formatAddress) };
    case 'child-added': {
      const { spiIn, spiOut, suite, local, remote, childId } = event.child;
      return {
        event: kind,
        saId: event.saId,
        childId,
        spiIn: hex32(spiIn),
        spiOut: hex32(spiOut),
        suite,
        ...(event.replaces === undefined ? {} : { replaces: event.replaces }),
        local: local.map(formatSelector),
        remote: remote.map(formatSelector),
        client: formatEndpoint(event.remote),
      };
    }
    case 'moved':
      return { event: kind, saId: event.saId, client: formatEndpoint(event.remote), port: event.localPort };
    case 'answered':
      return { event: kind, saId: event.saId, ...describeMessage(event.message) };
    case 'refused':
    case 'turned-down':
    case 'client-notify':
      return {
        event: kind,
        ...rest,
        name: nameOfRefusal(event.kind, event.notify),
      };
    case 'ignored':
    case 'violation':
    case 'init':
    case 'password-refused':
    case 'child-closing':
    case 'child-removed':
    case 'ike-added':
    case 'closed':
      return { event: kind, ...rest };
  }
}

/** Zero stands for what is no notify. */
function nameOfRefusal(kind: string, type: number): string {
  if (type !== 0) return nameOf(Notify, type);
  return kind === 'refused' ? 'EAP-Failure' : 'an answer that makes no sense';
}

function describeMessage(message: Message): object {
  return {
    exchange: nameOf(ExchangeType, message.exchange),
    response: message.response,
    messageId: message.messageId,
    spi: toHex(message.initiatorSpi),
    payloads: message.payloads.map((payload) => {
      if (payload.kind === 'N') return `N(${nameOf(Notify, payload.notifyType)})`;
      return payload.kind === 'unknown' ? `unknown(${payload.type})` : payload.kind;
    }),
  };
}

function hex32(spi: number): string {
  return spi.toString(16).padStart(8, '0');
}

import { decodeEap, EapCode, EapType } from './eap.ts';
import { AuthMethod, CfgType, ExchangeType, Group, Notify, Protocol, nameOf } from './constants.ts';
import type { Message } from './message.ts';
import type { Payload } from './payload.ts';

/**
 * One line for a debug log, such as `IKE_AUTH request 1: IDi CERT N(INITIAL_CONTACT) AUTH(PSK) SA TSi TSr`. Names
 * of things only: no identity, address, key or other content of a payload.
 */
export function describeMessage(message: Message): string {
  const direction = message.response ? 'response' : 'request';
  const payloads = message.payloads.map(describePayload).join(' ');
  return `${nameOf(ExchangeType, message.exchange)} ${direction} ${message.messageId}: ${payloads || 'empty'}`;
}

function describePayload(payload: Payload): string {
  switch (payload.kind) {
    case 'N':
      return `N(${nameOf(Notify, payload.notifyType)})`;
    case 'KE':
      return `KE(${nameOf(Group, payload.group)})`;
    case 'AUTH':
      return `AUTH(${nameOf(AuthMethod, payload.method)})`;
    case 'CP':
      return `CP(${nameOf(CfgType, payload.cfgType)})`;
    case 'D':
      return `D(${nameOf(Protocol, payload.protocol)}${payload.spis.length > 1 ? ` x${payload.spis.length}` : ''})`;
    case 'EAP':
      return `EAP(${describeEap(payload.message)})`;
    case 'unknown':
      return `unknown(${payload.type})`;
    default:
      return payload.kind;
  }
}

function describeEap(octets: Uint8Array): string {
  const packet = decodeEap(octets);
  if (!packet.ok) return 'malformed';
  const { code, type } = packet.value;
  return type === undefined ? nameOf(EapCode, code) : `${nameOf(EapCode, code)} ${nameOf(EapType, type)}`;
}

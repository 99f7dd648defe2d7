import { ESP_HEADER_LENGTH, ESP_TRAILER_LENGTH } from './esp-format.ts';
import { shapeOf, type EspSuite } from './suite.ts';

const OUTER_IP_LENGTH = { 4: 20, 6: 40 } as const;
const UDP_LENGTH = 8;

/**
 * The largest inner packet that, sealed, fits a path of `pathMtu` octets: what the tunnel device's MTU should
 * be, so that the kernel makes the "too big" messages that RFC 4303 section 3.3.4 asks for. undefined for a
 * suite that is not one of ours or a path too narrow for any packet.
 */
export function innerMtu(
  pathMtu: number,
  outerFamily: 4 | 6,
  suite: EspSuite,
  udpEncap: boolean,
): number | undefined {
  const shape = shapeOf(suite);
  if (shape === undefined) return undefined;
  const around = OUTER_IP_LENGTH[outerFamily] + (udpEncap ? UDP_LENGTH : 0);
  const encrypted = pathMtu - around - ESP_HEADER_LENGTH - shape.ivLength - shape.icvLength;
  const inner = encrypted - (encrypted % shape.alignment) - ESP_TRAILER_LENGTH;
  return encrypted > 0 && inner > 0 ? inner : undefined;
}

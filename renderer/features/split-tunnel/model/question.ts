import { addressOctets, isHostName } from '../../../../core/contract/text-forms.ts';

export interface Question {
  readonly destination: string;
  /** IP protocol number. */
  readonly protocol?: number;
  readonly port?: number;
}

export const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, icmp: 1, icmp6: 58 } as const;
const SCHEMES: Readonly<Record<string, readonly [number, number]>> = {
  http: [6, 80],
  https: [6, 443],
  ssh: [6, 22],
  rdp: [6, 3389],
  smb: [6, 445],
  ldaps: [6, 636],
};
/** A scheme, a host (IPv6 in brackets), `:443` or `:udp/53`, and whatever else an address bar has. */
const FORM =
  /^(?:([a-z][a-z0-9+.-]*):\/\/(?:[^@/]*@)?)?(?:\[([^\]]+)\]|([^/:?#\s]+))(?::(?:(tcp|udp)\/)?(\d{1,5}))?(?:[/?#].*)?$/i;

/** What a person means who writes an address, a name, or what they have in their browser; undefined: nothing. */
export function questionOf(text: string): Question | undefined {
  const written = text.trim();
  if (addressOctets(written)) return { destination: written };
  const match = FORM.exec(written);
  if (!match) return undefined;
  const [, scheme, bracketed, plain = '', protocolWord, portText] = match;
  const destination = (bracketed ?? plain).replace(/^\*\.|(?<=[^.])\.$/g, '');
  const isGood = bracketed === undefined ? isPlace(destination) : addressOctets(bracketed) !== undefined;
  // A network is no place to go to.
  const isNetwork = scheme === undefined && written.includes('/') && addressOctets(destination) !== undefined;
  if (!isGood || (isNetwork && protocolWord === undefined)) return undefined;
  const usual = scheme === undefined ? undefined : SCHEMES[scheme.toLowerCase()];
  const port = portText === undefined ? usual?.[1] : Number(portText);
  if (port === undefined) return { destination };
  if (port < 1 || port > 65535) return undefined;
  return { destination, protocol: protocolWord?.toLowerCase() === 'udp' ? 17 : 6, port };
}

function isPlace(text: string): boolean {
  return addressOctets(text) !== undefined || isHostName(text);
}

/** With what was chosen beside it, which counts more. ICMP has a number for each family, and no ports. */
export function refined(
  question: Question,
  protocol: 'any' | 'tcp' | 'udp' | 'icmp',
  port: number | undefined,
): Question {
  const { destination } = question;
  if (protocol === 'icmp') {
    const number = destination.includes(':') ? PROTOCOL_NUMBERS.icmp6 : PROTOCOL_NUMBERS.icmp;
    return { destination, protocol: number };
  }
  const number = protocol === 'any' ? question.protocol : PROTOCOL_NUMBERS[protocol];
  const at = port ?? question.port;
  return {
    destination,
    ...(number === undefined ? {} : { protocol: number }),
    ...(at === undefined || number === undefined ? {} : { port: at }),
  };
}

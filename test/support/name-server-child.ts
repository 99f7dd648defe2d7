import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { type Answer, decode, encode, type Packet } from 'dns-packet';

/*
 * A name server with a few names: `node name-server-child.ts <address> <names>`. Names are JSON: a list of addresses each,
 * or the name that it stands for, or lists in `turns`, the next of which is told each time; '*' is every other name. Says
 * what it is asked, a line of JSON each.
 */

const [, , address = '', text = '{}'] = process.argv;
type Known = readonly string[] | string | { readonly turns: string[][] };
const names = JSON.parse(text) as Record<string, Known>;
const NO_NAME = 3;
const TTL = 60;
/** Of what changes. */
const SHORT_TTL = 1;

function answersTo(name: string, type: string): Answer[] | undefined {
  const found = names[name] ?? names['*'];
  if (found === undefined) return undefined;
  if (typeof found === 'string') {
    return [{ type: 'CNAME', name, ttl: TTL, data: found }, ...(answersTo(found, type) ?? [])];
  }
  const [list, ttl] = 'turns' in found ? [takeTurn(found.turns, type), SHORT_TTL] : [found, TTL];
  return list.flatMap((data): Answer[] => {
    const own = data.includes(':') ? 'AAAA' : 'A';
    return own === type ? [{ type: own, name, ttl, data }] : [];
  });
}

function takeTurn(turns: string[][], type: string): string[] {
  const [first = []] = turns;
  if (type === 'A' && turns.length > 1) turns.shift();
  return first;
}

function reply(octets: Buffer, transport: 'udp' | 'tcp', from: string): Buffer {
  const { id = 0, questions = [], additionals = [] } = decode(octets);
  const [question] = questions;
  const name = question?.name.toLowerCase() ?? '';
  process.stdout.write(`${JSON.stringify({ name, type: question?.type, transport, from })}\n`);
  const answers = answersTo(name, question?.type ?? '');
  const flags = 0x580 | (answers ? 0 : NO_NAME);
  const packet: Packet = { type: 'response', id, flags, questions, answers: answers ?? [] };
  const whole = encode(packet);
  const edns = additionals.find((each) => each.type === 'OPT');
  const limit = transport === 'tcp' ? 65_535 : Math.max(512, edns?.type === 'OPT' ? edns.udpPayloadSize : 0);
  return whole.length <= limit ? whole : encode({ ...packet, flags: flags | 0x200, answers: [] });
}

const datagrams = createSocket(address.includes(':') ? 'udp6' : 'udp4');
datagrams.on('message', (octets, { address: from, port }) => {
  datagrams.send(reply(octets, 'udp', from), port, from);
});
const connections = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (octets: Buffer) => {
    const answer = reply(octets.subarray(2), 'tcp', socket.remoteAddress ?? '');
    socket.write(Buffer.concat([Buffer.of(answer.length >> 8, answer.length & 0xff), answer]));
  });
});
datagrams.bind(53, address, () => {
  connections.listen(53, address, () => process.stdout.write('"ready"\n'));
});

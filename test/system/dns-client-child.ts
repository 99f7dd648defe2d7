import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from 'dns-packet';

/* A program that asks our forwarder in one way: `node dns-client-child.ts <way>`. Says what came, a line of JSON each. */

const ADDRESS = '127.0.83.53';
const PORT = 53;
const EXPECTED: Readonly<Record<string, string>> = {
  'www.corp.example': '10.1.0.80',
  'www.public.example': '198.51.100.180',
};

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function query(name: string, id: number): Buffer {
  return encode({ type: 'query', id, flags: 0x100, questions: [{ type: 'A', name }] });
}

function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);
}

function addressIn(octets: Buffer): string {
  const [answer] = decode(octets).answers ?? [];
  return answer?.type === 'A' ? answer.data : 'none';
}

async function ask(): Promise<string> {
  const socket = createSocket('udp4');
  socket.send(query('www.corp.example', 7), PORT, ADDRESS);
  const [octets] = (await Promise.race([once(socket, 'message'), sleep(1_000, [undefined])])) as [
    Buffer | undefined,
  ];
  socket.close();
  return octets ? addressIn(octets) : 'silence';
}

/** Resolves with what came before the other side ended the connection. */
async function ended(socket: Socket): Promise<void> {
  socket.on('error', () => undefined).resume();
  await once(socket, 'close');
}

const ways: Readonly<Record<string, () => Promise<void>>> = {
  one: async () => say(await ask()),

  many: async () => {
    let answered = 0;
    let right = 0;
    const names = Object.keys(EXPECTED);
    const all = Array.from({ length: 30 }, async (_, i) => {
      const socket = createSocket('udp4');
      for (let n = 0; n < 10; n++) {
        const name = names[n % names.length] ?? '';
        socket.send(query(name, (i << 8) | n), PORT, ADDRESS);
        const [octets] = (await once(socket, 'message')) as [Buffer];
        answered += 1;
        if (addressIn(octets) === EXPECTED[name] && decode(octets).id === ((i << 8) | n)) right += 1;
      }
      socket.close();
    });
    await Promise.all(all);
    say({ answered, right });
  },

  pipelined: async () => {
    const socket = connect(PORT, ADDRESS);
    await once(socket, 'connect');
    const names = ['www.corp.example', 'www.corp.example', 'www.public.example'];
    const octets = Buffer.concat(names.map((name, i) => framed(query(name, i))));
    for (const part of [octets.subarray(0, 1), octets.subarray(1, 50), octets.subarray(50)]) {
      socket.write(part);
      await sleep(20);
    }
    let waiting = Buffer.alloc(0);
    const answers: string[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const length = waiting.readUInt16BE(0);
        answers[decode(waiting.subarray(2, 2 + length)).id ?? 0] = addressIn(waiting.subarray(2, 2 + length));
        waiting = waiting.subarray(2 + length);
      }
      if (answers.filter(Boolean).length === names.length) break;
    }
    say({ answers });
  },

  oversize: async () => {
    const socket = connect(PORT, ADDRESS);
    socket.write(Buffer.of(0xff, 0xff, 1, 2, 3));
    await ended(socket);
    say('closed');
  },

  garbage: async () => {
    const socket = connect(PORT, ADDRESS);
    socket.write(Buffer.of(0, 3, 1, 2, 3));
    await ended(socket);
    say('closed');
  },

  noise: async () => {
    const socket = createSocket('udp4');
    let replies = 0;
    socket.on('message', () => (replies += 1));
    const response = encode({
      type: 'response',
      id: 1,
      questions: [{ type: 'A', name: 'www.corp.example' }],
    });
    for (const octets of [Buffer.of(1), Buffer.alloc(11), response]) socket.send(octets, PORT, ADDRESS);
    await sleep(300);
    socket.close();
    say({ replies });
    say(await ask());
  },
};

setTimeout(() => process.exit(1), 20_000);
await ways[process.argv[2] ?? '']?.();
process.exit(0);

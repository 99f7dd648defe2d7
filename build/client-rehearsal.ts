/*
 * `causeway up` and `causeway status` in earnest, against a service that is played here: what they call has been called
 * before the start-up snapshot is written.
 */
import { parseCommand } from '../core/cli/arguments.ts';
import { Screen } from '../core/cli/screen.ts';
import type { ServiceCommand } from '../core/cli/service/command.ts';
import { type ServiceSession, watchStatus } from '../core/cli/service/session.ts';
import { up } from '../core/cli/service/up.ts';
import { type DaemonApi, daemonApi, type Status } from '../core/contract/daemon-api.ts';
import { Client } from '../core/rpc/client.ts';
import { encodeFrame, FrameDecoder } from '../core/rpc/frame.ts';
import { type ClientMessage, clientMessageSchema, type ServerMessage } from '../core/rpc/protocol.ts';
import { PROFILE, STATUSES } from './pretended-service.ts';

/** Rejects when a command does not end as it should. */
export async function rehearseClient(): Promise<void> {
  for (const line of ['up Office', 'up office --json']) {
    const command = parseCommand([...line.split(' '), '--socket', '/nowhere']);
    if (!command.ok || command.value.kind !== 'service') throw new Error(`the rehearsal of '${line}' failed`);
    await rehearseUp(command.value.command);
  }
}

async function rehearseUp(command: ServiceCommand): Promise<void> {
  const client = clientOfService();
  const greeted = await client.ready;
  const said: string[] = [];
  const output = { write: (text: string) => said.push(text) };
  const look = { live: false, color: false, unicode: false, columns: 80 };
  const session: ServiceSession = {
    client,
    command,
    screen: new Screen(output, output, look),
    terminal: undefined,
    onEndAsked: () => () => undefined,
    epoch: () => 0,
  };
  const status = greeted.ok ? await up(session) : -1;
  const shown = Promise.withResolvers<Status>();
  const watched = watchStatus(client, shown.resolve);
  if (status !== 0 || (await shown.promise).connection === null)
    throw new Error(`the rehearsal failed:\n${said.join('')}`);
  watched.close();
  client.close();
}

/** A client of a service that answers in another turn of the loop, as one in another process does. */
function clientOfService(): Client<DaemonApi> {
  const decoder = new FrameDecoder();
  const client = new Client<DaemonApi>({
    api: daemonApi,
    client: 'causeway',
    wire: {
      write: (octets) => {
        const frames = decoder.push(octets);
        for (const { value } of frames.ok ? frames.value : []) {
          const answers = answersTo(clientMessageSchema.parse(value));
          for (const answer of answers) setImmediate(() => client.receive(encodeFrame(answer)));
        }
      },
      close: () => undefined,
    },
    after: () => () => undefined,
    onClosed: () => undefined,
  });
  return client;
}

function answersTo(message: ClientMessage): readonly ServerMessage[] {
  switch (message.type) {
    case 'hello':
      return [{ type: 'hello', version: 1, server: 'causewayd' }];
    case 'call': {
      const { id, name } = message;
      return [{ type: 'result', id, value: name === 'profile.list' ? [PROFILE] : null }];
    }
    case 'open':
      return STATUSES.map((value) => ({ type: 'item', id: message.id, value }));
    case 'close':
      return [{ type: 'end', id: message.id }];
  }
}

import type { Failure } from '../../lib/failure.ts';
import { EXIT_ENDED_BY_USER } from '../exit-codes.ts';
import { harmless } from '../terminal.ts';
import { type ServiceSession, tellFailure, tellJson } from './session.ts';

/** What is written meanwhile is asked for at once: the service answers so many questions a second and no more. */
const PAUSE_MS = 100;

/** `causeway logs`. */
export async function logs(session: ServiceSession): Promise<number> {
  const { client, screen, command } = session;
  const read = await client.call('log.read', { lines: command.lines });
  if (!read.ok) return tellFailure(screen, read.error);
  tellLines(session, read.value.lines);
  return command.follow ? follow(session, read.value.end) : EXIT_ENDED_BY_USER;
}

function tellLines({ screen, command }: ServiceSession, lines: readonly string[]): void {
  for (const line of lines) {
    if (command.json) tellJson(screen, line);
    else screen.line(harmless(line));
  }
}

/** Tells lines as they are written, until somebody has seen enough. */
async function follow(session: ServiceSession, from: number): Promise<number> {
  const { client, screen, onEndAsked } = session;
  const over = Promise.withResolvers<Failure | undefined>();
  let seen = from;
  let end = from;
  let isReading = false;
  const readOn = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    while (seen < end) {
      const more = await client.call('log.read', { lines: 1000, after: seen });
      if (!more.ok) {
        over.resolve(more.error);
        return;
      }
      tellLines(session, more.value.lines);
      seen = more.value.end;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    isReading = false;
  };
  const item = ({ end: now }: { readonly end: number }): void => {
    end = now;
    void readOn();
  };
  const close = client.open('log', {}, { item, end: over.resolve });
  const undo = onEndAsked(() => over.resolve(undefined));
  const lost = await over.promise;
  undo();
  close();
  return lost ? tellFailure(screen, lost) : EXIT_ENDED_BY_USER;
}

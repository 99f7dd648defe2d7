import { type MachineSettings, settingsSchema } from '../../contract/settings.ts';
import { failure } from '../../lib/failure.ts';
import { EXIT_ENDED_BY_USER } from '../exit-codes.ts';
import { type ServiceSession, tellFailure, tellJson } from './session.ts';

/** `causeway settings …`. */
export async function settings(session: ServiceSession): Promise<number> {
  const { client, screen, command } = session;
  const [what, value = ''] = command.operands;
  const current = await client.call('settings.read', {});
  if (!current.ok) return tellFailure(screen, current.error);
  if (what === undefined) return tellSettings(session, current.value);
  if (what === 'portal') return openPortal(session, Number(value));
  const wanted = settingsSchema.safeParse({ ...current.value, ...change(what, value) });
  if (!wanted.success) {
    const detail = what === 'lan' ? 'lan is on or off' : 'kill-switch is off, session or always';
    return tellFailure(screen, failure('config.usage', { detail }));
  }
  const written = await client.call('settings.write', wanted.data);
  return written.ok ? tellSettings(session, wanted.data) : tellFailure(screen, written.error);
}

function change(what: string, value: string): Readonly<Record<string, unknown>> {
  if (what === 'kill-switch') return { killSwitch: value };
  return { lan: value === 'on' ? true : value === 'off' ? false : value };
}

async function openPortal({ client, screen }: ServiceSession, seconds: number): Promise<number> {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 600) {
    return tellFailure(screen, failure('config.usage', { detail: 'portal needs a number from 1 to 600' }));
  }
  const opened = await client.call('portal.open', { seconds });
  if (!opened.ok) return tellFailure(screen, opened.error);
  screen.line(`For ${seconds} seconds you can reach the web past the kill switch, to log in there.`);
  return EXIT_ENDED_BY_USER;
}

const KILL_SWITCH_TEXT: Readonly<Record<MachineSettings['killSwitch'], string>> = {
  off: 'off: without a connection everything goes its ordinary way',
  session: 'session: while a connection is meant to be up nothing else passes than its policy says',
  always: 'always: nothing else passes, with or without a connection',
};

function tellSettings({ screen, command }: ServiceSession, now: MachineSettings): number {
  if (command.json) tellJson(screen, now);
  else {
    screen.line(`kill-switch  ${KILL_SWITCH_TEXT[now.killSwitch]}`);
    screen.line(
      `lan          ${now.lan ? 'on: the local network is reached' : 'off: the local network is not reached'}`,
    );
  }
  return EXIT_ENDED_BY_USER;
}

/*
 * One whole connection without a machine or a network. The runtime compiles a function when it is first called, and
 * better when it is called often. Before a start-up snapshot is written `causeway connect` is rehearsed in earnest: all
 * that connecting calls is compiled, and the snapshot keeps that. A service that runs rehearses connections alone: the
 * first that somebody waits for is as fast as any later one.
 */
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateConnection } from '../core/composition/connection-port.ts';
import { connect, type Host } from '../core/cli/connect.ts';
import { parseProfile } from '../core/contract/profile.ts';
import { type EpochMillis, silent } from '../core/lib/ports.ts';
import { ok } from '../core/lib/result.ts';
import { SecretBytes } from '../core/lib/secret.ts';
import { type Gateway, pretendedConnections, scripted } from './pretended.ts';

/** What is needed for a rehearsal besides a gateway, and what that gateway answered, in a form that JSON carries. */
export interface Script {
  readonly profile: object;
  readonly password: string;
  readonly epoch: EpochMillis;
  /** For each message to the gateway its answers, in hexadecimal. */
  readonly answers: readonly (readonly string[])[];
}

const ENDED_BY_USER = 0;

/**
 * Connects and disconnects, once for programs and once for people to read. The octets to the gateway are the same
 * each time, so that a script can answer them. Rejects with what the command said when it does not end in order.
 */
export async function rehearse(script: Omit<Script, 'answers'>, gateway: Gateway): Promise<void> {
  for (const json of [true, false]) {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-rehearsal-'));
    try {
      const profilePath = join(folder, 'profile.json');
      writeFileSync(profilePath, JSON.stringify(script.profile));
      writeFileSync(join(folder, 'password'), script.password);
      const passwordFd = openSync(join(folder, 'password'), 'r');
      const said: string[] = [];
      const host = pretendedHost(said, pretendedConnections(script.epoch, gateway, seedOf(json)));
      const status = await connect({ profilePath, passwordFd, json, verbose: false }, host);
      if (status !== ENDED_BY_USER) throw new Error(`the rehearsal failed:\n${said.join('')}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function seedOf(json: boolean): string {
  return `json ${json}`;
}

/**
 * The first connection of a script, without the command around it: nothing but memory is touched. Rejects when it does
 * not come to stand and end in order.
 */
export async function rehearseConnection({ profile, password, epoch, answers }: Script): Promise<void> {
  const parsed = parseProfile(profile);
  if (!parsed.ok) throw new Error(`the profile of the rehearsal: ${parsed.error.join(', ')}`);
  const create = pretendedConnections(epoch, scripted(answers), seedOf(true));
  const connection = create({
    profile: parsed.value,
    credentials: { get: () => Promise.resolve(SecretBytes.ofText(password)) },
    log: silent,
    onEvent: (event) => {
      if (event.event === 'connected') setImmediate(() => void connection.stop('orderly'));
    },
    policy: { rules: [], otherwise: 'gateway' },
    protection: { killSwitch: 'off', lan: true },
    firewall: {
      apply: () => Promise.resolve(ok(undefined)),
      clear: () => Promise.resolve(ok(undefined)),
    },
  });
  connection.start();
  const outcome = await connection.done;
  if (outcome.kind === 'failed') throw new Error(`the rehearsal failed: ${outcome.failure.code}`);
}

/** A process whose user asks for the end as soon as the tunnel stands. */
function pretendedHost(said: string[], create: CreateConnection): Host {
  let ask: (how: 'orderly') => void = () => undefined;
  const output = { write: (text: string) => said.push(text) };
  return {
    out: output,
    error: output,
    look: { live: false, color: false, unicode: false, columns: 80 },
    terminal: undefined,
    system: 'linux',
    userId: 0,
    now: () => 0,
    loadConnections: () =>
      Promise.resolve((setup) =>
        create({
          ...setup,
          onEvent: (event) => {
            setup.onEvent(event);
            if (event.event === 'connected') setImmediate(() => ask('orderly'));
          },
        }),
      ),
    onEndAsked: (callback) => {
      ask = callback;
      return () => undefined;
    },
    onFault: () => () => undefined,
    everySecond: () => () => undefined,
    after: () => undefined,
    interrupt: () => undefined,
  };
}

import { randomFillSync } from 'node:crypto';
import type { Failure } from '../../../lib/failure.ts';
import type { Log } from '../../../lib/ports.ts';
import { ok, type Result } from '../../../lib/result.ts';
import type { IpAddress } from '../../../net/address.ts';
import { Forwarder, type ForwarderPlan } from '../../dns-forwarder/forwarder.ts';
import { listen } from '../../dns-forwarder/listener.ts';
import type { OnAnswers } from '../../ports.ts';
import { systemTimers } from '../timers.ts';
import type { RunningForwarder } from './manager.ts';
import { linuxUpstream } from './upstream.ts';

export interface RunForwarderOptions {
  /** Packets with this mark go past the tunnel. */
  readonly bypassMark: number;
  readonly onAnswers: OnAnswers;
  readonly log: Log;
}

/** A forwarder with real sockets: asks through `device`, or past the tunnel. Fails with platform.dns-failed. */
export async function runForwarder(
  address: IpAddress,
  device: string,
  plan: ForwarderPlan,
  { bypassMark, onAnswers, log }: RunForwarderOptions,
): Promise<Result<RunningForwarder, Failure>> {
  const forwarder = new Forwarder(
    {
      upstream: linuxUpstream({ device, bypassMark }),
      random: (length) => randomFillSync(new Uint8Array(length)),
      after: (delayMs, callback) => systemTimers.after(delayMs, callback),
      onAnswers,
      log,
    },
    plan,
  );
  const listener = await listen({
    address,
    answer: (query, transport) => forwarder.answer(query, transport),
    log,
  });
  if (!listener.ok) return listener;
  return ok({
    port: listener.value.port,
    update: (changed) => forwarder.update(changed),
    close: () => {
      forwarder.close();
      return listener.value.close();
    },
  });
}

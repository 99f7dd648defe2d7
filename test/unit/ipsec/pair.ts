import type { RandomBytes } from '../../../core/lib/ports.ts';
import { appendPacket, newBatch, packetAt } from '../../../core/net/batch.ts';
import type { Selector } from '../../../core/net/selector.ts';
import type { ChildSaSpec } from '../../../core/ipsec/child-sa.ts';
import { EspEngine, type EspEngineOptions } from '../../../core/ipsec/engine.ts';
import { Sad } from '../../../core/ipsec/sad.ts';
import { keyLengths, newTransform, type EspSuite } from '../../../core/ipsec/suite.ts';
import { selector } from '../net/packets.ts';

/** Every suite that the engine speaks, by the name that proposals use. */
export const SUITES: Readonly<Record<string, EspSuite>> = {
  aes128gcm16: { encr: 20, keyBits: 128, esn: false },
  'aes128gcm16-esn': { encr: 20, keyBits: 128, esn: true },
  aes192gcm16: { encr: 20, keyBits: 192, esn: false },
  aes256gcm16: { encr: 20, keyBits: 256, esn: false },
  'aes256gcm16-esn': { encr: 20, keyBits: 256, esn: true },
  chacha20poly1305: { encr: 28, esn: false },
  'chacha20poly1305-esn': { encr: 28, esn: true },
  'aes128-sha1': { encr: 12, keyBits: 128, integ: 2, esn: false },
  'aes128-sha1-esn': { encr: 12, keyBits: 128, integ: 2, esn: true },
  'aes192-sha256': { encr: 12, keyBits: 192, integ: 12, esn: false },
  'aes256-sha256': { encr: 12, keyBits: 256, integ: 12, esn: false },
  'aes256-sha256-esn': { encr: 12, keyBits: 256, integ: 12, esn: true },
  'aes256-sha384': { encr: 12, keyBits: 256, integ: 13, esn: false },
  'aes256-sha512': { encr: 12, keyBits: 256, integ: 14, esn: false },
};

/** The same octets for the same seed, every time (xorshift32): nothing here is a secret. */
export function seeded(seed: number): RandomBytes {
  let state = seed | 1;
  return (length) => {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      out[i] = state >>> 24;
    }
    return out;
  };
}

/** The laptop's side of the traffic in these tests, and the office's. */
export const LAPTOP: readonly Selector[] = [selector('10.0.0.1/32'), selector('2001:db8::1/128')];
export const OFFICE: readonly Selector[] = [selector('10.0.0.0/8'), selector('2001:db8::/32')];

export const SPI_TO_LAPTOP = 0xc0ffee01;
export const SPI_TO_OFFICE = 0x0badf00d;

/** A child SA of the suite, as the laptop sees it. */
export function laptopChild(suite: EspSuite, changes: Partial<ChildSaSpec> = {}): ChildSaSpec {
  const lengths = keyLengths(suite);
  if (lengths === undefined) throw new Error('not a suite');
  const random = seeded(lengths.encr * 31 + lengths.integ);
  return {
    childId: 1,
    spiIn: SPI_TO_LAPTOP,
    spiOut: SPI_TO_OFFICE,
    suite,
    keyIn: random(lengths.encr),
    keyOut: random(lengths.encr),
    ...(lengths.integ === 0 ? {} : { integIn: random(lengths.integ), integOut: random(lengths.integ) }),
    local: LAPTOP,
    remote: OFFICE,
    udpEncap: true,
    ...changes,
  };
}

/** The same child as the peer sees it. */
export function mirrored(child: ChildSaSpec): ChildSaSpec {
  return {
    childId: child.childId,
    suite: child.suite,
    udpEncap: child.udpEncap,
    spiIn: child.spiOut,
    spiOut: child.spiIn,
    keyIn: child.keyOut,
    keyOut: child.keyIn,
    ...(child.integOut === undefined ? {} : { integIn: child.integOut }),
    ...(child.integIn === undefined ? {} : { integOut: child.integIn }),
    local: child.remote,
    remote: child.local,
    ...(child.limits === undefined ? {} : { limits: child.limits }),
  };
}

/** A database of SAs with a window of 64. */
export function newSad(): Sad {
  return new Sad({ random: seeded(1), replayWindow: 64, newTransform });
}

/** An engine with these children, each protected by a policy for exactly its traffic. */
export function engineWith(
  children: readonly ChildSaSpec[],
  options: Partial<EspEngineOptions> = {},
): EspEngine {
  const engine = new EspEngine({ random: seeded(1), ...options });
  for (const child of children) engine.install(child);
  engine.setPolicies(
    children.map(({ childId, local, remote }) => ({ action: 'protect', childId, local, remote })),
  );
  return engine;
}

export interface Pair {
  readonly laptop: EspEngine;
  readonly office: EspEngine;
  /** As the laptop sees it. */
  readonly child: ChildSaSpec;
}

/** Two engines that share a child SA. */
export function enginePair(suite: EspSuite, options: Partial<EspEngineOptions> = {}): Pair {
  const child = laptopChild(suite);
  return {
    laptop: engineWith([child], options),
    office: engineWith([mirrored(child)], options),
    child,
  };
}

type Step = (engine: EspEngine, packets: readonly Uint8Array[], now?: number) => Uint8Array[];

function step(direction: 'outbound' | 'inbound'): Step {
  return (engine, packets, now = 0) => {
    const input = newBatch(Math.max(1, packets.length), 4096, 64);
    const output = newBatch(Math.max(1, packets.length), 4096, 64);
    for (const packet of packets) if (!appendPacket(input, packet)) throw new Error('a packet too long');
    const count = engine[direction](input, output, now);
    return Array.from({ length: count }, (_, i) => packetAt(output, i).slice());
  };
}

/** Copies of what the engine makes of IP packets: ESP packets. */
export const sealAll: Step = step('outbound');

/** Copies of what the engine makes of UDP payloads: IP packets. */
export const openAll: Step = step('inbound');

/** The counters that are not zero. */
export function counted(engine: EspEngine): Record<string, number> {
  return Object.fromEntries(Object.entries(engine.counters()).filter(([, value]) => value !== 0));
}

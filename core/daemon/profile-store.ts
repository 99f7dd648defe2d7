import { join } from 'node:path';
import { type FixedPolicy, parseFixedPolicy, parsePolicy, type Policy } from '../contract/policy.ts';
import { parseProfile, type Profile } from '../contract/profile.ts';
import type { ProfileSummary } from '../contract/daemon-api.ts';
import { toHex } from '../lib/bytes.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { Log, RandomBytes } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { namesIn, notSaved, octetsIn, ownDirectory, readOwn, removeOwn, writeOwn } from './private-files.ts';

const MAX_PROFILE_OCTETS = 4 * 1024 * 1024;
const MAX_PROFILES_OF_A_USER = 200;
/** Of profiles and policies: certificates are long, and disks are shared. */
const MAX_OCTETS_OF_A_USER = 8 * 1024 * 1024;
const MAX_UNDERSTOOD = 50;
const SYSTEM = 'system.';
/** A file of the machine's profiles; what stands before the ending is part of the profile's id. */
const SYSTEM_FILE = /^([a-z0-9][a-z0-9-]{0,63})\.json$/;
const USER_FILE = /^([0-9a-f]{16})\.json$/;

export interface ProfileStoreOptions {
  /** Profiles of the machine: root puts them there, and nobody else can. */
  readonly systemDirectory: string;
  /** Ours: one directory a user. */
  readonly stateDirectory: string;
  /** Whose both must be; root, but in tests. */
  readonly owner: number;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** A profile as it was written, with what it means. */
export interface StoredProfile {
  readonly id: string;
  readonly contents: Readonly<Record<string, unknown>>;
  readonly profile: Profile;
}

/**
 * The profiles of the machine and of its users. A user sees the machine's and their own; an id leads to no file that
 * is not one of these, because ids have one form and files are named by it.
 */
export class ProfileStore {
  readonly #options: ProfileStoreOptions;
  /** What texts mean that were read before: one call may read a profile several times, and somebody waits for it. */
  readonly #understood = new Map<string, { readonly text: string; readonly stored: StoredProfile }>();

  constructor(options: ProfileStoreOptions) {
    this.#options = options;
  }

  list(uid: number): ProfileSummary[] {
    const { systemDirectory } = this.#options;
    const system = namesIn(systemDirectory).flatMap((name) => SYSTEM_FILE.exec(name)?.[1] ?? []);
    return [...system.map((name) => SYSTEM + name), ...this.#ownIds(uid)].flatMap((id) => {
      const found = this.read(uid, id);
      return found.ok ? [summaryOf(found.value)] : [];
    });
  }

  /** Fails with config.profile-unknown, config.profile-unreadable or config.profile-invalid. */
  read(uid: number, id: string): Result<StoredProfile, Failure> {
    const text = this.#text(uid, id, 'json');
    if (!text.ok) return text;
    if (text.value === undefined) return err(failure('config.profile-unknown', { profile: id }));
    const known = this.#understood.get(id);
    if (known?.text === text.value) return ok(known.stored);
    const contents = record(text.value);
    if (!contents) return err(failure('config.profile-not-json', { path: id }));
    const profile = parseProfile(contents);
    if (!profile.ok) return err(failure('config.profile-invalid', { problems: profile.error }));
    const stored = { id, contents, profile: profile.value };
    if (this.#understood.size >= MAX_UNDERSTOOD) this.#understood.clear();
    this.#understood.set(id, { text: text.value, stored });
    return ok(stored);
  }

  /** Adds a profile of the user, or replaces one. Every problem of the contents is told. */
  write(
    uid: number,
    id: string | undefined,
    contents: Readonly<Record<string, unknown>>,
  ): Result<{ readonly id: string }, Failure> {
    const profile = parseProfile(contents);
    if (!profile.ok) return err(failure('config.profile-invalid', { problems: profile.error }));
    if (id?.startsWith(SYSTEM)) return err(failure('contract.denied', { call: 'profile.write' }));
    if (id !== undefined) {
      const found = this.#text(uid, id, 'json');
      if (!found.ok) return found;
      if (found.value === undefined) return err(failure('config.profile-unknown', { profile: id }));
    } else if (this.#ownIds(uid).length >= MAX_PROFILES_OF_A_USER) {
      return err(failure('config.too-many-profiles', { limit: `${MAX_PROFILES_OF_A_USER} profiles` }));
    }
    const chosen = id ?? toHex(this.#options.random(8));
    const put = this.#put(uid, `${chosen}.json`, JSON.stringify(contents, undefined, 2));
    return put.ok ? ok({ id: chosen }) : put;
  }

  /** Removes a profile of the user with its policy. */
  remove(uid: number, id: string): Result<null, Failure> {
    if (id.startsWith(SYSTEM)) return err(failure('contract.denied', { call: 'profile.remove' }));
    const found = this.#text(uid, id, 'json');
    if (!found.ok) return found;
    if (found.value === undefined) return err(failure('config.profile-unknown', { profile: id }));
    const directory = this.#userDirectory(uid);
    try {
      // The policy first: it is found by the profile alone.
      removeOwn(directory, `${id}.policy`);
      removeOwn(directory, `${id}.json`);
      return ok(null);
    } catch (error) {
      return err(notSaved(error));
    }
  }

  /** The user's policy for a profile: an empty one until they write one. */
  policy(uid: number, id: string): Result<Policy, Failure> {
    const profile = this.read(uid, id);
    if (!profile.ok) return profile;
    const text = this.#guarded(() =>
      readOwn(this.#policyPath(uid, id), this.#options.owner, MAX_PROFILE_OCTETS),
    );
    if (!text.ok) return text;
    const policy = parsePolicy(text.value === undefined ? { version: 1 } : record(text.value));
    return policy.ok ? policy : err(failure('config.profile-invalid', { problems: policy.error }));
  }

  /**
   * What IT fixed of everybody's policy for a profile of the machine, in a file beside it that ends in `.policy`; nothing
   * for other profiles. Fails with config.profile-unreadable or config.fixed-policy-invalid.
   */
  fixedPolicy(uid: number, id: string): Result<FixedPolicy, Failure> {
    if (!id.startsWith(SYSTEM)) return ok({ version: 1, rules: [] });
    const text = this.#text(uid, id, 'policy');
    if (!text.ok) return text;
    const fixed = parseFixedPolicy(text.value === undefined ? { version: 1 } : record(text.value));
    return fixed.ok ? fixed : err(failure('config.fixed-policy-invalid', { problems: fixed.error }));
  }

  writePolicy(uid: number, id: string, policy: Policy): Result<null, Failure> {
    const profile = this.read(uid, id);
    if (!profile.ok) return profile;
    return this.#put(uid, `${id}.policy`, JSON.stringify(policy, undefined, 2));
  }

  #ownIds(uid: number): string[] {
    return namesIn(this.#userDirectory(uid)).flatMap((name) => USER_FILE.exec(name)?.[1] ?? []);
  }

  /** Fails with platform.not-saved or config.too-many-profiles; what was there before then still is. */
  #put(uid: number, name: string, text: string): Result<null, Failure> {
    const { stateDirectory, owner } = this.#options;
    const directory = this.#userDirectory(uid);
    try {
      for (const place of [stateDirectory, join(stateDirectory, 'profiles'), directory]) {
        ownDirectory(place, 0o700, owner);
      }
      const octets = Buffer.byteLength(text) + octetsIn(directory, name);
      if (octets > MAX_OCTETS_OF_A_USER || Buffer.byteLength(text) >= MAX_PROFILE_OCTETS) {
        const limit = `${MAX_OCTETS_OF_A_USER / 2 ** 20} MiB in all and ${MAX_PROFILE_OCTETS / 2 ** 20} in one`;
        return err(failure('config.too-many-profiles', { limit }));
      }
      writeOwn(directory, name, `${text}\n`);
      return ok(null);
    } catch (error) {
      return err(notSaved(error));
    }
  }

  #text(uid: number, id: string, ending: string): Result<string | undefined, Failure> {
    const { systemDirectory, owner } = this.#options;
    const place = id.startsWith(SYSTEM)
      ? join(systemDirectory, `${id.slice(SYSTEM.length)}.${ending}`)
      : join(this.#userDirectory(uid), `${id}.${ending}`);
    if (!SYSTEM_FILE.test(`${id.slice(SYSTEM.length)}.json`) && !USER_FILE.test(`${id}.json`))
      return ok(undefined);
    return this.#guarded(() => readOwn(place, owner, MAX_PROFILE_OCTETS));
  }

  #guarded(read: () => string | undefined): Result<string | undefined, Failure> {
    try {
      return ok(read());
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#options.log('warn', 'profile-unreadable', { detail });
      return err(failure('config.profile-unreadable', { detail }));
    }
  }

  #userDirectory(uid: number): string {
    return join(this.#options.stateDirectory, 'profiles', `${uid}`);
  }

  /** A user's policy for a profile of the machine is theirs too. */
  #policyPath(uid: number, id: string): string {
    return join(this.#userDirectory(uid), `${id}.policy`);
  }
}

function record(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isRecord ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function summaryOf({ id, profile }: StoredProfile): ProfileSummary {
  const { name, gateway, user } = profile;
  return {
    id,
    name,
    origin: id.startsWith(SYSTEM) ? 'system' : 'user',
    gateway: gateway.address,
    method: user.method,
    ...('username' in user ? { username: user.username } : {}),
  };
}

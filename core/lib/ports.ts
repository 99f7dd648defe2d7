/** The outside world as the pure rooms see it: arguments, never globals. */

/** Fills and returns `length` octets from a cryptographic source (or a seeded one in tests). */
export type RandomBytes = (length: number) => Uint8Array;

/** Monotonic milliseconds; only differences mean anything. */
export type Millis = number;

/** Milliseconds since 1970-01-01T00:00:00Z, for certificates and for people. */
export type EpochMillis = number;

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Structured log. `event` is a fixed kebab-case word; what varies goes into fields. Names and addresses are
 * logged no higher than debug, packets no higher than trace, secrets never.
 */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

export const silent: Log = () => undefined;

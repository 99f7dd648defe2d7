/** The lines of the log that somebody may have, who is no administrator. */

const STARTED = 'connection-started';
const ENDED = 'connection-ended';
/** A line: time, level, event, and fields as JSON if there are some. */
const LINE = /^(\S+) (\S+) (\S+)(?: (\{.*\}))?$/;

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A line of LogFile; undefined for one that was cut. */
export function readLogLine(line: string): LogLine | undefined {
  const [, time, level, event, text] = LINE.exec(line) ?? [];
  if (time === undefined || level === undefined || event === undefined) return undefined;
  try {
    return { time, level, event, fields: text === undefined ? {} : (JSON.parse(text) as LogLine['fields']) };
  } catch {
    return undefined;
  }
}

/**
 * The lines of the service itself and those of a user's own connections. What happened while another user's connection
 * was there is not theirs to read, and of lines before the first that says whose it is nobody knows.
 */
export function linesOf(uid: number, lines: readonly LogLine[]): LogLine[] {
  let owner: number | 'nobody' | 'unknown' = 'unknown';
  return lines.filter(({ event, fields }) => {
    if (event === 'started') owner = 'nobody';
    if (event === STARTED) owner = typeof fields['uid'] === 'number' ? fields['uid'] : 'unknown';
    const isTheirs = owner === uid || owner === 'nobody';
    if (event === ENDED) owner = 'nobody';
    return isTheirs && (fields['uid'] === undefined || fields['uid'] === uid);
  });
}

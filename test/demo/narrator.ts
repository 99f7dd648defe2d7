/** Tells what the demo does: to people, or as one JSON object a line. */
export interface Narrator {
  /** What this is about, with a picture of it. */
  readonly open: (title: string, picture: readonly string[]) => void;
  /** The heading of what follows. */
  readonly chapter: (title: string) => void;
  /** Something was done; `detail` and the time it took are said after it. */
  readonly done: (what: string, detail?: string, ms?: number) => void;
  /** Labelled facts about what was done last. */
  readonly facts: (rows: readonly (readonly [label: string, value: string])[]) => void;
  /** A claim that was checked. */
  readonly proof: (claim: string, holds: boolean, detail: string) => void;
  /** Lines to read, such as what to try. */
  readonly say: (lines: readonly string[]) => void;
  /** What went wrong. */
  readonly fail: (reason: string) => void;
  /** The last sentence. */
  readonly end: (sentence: string, exitCode: number) => void;
}

export interface Look {
  readonly colour: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  readonly write: (text: string) => void;
}

/** The look for a stream: colours on a terminal unless NO_COLOR is set (no-color.org). */
export function lookOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Look {
  const locale = env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? '';
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return {
    colour: stream.isTTY && !plain,
    unicode: /utf-?8/i.test(locale),
    write: (text) => void stream.write(text),
  };
}

const WHAT_WIDTH = 58;
const LABEL_WIDTH = 12;

export function textNarrator(look: Look): Narrator {
  const paint =
    (code: number) =>
    (text: string): string =>
      look.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  const [bold, dim, green, red] = [paint(1), paint(2), paint(32), paint(31)];
  const good = green(look.unicode ? '✔' : 'ok');
  const bad = red(look.unicode ? '✘' : 'NO');
  const line = (text = ''): void => look.write(`${text}\n`);
  return {
    open(title, picture) {
      line();
      line(bold(title));
      line();
      for (const row of picture) line(`  ${dim(row)}`);
    },
    chapter(title) {
      line();
      line(bold(title));
    },
    done(what, detail, ms) {
      const time = ms === undefined ? '' : dim(formatMs(ms));
      const text = detail === undefined ? what : `${what} ${dim(detail)}`;
      const length = what.length + (detail === undefined ? 0 : detail.length + 1);
      line(`  ${good} ${text}${' '.repeat(Math.max(1, WHAT_WIDTH - length))}${time}`.trimEnd());
    },
    facts(rows) {
      for (const [label, value] of rows) line(`      ${dim(label.padEnd(LABEL_WIDTH))}${value}`);
    },
    proof(claim, holds, detail) {
      line(`  ${holds ? good : bad} ${holds ? claim : red(claim)}`);
      line(`      ${dim(detail)}`);
    },
    say(lines) {
      for (const text of lines) line(`  ${text}`.trimEnd());
    },
    fail(reason) {
      line();
      for (const [i, text] of reason.split('\n').entries())
        line(i === 0 ? `  ${bad} ${text}` : `      ${text}`);
    },
    end(sentence) {
      line();
      line(`  ${bold(sentence)}`);
      line();
    },
  };
}

/** A narrator that can be told to say nothing more. */
export function mutable(narrator: Narrator): { readonly voice: Narrator; readonly mute: () => void } {
  let muted = false;
  const unless =
    <A extends readonly unknown[]>(say: (...args: A) => void) =>
    (...args: A): void => {
      if (!muted) say(...args);
    };
  const { open, chapter, done, facts, proof, say, fail, end } = narrator;
  const voice = {
    open: unless(open),
    chapter: unless(chapter),
    done: unless(done),
    facts: unless(facts),
    proof: unless(proof),
    say: unless(say),
    fail: unless(fail),
    end: unless(end),
  };
  return { voice, mute: () => (muted = true) };
}

/** Milliseconds as people read them: 0.4 ms, 87 ms, 1.2 s. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** Octets as people read them: 512 octets, 17 KiB, 8.0 MiB. */
export function formatOctets(octets: number): string {
  if (octets < 10_000) return `${octets} octets`;
  if (octets < 1024 * 1024) return `${Math.round(octets / 1024)} KiB`;
  return `${(octets / 1024 / 1024).toFixed(1)} MiB`;
}

export function jsonNarrator(write: (text: string) => void): Narrator {
  const tell = (event: string, value: object): void => write(`${JSON.stringify({ event, ...value })}\n`);
  return {
    open: (title) => tell('open', { title }),
    chapter: (title) => tell('chapter', { title }),
    done: (what, detail, ms) => tell('done', { what, detail, ms }),
    facts: (rows) => tell('facts', Object.fromEntries(rows)),
    proof: (claim, holds, detail) => tell('proof', { claim, holds, detail }),
    say: (lines) => tell('say', { lines }),
    fail: (reason) => tell('fail', { reason }),
    end: (sentence, exitCode) => tell('end', { sentence, exitCode }),
  };
}

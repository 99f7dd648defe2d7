import type { Look } from './terminal.ts';

export interface Output {
  write(text: string): unknown;
}

/**
 * Lines that stay and, on a terminal, one line below them that is written over. Standard output and standard
 * error may be the same terminal, so both go through here and the live line is taken away before either.
 */
export class Screen {
  readonly look: Look;
  readonly #out: Output;
  readonly #error: Output;
  #live = '';

  constructor(out: Output, error: Output, look: Look) {
    this.#out = out;
    this.#error = error;
    this.look = look;
  }

  line(text: string): void {
    this.#print(this.#out, text);
  }

  errorLine(text: string): void {
    this.#print(this.#error, text);
  }

  /** Shows `text` as the live line, cut to the terminal's width; nothing happens where there is no terminal. */
  live(text: string): void {
    if (!this.look.live || text === this.#live) return;
    const cut = Array.from(text)
      .slice(0, this.look.columns - 1)
      .join('');
    this.#out.write(`\r${cut}\u001b[K`);
    this.#live = text;
  }

  clearLive(): void {
    if (this.#live !== '') this.#out.write('\r\u001b[K');
    this.#live = '';
  }

  #print(output: Output, text: string): void {
    const live = this.#live;
    this.clearLive();
    output.write(`${text}\n`);
    if (live !== '') this.live(live);
  }
}

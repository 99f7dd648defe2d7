/** A page of an app that was started with --remote-debugging-port, by the protocol of its debugger: no more than asking it. */

interface Answer {
  readonly id: number;
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly text: string };
  };
}

export class DebuggedPage {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** The first page there is, as soon as there is one. */
  static async open(port: string): Promise<DebuggedPage> {
    for (;;) {
      const listed = await fetch(`http://127.0.0.1:${port}/json/list`);
      const targets = (await listed.json()) as { type: string; webSocketDebuggerUrl: string }[];
      const found = targets.find(({ type }) => type === 'page');
      if (!found) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        continue;
      }
      const socket = new WebSocket(found.webSocketDebuggerUrl);
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve);
        socket.addEventListener('error', reject);
      });
      return new DebuggedPage(socket);
    }
  }

  /** What an expression comes to in the page; a promise is waited for. */
  async evaluate(expression: string): Promise<unknown> {
    const id = ++this.#last;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const params = { expression, awaitPromise: true, returnByValue: true };
    this.#socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params }));
    const { result } = await answered;
    if (result?.exceptionDetails) throw new Error(`${result.exceptionDetails.text}: ${expression}`);
    return result?.result?.value;
  }

  /** Waits until an expression comes to something, and says what. */
  async until(expression: string, timeoutMs = 30_000): Promise<unknown> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const value = await this.evaluate(expression);
      if (value !== undefined && value !== false && value !== null) return value;
      if (performance.now() > end) throw new Error(`never came: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.#socket.close();
  }
}

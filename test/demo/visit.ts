/** Fetches a page: node visit.ts URL prints one line of JSON about it. Ends with status 1 when there is no page. */
import { get } from 'node:http';

/** What one visit brought. */
export interface Visit {
  /** Whom the site took the visitor for. */
  readonly visitor: string;
  readonly status: number;
  readonly octets: number;
  /** The beginning of the page. */
  readonly text: string;
  readonly ms: number;
}

const TIMEOUT_MS = 4000;
const SHOWN = 400;

const url = process.argv[2] ?? '';
const start = performance.now();

function give(value: object, status: number): void {
  process.stdout.write(`${JSON.stringify(value)}\n`, () => process.exit(status));
}

const request = get(url, { timeout: TIMEOUT_MS }, (response) => {
  let octets = 0;
  let text = '';
  response.on('data', (chunk: Buffer) => {
    octets += chunk.length;
    if (text.length < SHOWN) text += chunk.toString('utf8').slice(0, SHOWN - text.length);
  });
  response.on('end', () => {
    const visitor = String(response.headers['x-visitor'] ?? '');
    const visit: Visit = {
      visitor,
      status: response.statusCode ?? 0,
      octets,
      text,
      ms: performance.now() - start,
    };
    give(visit, 0);
  });
});
request.on('timeout', () => request.destroy(new Error('no answer in time')));
request.on('error', (error) => give({ error: error.message, ms: performance.now() - start }, 1));

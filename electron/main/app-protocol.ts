import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { protocol, type Session } from 'electron';
import { APP_ORIGIN, fileOf } from './page-files.ts';

/*
 * The page comes from app://causeway/, which serves the files of one directory and nothing else. A page from a file:
 * address could read other files; this one has an origin of its own and a policy that lets it load itself alone.
 */

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // react-aria and uPlot place things by style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "object-src 'none'",
  "frame-src 'none'",
  "worker-src 'none'",
  "require-trusted-types-for 'script'",
  // No text becomes code, and nothing may be made that makes it so.
  "trusted-types 'none'",
  // Neither windows, downloads, printing, nor dialogs of the page.
  'sandbox allow-scripts allow-same-origin allow-forms',
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Before the app is ready: the scheme is to be like https, and not like a file. */
export function announceScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
}

/** Once the app is ready. Everything but the app's own files is refused, whatever asks for it. */
export function serveApp(directory: string, of: Session): void {
  of.protocol.handle('app', async (request) => {
    const file = fileOf(request.url, directory);
    const type = file === undefined ? undefined : TYPES[extname(file)];
    if (file === undefined || type === undefined || request.method !== 'GET') return refusal();
    const body = await readFile(file).catch(() => undefined);
    if (!body) return refusal();
    return new Response(new Uint8Array(body), {
      headers: {
        'content-type': type,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-dns-prefetch-control': 'off',
        'cache-control': 'no-store',
      },
    });
  });
  of.webRequest.onBeforeRequest(({ url }, answer) => {
    const own = url.startsWith(`${APP_ORIGIN}/`) || url.startsWith('devtools://');
    answer({ cancel: !own && !url.startsWith('data:image/') });
  });
}

function refusal(): Response {
  return new Response(null, { status: 404 });
}

import { join, normalize, sep } from 'node:path';

/** Where the page comes from: an origin of its own. */
export const APP_ORIGIN = 'app://causeway';

/** The file of an address of ours inside the directory; undefined for anything else. */
export function fileOf(address: string, directory: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, host, port, username, password, pathname } = new URL(address);
  if (protocol !== 'app:' || host !== 'causeway' || `${port}${username}${password}` !== '') return undefined;
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (path.includes('\0') || path.includes('\\')) return undefined;
  const file = normalize(join(directory, path === '/' ? 'index.html' : path));
  return file.startsWith(directory + sep) ? file : undefined;
}

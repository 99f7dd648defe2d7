/** What a name of a program has behind it to say what kind of name it is. */
const KINDS = /\.(?:service|desktop)$|@$/;

/**
 * The name of a program as rules compare it: `nginx.service` is nginx, `firefox.desktop` is firefox, and `postgresql@`
 * is postgresql with all its instances.
 */
export function plainAppName(app: string): string {
  return app.replace(KINDS, '').replace(KINDS, '');
}

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Launch at login. macOS and Windows have an interface for it, which Electron knows; on Linux it is a desktop entry in
 * the user's autostart directory (Desktop Application Autostart Specification).
 */

const NAME = 'causeway.desktop';

/** Writes or removes the entry. `config` is XDG_CONFIG_HOME. Throws when the file system does not let us. */
export function setLinuxAutostart(config: string, program: readonly string[], isWanted: boolean): void {
  const directory = join(config, 'autostart');
  if (!isWanted) {
    rmSync(join(directory, NAME), { force: true });
    return;
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, NAME), autostartEntry(program));
}

/** The entry: it starts the app without its window. */
export function autostartEntry(program: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Causeway',
    `Exec=${[...program, '--hidden'].map(quoted).join(' ')}`,
    'Icon=causeway',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** An argument as the Desktop Entry Specification wants it in Exec. */
function quoted(argument: string): string {
  const escaped = argument.replace(/[\\"`$]/g, '\\$&').replaceAll('%', '%%');
  return /^[A-Za-z0-9_./:=@-]+$/.test(argument) ? argument : `"${escaped.replaceAll('\\', '\\\\')}"`;
}

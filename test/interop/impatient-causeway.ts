/**
 * The command line tool with settings that no profile may have, such as keys that live for a second:
 * `node impatient-causeway.ts SETTINGS connect ...`, where SETTINGS are parts of a profile in JSON. They replace those
 * of the profile once it has been read; everything else is the tool.
 */
import { parseCommand } from '../../core/cli/arguments.ts';
import { connect } from '../../core/cli/connect.ts';
import { createConnection } from '../../core/composition/connection.ts';
import { processHost } from '../../core/cli/host.ts';
import type { Profile } from '../../core/contract/profile.ts';

const [, , settings = '{}', ...argv] = process.argv;
const changes = JSON.parse(settings) as { readonly [K in keyof Profile]?: object };

function impatient(profile: Profile): Profile {
  const changed = { ...profile };
  for (const [name, part] of Object.entries(changes) as [keyof Profile, object][])
    Object.assign(changed, { [name]: { ...(profile[name] as object), ...part } });
  return changed;
}

const command = parseCommand(argv);
if (!command.ok || command.value.kind !== 'connect') throw new Error('only connect can be impatient');
process.exit(
  await connect(command.value.options, {
    ...processHost(),
    loadConnections: () =>
      Promise.resolve((setup) => createConnection({ ...setup, profile: impatient(setup.profile) })),
  }),
);

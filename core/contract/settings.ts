/** What the administrator of a machine decides for every connection on it. */
import * as z from 'zod';

export const KILL_SWITCHES = ['off', 'session', 'always'] as const;

export const settingsSchema = z.strictObject({
  /**
   * `session`: while a connection is meant to be up nothing passes but what its policy lets pass; `always`: also
   * without a connection, and while the service is not running.
   */
  killSwitch: z.enum(KILL_SWITCHES).default('off'),
  /** Whether the local network is reached past a tunnel that takes everything, and while nothing else passes. */
  lan: z.boolean().default(true),
});

export type MachineSettings = z.output<typeof settingsSchema>;

/**
 * The relay as a program, for a namespace of a network laboratory. The first line on standard input is a RelayConfig,
 * each further line a RelayCommand with an `id`, both in JSON. It prints {"event":"ready"} and an answer a command.
 * It ends when its input ends.
 */
import { serveQuestions } from '../asked-program.ts';
import { Relay } from './relay.ts';
import type { RelayCommand, RelayConfig } from './types.ts';

await serveQuestions(async (config) => {
  const relay = await Relay.open(config as RelayConfig);
  return {
    ready: { doors: relay.doors },
    answer: (question) => relay.handle(question as RelayCommand),
  };
});

import type { CommandResult, LinuxOs } from '../os.ts';
import { startTool, type ToolProcess } from '../tool-process.ts';
import { findTool } from '../tools.ts';

const LOAD: readonly string[] = ['-f', '-'];

/** Runs tools as LinuxOs does, and loads scripts with an nft that has started before, where there is one. */
export interface ReadyNft extends Pick<LinuxOs, 'run'> {
  /** Starts the nft that the next script is loaded with: a program that has just begun waits for it. */
  readonly prepare: () => void;
  /** Ends it. */
  readonly dismiss: () => void;
}

export function readyNft(os: Pick<LinuxOs, 'run'>): ReadyNft {
  let ready: ToolProcess | undefined;
  const take = (): ToolProcess | undefined => {
    const taken = ready?.waits() === true ? ready : undefined;
    ready = undefined;
    return taken;
  };
  return {
    run: async (tool, args, input) => {
      const loads = tool === 'nft' && args.join(' ') === LOAD.join(' ');
      const done: Promise<CommandResult> | undefined = loads ? take()?.finish(input) : undefined;
      return done ? { ok: true, value: await done } : os.run(tool, args, input);
    },
    prepare: () => {
      if (ready?.waits() === true) return;
      const path = findTool('nft');
      // Whoever then wants to run it is told that it is missing.
      if (path.ok) ready = startTool(path.value, LOAD);
    },
    dismiss: () => void take()?.finish(''),
  };
}

import { flipFuses, FuseState, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';

/*
 * The fuses of the Electron that is shipped: switches in its program that nobody can turn without changing the program.
 * What is not needed is off, so that the app cannot be made to run somebody else's code with its name and its rights in
 * the keychain. Fuses are blown before a program is signed. Tests drive an Electron that can be inspected, and so not
 * this one.
 */

type Fuse = keyof typeof FuseV1Options;

export const RELEASE_FUSES = {
  /** ELECTRON_RUN_AS_NODE would make a Node of it. */
  RunAsNode: false,
  /** The page stores nothing on a disk; if it ever did, not in plain text. */
  EnableCookieEncryption: true,
  /** NODE_OPTIONS would load code into the main process. */
  EnableNodeOptionsEnvironmentVariable: false,
  /** So would a debugger, by --inspect. */
  EnableNodeCliInspectArguments: false,
  /** On macOS and Windows the archive of the app has to be the one whose hash the program holds. */
  EnableEmbeddedAsarIntegrityValidation: true,
  /** A directory beside the archive is not taken for the app. */
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  /** The page comes from an origin of its own, so that file: needs no rights beyond those of a browser. */
  GrantFileProtocolExtraPrivileges: false,
} as const satisfies Partial<Record<Fuse, boolean>>;

/** Blows the fuses of a program. Rejects when it has none, or cannot be written. */
export async function blowFuses(program: string): Promise<void> {
  const fuses: Partial<Record<FuseV1Options, boolean>> = Object.fromEntries(
    Object.entries(RELEASE_FUSES).map(([name, isOn]) => [FuseV1Options[name as Fuse], isOn]),
  );
  await flipFuses(program, { version: FuseVersion.V1, ...fuses });
}

/** The fuses of a program that are not as they are shipped, by their names; none when it is good. */
export async function wrongFuses(program: string): Promise<readonly string[]> {
  const wire = await getCurrentFuseWire(program);
  return Object.entries(RELEASE_FUSES)
    .filter(
      ([name, isOn]) => wire[FuseV1Options[name as Fuse]] !== (isOn ? FuseState.ENABLE : FuseState.DISABLE),
    )
    .map(([name]) => name);
}

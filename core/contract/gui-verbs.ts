/**
 * The names of what the window may ask of the app: one verb a need. The preload script makes a function of each, and
 * nothing else of the app can be reached from the page. gui-api.ts has what each takes and gives.
 */
export const GUI_VERBS = [
  'connect',
  'disconnect',
  'answerNeed',
  'refuseNeed',
  'forgetSecret',
  'readProfile',
  'writeProfile',
  'removeProfile',
  'chooseImport',
  'convertImport',
  'dropProposal',
  'describeCertificates',
  'exportProfile',
  'readPolicy',
  'readFixedPolicy',
  'writePolicy',
  'lintPolicy',
  'explain',
  'writeAppSettings',
  'writeMachineSettings',
  'openPortal',
  'readLog',
  'doctor',
  'repair',
  'makeReport',
  'saveReport',
  'retryService',
  'restartApp',
] as const;

export type GuiVerb = (typeof GUI_VERBS)[number];

/** The channels of the bridge. */
export const GUI_CALL_CHANNEL = 'causeway:call';
export const GUI_STATE_CHANNEL = 'causeway:state';

import tseslint from 'typescript-eslint';
import { IMPURE_GLOBALS, IMPURE_MEMBERS, LAYERS, PURE_NODE_MODULES, PURE_ROOMS } from './test/arch/layers.ts';

/** Every room that `room` may not import, as patterns on the relative path of an import. */
function forbiddenRooms(room) {
  const allowed = LAYERS[room] ?? [];
  return Object.keys(LAYERS)
    .filter(
      (other) => other !== room && !allowed.some((a) => other.startsWith(a) || a.startsWith(`${other}/`)),
    )
    .map((other) => `**/${other.replace(/^core\//, '')}/**`);
}

const layerRules = Object.keys(LAYERS).map((room) => ({
  files: [`${room}/**/*.ts`, `${room}/**/*.tsx`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: ['**/test/**', '**/build/**'], message: 'Nothing imports test or build.' },
          {
            group: forbiddenRooms(room),
            message: `The direction rules (test/arch/layers.ts) do not let ${room} import this room.`,
          },
          ...(PURE_ROOMS.includes(room)
            ? [
                {
                  regex: `^node:(?!(${PURE_NODE_MODULES.map((m) => m.slice(5)).join('|')})$)`,
                  message: 'Pure room: no input or output here.',
                },
              ]
            : []),
        ],
      },
    ],
  },
}));

export default [
  {
    ignores: [
      '**/node_modules/**',
      'core/node-tun/build/**',
      'build/out/**',
      'out/**',
      '.cache/**',
      'eslint.config.js',
      '**/*.cjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'TSEnumDeclaration', message: 'Use a const object and a union.' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: PURE_ROOMS.map((room) => `${room}/**/*.ts`),
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
      'no-restricted-properties': ['error', ...IMPURE_MEMBERS],
    },
  },
  ...layerRules,
  {
    files: ['test/**/*.ts'],
    rules: {
      // node:test's `test` and `describe` return promises that the runner awaits itself.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'describe', 'it', 'suite'] },
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
];

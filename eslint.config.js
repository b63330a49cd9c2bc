import tseslint from 'typescript-eslint'
import { roomsRule } from './rooms.js'

export default tseslint.config(
  { ignores: ['node_modules', 'dist*', 'vault/wasm/*.as.ts', 'examples/*/node_modules'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { house: { rules: { rooms: roomsRule } } },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'house/rooms': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-control-regex': 'off',
      // Loaded with the first question: see cli/questions.ts.
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: [{ name: '@inquirer/prompts', allowTypeImports: true }] },
      ],
      eqeqeq: 'error',
    },
  },
)

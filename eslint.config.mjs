// Lint: correctness rules that need types (floating promises), and the imports this project forbids, each with its reason.
import tseslint from 'typescript-eslint';

const etcdTraps = {
  selector:
    "CallExpression[callee.property.name=/^(election|lease|lock)$/][callee.object.name=/^(client|etcd)$/], MemberExpression[object.name=/^(client|etcd)$/][property.name='watch']",
  message:
    "etcd3's election, lease keep-alive, lock and watcher lose leases and events: use libs/store (field notes, etcd client).",
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/*.mjs', '**/*.cjs', '**/.stryker-tmp/**', 'coverage/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'max-lines': ['error', { max: 400 }],
      'no-restricted-syntax': ['error', etcdTraps],
    },
  },
  {
    files: ['**/*.ts'],
    // The second speaks the CRI of container runtimes.
    ignores: ['libs/store/src/**', 'apps/e2e/src/runtimes/cri/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'etcd3', message: 'Only libs/store knows etcd.' },
            { name: '@grpc/grpc-js', message: 'Only libs/store knows etcd.' },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/store/src/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'etcd3',
              importNames: ['Election', 'Campaign', 'Lease', 'Lock', 'Watcher', 'WatchBuilder', 'SoftwareTransaction'],
              message:
                'Reproduced to elect two leaders, lose events or never exit (field notes, etcd client): use the raw clients.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'libs/testing/src/**/*.ts', 'apps/e2e/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);

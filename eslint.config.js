import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What each folder may import of ours, besides itself and `errors`. Imports go one way. */
const layers = {
  errors: [],
  'engine/runtime': [],
  'engine/kernels': [],
  'engine/graph': [],
  'engine/ops': ['engine/graph'],
  'engine/autodiff': ['engine/graph', 'engine/ops'],
  'engine/nn': ['engine/graph', 'engine/ops'],
  'engine/losses': ['engine/graph', 'engine/ops'],
  'engine/schedules': [],
  'engine/optim': ['engine/kernels', 'engine/runtime'],
  'engine/checkpoint': ['store'],
  'engine/tokenization': ['engine/checkpoint'],
  'engine/models': ['engine/graph', 'engine/ops', 'engine/nn'],
  'engine/quantization': ['engine/graph'],
  'engine/export': [
    'engine/quantization',
    'engine/inference',
    'engine/checkpoint',
    'engine/graph',
    'engine/ops',
    'engine/nn',
    'engine/models',
  ],
  'engine/inference': [
    'engine/quantization',
    'engine/graph',
    'engine/ops',
    'engine/nn',
    'engine/models',
    'engine/runtime',
    'engine/checkpoint',
    'engine/tokenization',
    'data',
    'metrics',
    'pipeline',
    'tasks',
  ],
  'engine/training': ['engine', 'data', 'metrics', 'pipeline', 'tasks'],
  ensemble: [
    'engine/graph',
    'engine/models',
    'engine/export',
    'engine/checkpoint',
    'engine/inference',
    'metrics',
    'pipeline',
    'store',
    'tasks',
  ],
  serving: ['ensemble', 'engine/checkpoint', 'tasks'],
  metrics: [],
  tasks: ['metrics'],
  data: ['tasks'],
  store: [],
  pipeline: ['tasks'],
  report: ['metrics', 'activities', 'tasks', 'pipeline'],
  workflows: ['pipeline', 'activities', 'engine/training', 'store'],
  activities: ['engine', 'ensemble', 'data', 'metrics', 'report', 'store', 'pipeline', 'tasks'],
  worker: ['activities', 'workflows', 'store', 'engine', 'ensemble', 'pipeline', 'infra', 'report', 'data'],
  infra: ['store'],
  cli: [
    'worker',
    'activities',
    'workflows',
    'store',
    'engine',
    'ensemble',
    'serving',
    'pipeline',
    'infra',
    'data',
    'metrics',
    'tasks',
    'report',
  ],
  library: [
    'activities',
    'cli',
    'ensemble',
    'engine',
    'pipeline',
    'report',
    'store',
    'tasks',
    'worker',
    'workflows',
  ],
};

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'engine/kernels/assembly/**', 'test/golden/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      // `{ left, ...rest }` is how a field is left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: Object.entries(layers).flatMap(([target, allowed]) =>
            Object.keys(layers)
              .filter((folder) => folder !== 'errors' && folder !== target)
              .filter((folder) => !allowed.some((name) => folder === name || folder.startsWith(`${name}/`)))
              .map((folder) => ({
                target: `./${target}`,
                from: `./${folder}`,
                message: `${target} may import only ${[...allowed, 'errors'].join(', ')}`,
              })),
          ),
        },
      ],
    },
  },
);

import { defineConfig } from 'vitest/config';

const shared = {
  environment: 'node' as const,
  pool: 'forks' as const,
  // The closing lines of `make test` are all that is kept of a run elsewhere: a failure names what it saw.
  chaiConfig: { truncateThreshold: 1_000 },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          pool: 'threads',
          include: ['libs/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/*.sim.test.ts', '**/*.root.test.ts', '**/*.kernel.test.ts', 'apps/e2e/**'],
          testTimeout: 20_000,
        },
      },
      {
        // Thousands of simulated runs, over every core by itself.
        test: {
          ...shared,
          name: 'simulation',
          include: ['apps/*/src/**/*.sim.test.ts'],
          testTimeout: 600_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'int',
          globalSetup: ['libs/testing/src/docker/global-setup.ts'],
          include: ['{libs,apps}/*/src/**/*.int.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // Needs root and network namespaces on this machine: adapters against the real kernel.
        test: {
          ...shared,
          name: 'root',
          include: ['{libs,apps}/*/src/**/*.root.test.ts'],
          exclude: ['apps/e2e/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        // Needs the kernel's WireGuard: deploy/test-kernel runs it in a virtual machine, where everything is ten times slower.
        test: {
          ...shared,
          name: 'kernel',
          pool: 'threads',
          isolate: false,
          include: [
            '{libs,apps}/*/src/**/*.kernel.test.ts',
            'apps/node-manager/src/attachments/attachments.root.test.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['apps/e2e/src/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
    // The parts that decide and have no effects; adapters are shown by the contract suites on the real thing.
    coverage: {
      provider: 'v8',
      reporter: ['text-summary', 'text'],
      include: ['libs/ipam/src/**/*.ts', 'libs/wg/src/*.ts', 'libs/store/src/**/*.ts'],
      exclude: [
        '**/*.test.ts',
        '**/index.ts',
        '**/naive-model.ts',
        '**/store-contract.ts',
        'libs/wg/src/backend.ts',
        'libs/store/src/etcd/**',
      ],
      thresholds: {
        'libs/ipam/src/**': { branches: 95 },
        'libs/wg/src/*.ts': { branches: 95 },
        'libs/store/src/**': { branches: 95 },
      },
    },
  },
});

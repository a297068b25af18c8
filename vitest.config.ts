import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Where CI wants the runner's own report. */
const report = process.env['TUF_SIGNER_REPORT'];
const shared = {
  environment: 'node',
  testTimeout: 60_000,
  hookTimeout: 120_000,
  globalSetup: 'test/support/once-a-run.ts',
} as const;

const config: ViteUserConfig = defineConfig({
  test: {
    // Its own default leaves a core idle, which on two of them is half the machine.
    maxWorkers: '100%',
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'signer-cli/**/*.ts'],
      reporter: ['text-summary', 'html'],
      // What decides over a signature has no branch that no test takes, but for those that the types alone ask for.
      thresholds: {
        'src/metadata/**': { branches: 95 },
        'src/repository/**': { branches: 95 },
        'src/event/**': { branches: 95 },
      },
    },
    projects: [
      { test: { ...shared, name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/interop/**'] } },
      {
        test: {
          ...shared,
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
    ],
  },
});

export default config;

import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Where CI wants the runner's own report. */
const report = process.env['TUF_SIGNER_REPORT'];
const shared = {
  environment: 'node',
  testTimeout: 30_000,
  hookTimeout: 60_000,
  globalSetup: 'test/support/once-a-run.ts',
} as const;

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'signer-cli/**/*.ts'],
      reporter: ['text-summary', 'html'],
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

import { defineConfig, type ViteUserConfig } from 'vitest/config';

const shared = { environment: 'node', testTimeout: 30_000, hookTimeout: 60_000 } as const;

const config: ViteUserConfig = defineConfig({
  test: {
    reporters:
      process.env['CI'] === undefined
        ? ['default']
        : ['default', ['json', { outputFile: 'coverage/report.json' }]],
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

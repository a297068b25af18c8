import { rooms } from './rooms.mjs';

const { name, mutate } = rooms.find(room => room.name === process.env.MUTATION_ROOM);
const folder = `.mutation/${name}`;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'script/mutation/vitest.config.mjs', related: false },
  mutate,
  coverageAnalysis: 'perTest',
  // What runs only while a file is loaded (tables, patterns) would take every test, anew for each mutant.
  ignoreStatic: true,
  mutator: { excludedMutations: process.env.MUTATION_STRINGS === '1' ? [] : ['StringLiteral'] },
  concurrency: Number(process.env.MUTATION_WORKERS ?? '2'),
  timeoutMS: 15_000,
  // TypeScript 7 has no API that Stryker could rewrite a tsconfig.json with, and nothing needs it rewritten.
  tsconfigFile: 'none.json',
  ignorePatterns: ['dist', '.mutation', 'coverage', '.bench', '.interop', 'docs'],
  warnings: { slow: false },
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: `${folder}/report.json` },
  incremental: true,
  incrementalFile: `${folder}/incremental.json`,
  tempDirName: `${folder}/sandbox`,
};

/**
 * What is mutated, and the tests that have to notice: those of the file itself, so that each rule is held by its own table
 * and not by chance elsewhere.
 */
const rule = (name, table = name) => ({
  name: `rules/${name}`,
  mutate: [`src/event/rules/${name}.ts`],
  tests: [`test/event/rules/${table}.test.ts`],
});

const event = (name, ...tests) => ({
  name: `event/${name}`,
  mutate: [`src/event/${name}.ts`],
  tests: tests.map(test => `test/event/${test}.test.ts`),
});

export const rooms = [
  {
    name: 'metadata',
    mutate: ['src/metadata/{quorum,scheme,key,canonical,delegation,periods,pattern}.ts'],
    tests: ['test/metadata/**/*.test.ts'],
  },
  rule('artifacts'),
  rule('attestation'),
  rule('base'),
  rule('clients'),
  rule('delegations', 'ownership'),
  rule('drill'),
  rule('history'),
  rule('keys'),
  rule('layout'),
  rule('lifetime'),
  rule('margin'),
  rule('online'),
  rule('ownership'),
  rule('peers'),
  rule('people'),
  rule('policy'),
  rule('quorums'),
  rule('schema'),
  rule('takeovers', 'ownership'),
  rule('threshold'),
  rule('table'),
  {
    name: 'drill',
    mutate: ['src/event/drill/*.ts'],
    tests: ['test/event/drill.test.ts', 'test/event/rules/drill.test.ts'],
  },
  event('calendar', 'calendar'),
  event('words', 'words'),
  event('cards', 'rules/people', 'rules/attestation', 'describe'),
  event('judge', 'judge'),
  event('plan', 'plan', 'report'),
  event('report', 'report'),
  event('context', 'context', 'judge', 'plan', 'report', 'rules/quorums'),
  event('describe', 'describe', 'describe/parts'),
  {
    name: 'describe',
    mutate: ['src/event/describe/**/*.ts'],
    tests: ['test/event/describe/**/*.test.ts'],
  },
];

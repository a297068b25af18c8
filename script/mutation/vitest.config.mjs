import { defineConfig } from 'vitest/config';
import { rooms } from './rooms.mjs';

const room = rooms.find(({ name }) => name === process.env.MUTATION_ROOM);

/** Runs inside Stryker, in its copy of the project. */
export default defineConfig({
  test: {
    environment: 'node',
    testTimeout: 30_000,
    // One worker for all files: starting one a file takes longer than its tests.
    isolate: false,
    include: room.tests,
  },
});

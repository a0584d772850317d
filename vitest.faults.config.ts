import { defineConfig } from 'vitest/config';

/** Minutes of a whole cluster whose processes and broker are killed at random while its chains reorganise. */
export default defineConfig({
  test: {
    include: ['test/cluster/faults.test.ts'],
    pool: 'forks',
    hookTimeout: 300_000,
  },
});

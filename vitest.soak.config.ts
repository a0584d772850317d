import { defineConfig } from 'vitest/config';

/** Ten minutes of a node that reorganises at random, read through sources of which one lies. */
export default defineConfig({
  test: {
    include: ['test/soak/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    env: { SOAK_SECONDS: process.env.SOAK_SECONDS ?? '600' },
    hookTimeout: 120_000,
  },
});

import { defineConfig } from 'vitest/config';

/** Suites that start whole networks and take minutes, one after another. What only computes is in `vitest.thorough.config.ts`. */
export default defineConfig({
  test: {
    include: ['test/slow/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 90_000 } },
  },
});

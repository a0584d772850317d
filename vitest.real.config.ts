import { defineConfig } from 'vitest/config';

/** Sources over real nodes of others: btcd and litecoind where they are installed. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});

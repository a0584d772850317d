import { defineConfig } from 'vitest/config';

/** Over real programs of others, where they are: nodes, Kafka. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    globalSetup: ['test/support/kafka/prefetch.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 90_000 } },
  },
});

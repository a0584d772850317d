import { defineConfig } from 'vitest/config';

/** Suites that only compute, for minutes: side by side. */
export default defineConfig({
  test: {
    include: ['**/*.slow.test.ts'],
    exclude: ['node_modules', 'dist', 'data'],
    pool: 'forks',
    maxWorkers: '100%',
    execArgv: ['--expose-gc'],
    testTimeout: 900_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 90_000 } },
  },
});

import { defineConfig } from 'vitest/config';

/** Ten million hostile inputs to everything that reads bytes: five million for each of two suites, side by side. */
export default defineConfig({
  test: {
    include: ['test/fuzz/**/*.test.ts'],
    pool: 'forks',
    execArgv: ['--expose-gc'],
    env: { FUZZ_INPUTS: process.env.FUZZ_INPUTS ?? '5000000' },
    testTimeout: 1_800_000,
  },
});

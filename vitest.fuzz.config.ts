import { defineConfig } from 'vitest/config';

/** Five million hostile inputs for each suite of things that read bytes, side by side. */
export default defineConfig({
  test: {
    include: ['test/fuzz/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: '100%',
    execArgv: ['--expose-gc'],
    env: { FUZZ_INPUTS: process.env.FUZZ_INPUTS ?? '5000000' },
    testTimeout: 1_800_000,
  },
});

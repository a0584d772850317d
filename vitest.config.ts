import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: [
      'node_modules',
      'dist',
      'data',
      'test/slow/**',
      '**/*.slow.test.ts',
      'test/real/**',
      'test/soak/**',
      'test/cluster/faults.test.ts',
    ],
    pool: 'forks',
    // By default one core stays idle, which is half of a small machine.
    maxWorkers: '100%',
    // What a test says of memory is measured after a collection.
    execArgv: ['--expose-gc'],
    // Far above what any takes by itself: tests wait for events, and other work on the machine must not end them.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 90_000 } },
  },
});

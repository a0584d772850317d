import { Gauge, type Registry } from 'prom-client';
import type { Source } from '../adapters/source.js';

/** From so many seconds on it is told; below `FINE` it may be told again. */
const TOLD = 3;
const FINE = 1;

export type ClockedSource = Pick<Source, 'chain' | 'name' | 'clockSkew'>;

/**
 * Shows at `/metrics` how far this machine's clock is from its sources' clocks, and warns in the log, once until it is right again, where
 * more than half of those that tell the time agree that it is wrong.
 * @returns what ends it
 */
export function watchClock(
  sources: readonly ClockedSource[],
  registry: Registry,
  log: { warn(facts: object, text: string): void },
  everyMs = 10_000,
): () => Promise<void> {
  new Gauge({
    name: 'crossroot_clock_skew_seconds',
    help: 'Seconds by which this machine’s clock is ahead of a source’s, as far as is certain; negative: behind',
    labelNames: ['chain', 'source'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { chain, name, clockSkew } of sources)
        if (clockSkew !== undefined) this.set({ chain, source: name }, clockSkew);
    },
  });
  let warned = false;
  const timer = setInterval(() => {
    const skew = agreed(sources.flatMap(({ clockSkew }) => clockSkew ?? []));
    if (Math.abs(skew) < FINE) warned = false;
    if (warned || Math.abs(skew) < TOLD) return;
    warned = true;
    const seconds = Math.round(Math.abs(skew) * 10) / 10;
    log.warn(
      { seconds: skew },
      `this machine's clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} its sources' clocks: let it be set from the network (NTP)`,
    );
  }, everyMs);
  timer.unref();
  return async () => clearInterval(timer);
}

/** What more than half go so far with: the middle one, of two in the middle the one nearer to 0. */
function agreed(skews: readonly number[]): number {
  const sorted = [...skews].sort((a, b) => a - b);
  const middle = [sorted[(sorted.length - 1) >> 1] ?? 0, sorted[sorted.length >> 1] ?? 0];
  return middle.reduce((best, one) => (Math.abs(one) < Math.abs(best) ? one : best));
}

import { Counter, Gauge, type Registry } from 'prom-client';
import type { SourceHealth } from '../indexers/follow/health.js';

export interface ChainSources {
  readonly chain: string;
  readonly sources: readonly SourceHealth[];
}

const GAUGES: readonly (readonly [
  name: string,
  help: string,
  of: (source: SourceHealth) => number | undefined,
])[] = [
  ['healthy', '1 while the last poll of the source succeeded', ({ healthy }) => (healthy ? 1 : 0)],
  ['health_score', '0 to 100: faults, failures, being behind and latency lower it', ({ score }) => score],
  ['failed_polls', 'Failed polls since the follower began', ({ errors }) => errors],
  ['faults', 'Weight of answers that could not be true; fades with good ones', ({ faults }) => faults],
  ['latency_seconds', 'Time of an answer, moving average', ({ latencyMs }) => latencyMs / 1000],
  ['height', 'Height of the tip that it named last', ({ tipHeight }) => tipHeight],
];

/** Shows at `/metrics` how each source of the chains that this process follows does. */
export function showSources(chains: () => readonly ChainSources[], registry: Registry): void {
  for (const [name, help, of] of GAUGES)
    new Gauge({
      name: `crossroot_source_${name}`,
      help,
      labelNames: ['chain', 'source'] as const,
      registers: [registry],
      collect() {
        this.reset();
        for (const { chain, sources } of chains())
          for (const source of sources) {
            const value = of(source);
            if (value !== undefined) this.set({ chain, source: source.name }, value);
          }
      },
    });
}

export interface GroupView {
  /** Chains that this process works on now. */
  readonly chains: readonly string[];
  /** Times that the membership was lost. */
  readonly losses: number;
}

/** Shows at `/metrics` which of the shared chains this process has. */
export function showGroup(all: readonly string[], group: () => GroupView, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'crossroot_group_assigned',
    help: '1 where the chain is this process’s to work on',
    labelNames: ['chain'] as const,
    registers,
    collect() {
      const { chains } = group();
      for (const chain of all) this.set({ chain }, chains.includes(chain) ? 1 : 0);
    },
  });
  new Counter({
    name: 'crossroot_group_losses_total',
    help: 'Times that the membership of the group was lost',
    registers,
    collect() {
      this.reset();
      this.inc(group().losses);
    },
  });
}

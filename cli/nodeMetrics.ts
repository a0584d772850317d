import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { CounterName, GaugeName, NodeMetrics } from '../mainchain/node/metrics.js';

const gauges: Readonly<Record<GaugeName, string>> = {
  head_height: 'Height of the best main block',
  justified_height: 'Height of the highest justified main block',
  finalized_height: 'Height of the newest final main block',
  term: 'Current term',
  peers: 'Connected peers',
  pool: 'Pending transactions',
  voting: '1 while this delegate votes, 0 while it abstains',
};
const counters: Readonly<Record<CounterName, string>> = {
  blocks_imported: 'Blocks taken into the tree',
  blocks_produced: 'Blocks of its own',
  votes_sent: 'Votes cast',
  votes_received: 'Votes of others',
  certificates: 'Certificates learnt',
  reorgs: 'Changes of the best branch that undid blocks',
  evidence: 'Faults of delegates seen',
  transactions: 'Transactions taken into the pool',
};

/** A delegate's numbers for Prometheus, `crossroot_node_…`. */
export function nodeMetrics(): NodeMetrics & { readonly registry: Registry; text(): Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const gauge = new Map(
    Object.entries(gauges).map(([name, help]) => [
      name,
      new Gauge({ name: `crossroot_node_${name}`, help, registers }),
    ]),
  );
  const counter = new Map(
    Object.entries(counters).map(([name, help]) => [
      name,
      new Counter({ name: `crossroot_node_${name}_total`, help, registers }),
    ]),
  );
  return {
    registry,
    gauge: (name, value) => gauge.get(name)?.set(value),
    count: (name) => counter.get(name)?.inc(),
    text: () => registry.metrics(),
  };
}

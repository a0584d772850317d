/** Numbers that a node reports as they change. */
export type GaugeName =
  | 'head_height'
  | 'justified_height'
  | 'finalized_height'
  | 'term'
  | 'peers'
  | 'pool'
  | 'voting';
/** Events that a node counts. */
export type CounterName =
  | 'blocks_imported'
  | 'blocks_produced'
  | 'votes_sent'
  | 'votes_received'
  | 'certificates'
  | 'reorgs'
  | 'evidence'
  | 'transactions';

/** Where a node's numbers go, such as Prometheus. */
export interface NodeMetrics {
  gauge(name: GaugeName, value: number): void;
  count(name: CounterName): void;
}

export const noMetrics: NodeMetrics = { gauge: () => undefined, count: () => undefined };

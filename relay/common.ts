import { type Genesis, GenesisType } from '../proofs/containers/genesis.js';
import type { RelayListener } from './events.js';
import { type RelayMetrics, relayMetrics } from './metrics.js';
import { type Clock, type NamedClient, systemClock } from './ports.js';
import { type FailoverClient, failoverClient } from './submit/failover.js';

/** What every service of this room is given. */
export interface CommonConfig {
  /** Every delegate's node, the preferred one first. */
  readonly nodes: readonly NamedClient[];
  /** The trusted beginning of the main chain: a node of another one is not used. Default: whatever the nodes have. */
  readonly genesis?: Genesis | undefined;
  /** By default new ones. */
  readonly metrics?: RelayMetrics;
  readonly clock?: Clock;
  readonly onEvent?: RelayListener;
  /** Faults of this process itself, for the log. */
  readonly onFault?: (error: unknown) => void;
}

/** What the services of one process share. */
export interface Common {
  readonly nodes: readonly NamedClient[];
  /** Whichever node answers. */
  readonly client: FailoverClient;
  readonly metrics: RelayMetrics;
  readonly clock: Clock;
  readonly emit: RelayListener;
  readonly fault: (error: unknown) => void;
}

/** One client over all nodes, one set of metrics, one listener. */
export function commonOf(config: CommonConfig): Common {
  const metrics = config.metrics ?? relayMetrics();
  const emit: RelayListener = (event) => config.onEvent?.(event);
  const client = failoverClient(config.nodes, {
    genesisRoot: config.genesis && GenesisType.hashTreeRoot(config.genesis),
    onSwitch: (to, cause) => {
      metrics.errors.inc({ chain: '', class: errorClass(cause) });
      const message = `main chain: changing to ${to}: ${errorText(cause)}`;
      emit({ type: 'warning', chain: undefined, message, retryInMs: 0 });
    },
  });
  return {
    nodes: config.nodes,
    client,
    metrics,
    clock: config.clock ?? systemClock,
    emit,
    fault: (error) => config.onFault?.(error),
  };
}

/** Name of an error's class, for metrics. */
export function errorClass(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

/** An error in one line, for people. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

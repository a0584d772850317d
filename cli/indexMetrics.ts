import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventLog } from '../indexers/log/eventLog.js';
import type { ConsumerStatus } from '../indexers/sinks/consumer.js';

/** What `/metrics` shows of an index store's use, since the start of the process. */
function storeCounters(registry: Registry) {
  const registers = [registry];
  return {
    rows: new Counter({
      name: 'crossroot_index_rows_total',
      help: 'Events, blocks or records that were written to the index, each time that they were',
      labelNames: ['what'] as const,
      registers,
    }),
    batches: new Counter({
      name: 'crossroot_index_batches_total',
      help: 'Writes to the index',
      labelNames: ['what'] as const,
      registers,
    }),
    errors: new Counter({
      name: 'crossroot_index_errors_total',
      help: 'Writes to the index and queries that failed',
      labelNames: ['what', 'class'] as const,
      registers,
    }),
    writes: new Histogram({
      name: 'crossroot_index_write_seconds',
      help: 'Time of a write to the index',
      labelNames: ['what'] as const,
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
    queries: new Histogram({
      name: 'crossroot_index_query_seconds',
      help: 'Time of a query of the index',
      labelNames: ['what'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
  };
}

type Method = (...parameters: readonly unknown[]) => unknown;

/**
 * The same index store, whose every call is timed and counted at `/metrics` under the method's name; methods whose names
 * begin with `write` are writes, and the list that they take is what is counted.
 */
export function measuredStore<Store extends object>(store: Store, registry: Registry): Store {
  const { rows, batches, errors, writes, queries } = storeCounters(registry);
  const measure = (what: string, method: Method): Method => {
    const writing = what.startsWith('write');
    return (...parameters) => {
      const end = (writing ? writes : queries).startTimer({ what });
      const answer = method(...parameters);
      if (!(answer instanceof Promise)) return answer;
      return answer.then(
        (result: unknown) => {
          end();
          if (!writing) return result;
          batches.inc({ what });
          const list = parameters.find((one) => Array.isArray(one));
          if (Array.isArray(list)) rows.inc({ what }, list.length);
          return result;
        },
        (error: unknown) => {
          errors.inc({ what, class: error instanceof Error ? error.name : 'unknown' });
          throw error;
        },
      );
    };
  };
  const measured = new Map<PropertyKey, Method>();
  return new Proxy(store, {
    get(target, key) {
      // Of the store itself: private fields are not the proxy's.
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || typeof key !== 'string') return value;
      let method = measured.get(key);
      if (method === undefined) {
        method = measure(key, (...parameters) => Reflect.apply(value, target, parameters));
        measured.set(key, method);
      }
      return method;
    },
  });
}

/** Shows at `/metrics` how far the log's consumers are: of the index, of the transaction map. */
export function showConsumers(
  statuses: () => readonly ConsumerStatus[],
  log: Pick<EventLog, 'last'>,
  registry: Registry,
): void {
  const labelNames = ['chain', 'sink'] as const;
  const registers = [registry];
  new Gauge({
    name: 'crossroot_sink_event_number',
    help: 'Number of the last event whose effect is durable',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { chain, name, done } of statuses()) this.set({ chain, sink: name }, done);
    },
  });
  new Gauge({
    name: 'crossroot_sink_lag_events',
    help: 'Events of the log, as far as it is here, that are not done',
    labelNames,
    registers,
    async collect() {
      const lags = await Promise.all(
        statuses().map(async ({ chain, name, done }) => {
          const last = (await log.last(chain))?.number ?? 0;
          return { chain, sink: name, lag: Math.max(0, last - done) };
        }),
      );
      this.reset();
      for (const { lag, ...labels } of lags) this.set(labels, lag);
    },
  });
  new Gauge({
    name: 'crossroot_sink_failures',
    help: 'Steps that failed in a row; 0 while it works',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { chain, name, failures } of statuses()) this.set({ chain, sink: name }, failures);
    },
  });
}

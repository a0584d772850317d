import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventLog } from '../indexers/log/eventLog.js';
import type { ConsumerStatus } from '../indexers/sinks/consumer.js';
import type { IndexService, IndexStatus } from '../indexers/sinks/indexService.js';
import type { DroppedProofs } from '../indexers/sinks/sampler.js';

type Method = (...parameters: readonly unknown[]) => unknown;

/**
 * Times and counts at `/metrics` every call of an index store, under the method's name; methods whose names begin with
 * `write` or `publish` are writes.
 * @returns the same store, measured
 */
export function storeMeter(registry: Registry): <Store extends object>(store: Store) => Store {
  const registers = [registry];
  const labelNames = ['what'] as const;
  const errors = new Counter({
    name: 'crossroot_index_errors_total',
    help: 'Writes to the index and queries that failed',
    labelNames: ['what', 'class'] as const,
    registers,
  });
  const writes = new Histogram({
    name: 'crossroot_index_write_seconds',
    help: 'Time of a write to the index',
    labelNames,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const queries = new Histogram({
    name: 'crossroot_index_query_seconds',
    help: 'Time of a query of the index',
    labelNames,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const measure = (what: string, method: Method): Method => {
    const seconds = /^(write|publish)/.test(what) ? writes : queries;
    return (...parameters) => {
      const end = seconds.startTimer({ what });
      const answer = method(...parameters);
      if (!(answer instanceof Promise)) return answer;
      return answer.then(
        (result: unknown) => {
          end();
          return result;
        },
        (error: unknown) => {
          errors.inc({ what, class: error instanceof Error ? error.name : 'unknown' });
          throw error;
        },
      );
    };
  };
  return (store) => {
    const measured = new Map<string, Method>();
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
  };
}

/** An index whose store is one or another by the time that it is asked for, such as `OpenIndex`. */
export function measuredIndex<Handle extends { readonly store: object }>(
  handle: Handle,
  registry: Registry,
): Handle {
  const meter = storeMeter(registry);
  let last: { readonly of: object; readonly measured: object } | undefined;
  return new Proxy(handle, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (key === 'store') {
        const { store } = target;
        if (last?.of !== store) last = { of: store, measured: meter(store) };
        return last.measured;
      }
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Shows at `/metrics` what fills the index, and how far it is. */
export function showIndex(
  service: Pick<IndexService, 'status' | 'consumers' | 'lags'>,
  log: Pick<EventLog, 'last'>,
  registry: Registry,
): void {
  showConsumers(() => service.consumers(), log, registry);
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    values: (status: IndexStatus) => readonly (readonly [Partial<Record<Label, string>>, number])[],
  ) =>
    new Gauge({
      name: `crossroot_index_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const [labels, value] of values(service.status())) this.set(labels, value);
      },
    });
  gauge('available', '1 while the index is open', [], ({ available }) => [[{}, available ? 1 : 0]]);
  gauge('rebuilding', '1 while a new set of tables is filled', [], ({ rebuild }) => [
    [{}, rebuild === undefined ? 0 : 1],
  ]);
  gauge(
    'backfill_events',
    'Events below the live work whose contents are to come',
    ['chain'],
    ({ contents }) => contents.map(({ chain, backfill }) => [{ chain }, backfill.left]),
  );
  gauge('backfill_events_per_second', 'Pace of the backfill', ['chain'], ({ contents }) =>
    contents.map(({ chain, backfill }) => [{ chain }, backfill.perSecond]),
  );
  gauge(
    'skipped_blocks',
    'Blocks off the best chain that no source had any more',
    ['chain'],
    ({ contents }) => contents.map(({ chain, skipped }) => [{ chain }, skipped]),
  );
  gauge(
    'unreadable_blocks',
    'Blocks whose contents this program cannot read, since the start',
    ['chain'],
    ({ contents }) => contents.map(({ chain, unreadable }) => [{ chain }, unreadable]),
  );
  gauge(
    'stream_lag_records',
    'Main-chain blocks and evidence that are not in the index yet',
    ['stream'],
    (status) => status.streams.map(({ stream, lag }) => [{ stream }, lag]),
  );
  gauge('lost_samples', 'Samples that could not be written', [], ({ lost }) => [[{}, lost]]);
  showDropped(() => service.status().dropped, registry);
  new Gauge({
    name: 'crossroot_index_lag_seconds',
    help: 'Seconds since the oldest event or record that is not in the index was written into the log',
    labelNames: ['chain', 'stream'] as const,
    registers: [registry],
    async collect() {
      const lags = await service.lags().catch(() => []);
      this.reset();
      for (const { chain, stream, seconds } of lags) this.set({ chain, stream }, seconds);
    },
  });
  new Counter({
    name: 'crossroot_index_repaired_total',
    help: 'Rows that were published and found lost: events, blocks with their contents, records; they are taken again',
    labelNames: ['what'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const [what, count] of Object.entries(service.status().repaired)) this.inc({ what }, count);
    },
  });
  new Counter({
    name: 'crossroot_index_certificates_total',
    help: 'Certificates of main-chain blocks taken in: verified, unverified (delegates not to be had), wrong (set aside)',
    labelNames: ['verdict'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const [verdict, count] of Object.entries(service.status().certificates))
        this.inc({ verdict }, count);
    },
  });
  new Counter({
    name: 'crossroot_index_rows_total',
    help: 'Events, blocks with their contents, main-chain blocks and evidence written to the index, repeats included',
    labelNames: ['what'] as const,
    registers: [registry],
    collect() {
      const { events, blocks, mainBlocks, evidence } = service.status().rows;
      this.reset();
      for (const [what, rows] of Object.entries({ events, blocks, mainBlocks, evidence }))
        this.inc({ what }, rows);
    },
  });
}

/** Shows at `/metrics` how many proofs that were sent are not noted in the index. */
export function showDropped(dropped: () => DroppedProofs, registry: Registry): void {
  new Counter({
    name: 'crossroot_index_proofs_dropped_total',
    help: 'Proofs that were sent and not noted in the index: full (too many waited), refused (for good), ended (still waiting at the end, or no index)',
    labelNames: ['reason'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(dropped())) this.inc({ reason }, count);
    },
  });
}

/** Shows at `/metrics` how far consumers of the log are: of the index, of the transaction map. */
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

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { EmbeddedLog } from '../indexers/log/embedded.js';
import { eventOf } from '../indexers/log/event.js';
import { MemoryStore } from '../storage/memory.js';
import { fakeGenesis, fakeHeader } from '../test/support/indexers/fakeKind.js';
import { measuredIndex, showConsumers, showIndex, storeMeter } from './indexMetrics.js';
import { showGroup, showSources } from './sourceMetrics.js';

class OneTable {
  readonly #rows: number[] = [];
  readonly name = 'table';
  async writeEvents(_chain: string, rows: readonly number[]): Promise<void> {
    this.#rows.push(...rows);
  }
  latest(_chain: string, limit: number): Promise<number[]> {
    return Promise.resolve(this.#rows.slice(-limit));
  }
  async writeEvidence(): Promise<void> {
    throw new RangeError('full');
  }
  size(): number {
    return this.#rows.length;
  }
}

test('writes and queries of a store are timed and counted, and it answers as before', async () => {
  const registry = new Registry();
  const store = storeMeter(registry)(new OneTable());
  await store.writeEvents('a', [1, 2, 3]);
  expect(await store.latest('a', 2)).toEqual([2, 3]);
  await expect(store.writeEvidence()).rejects.toThrow(RangeError);
  expect([store.name, store.size()]).toEqual(['table', 3]);
  const shown = await registry.metrics();
  expect(shown).toContain('crossroot_index_write_seconds_count{what="writeEvents"} 1');
  expect(shown).toContain('crossroot_index_query_seconds_count{what="latest"} 1');
  expect(shown).toContain('crossroot_index_errors_total{what="writeEvidence",class="RangeError"} 1');
  expect(shown).not.toContain('"size"');
});

test('a store that opens later is measured too, and how the index is filled', async () => {
  const registry = new Registry();
  const handle = {
    store: new OneTable(),
    times: 1,
    close() {
      this.times++;
    },
  };
  const measured = measuredIndex(handle, registry);
  expect(measured.store).toBe(measured.store);
  await measured.store.writeEvents('a', [1]);
  handle.store = new OneTable();
  expect(await measured.store.latest('a', 1)).toEqual([]);
  measured.close();
  expect(handle.times).toBe(2);
  const backfill = { left: 7, oldest: 1, perSecond: 3, secondsLeft: 2 };
  const contents = {
    ...{ chain: 'a', done: 1, last: 2, failures: 0, backfillFailures: 0, lastError: undefined },
    ...{ blocks: 5, bytes: 9, skipped: 4, unreadable: 2, backfill },
  };
  const status = {
    ...{ headers: [], contents: [contents], streams: [{ stream: 'main' as const, lag: 6 }], lost: 8 },
    dropped: { full: 2, refused: 1, ended: 4 },
    repaired: { events: 20, blocks: 1, records: 0 },
    certificates: { verified: 9, unverified: 1, wrong: 3 },
    rows: { events: 10, batches: 1, blocks: 5, mainBlocks: 2, evidence: 1 },
    ...{ available: true, rebuild: undefined },
  };
  const log = new EmbeddedLog(new MemoryStore());
  const lags = async () => [{ chain: 'a', stream: 'contents', events: 3, seconds: 4.5 }];
  showIndex({ status: () => status, consumers: () => [], lags }, log, registry);
  const shown = await registry.metrics();
  for (const line of [
    'crossroot_index_available 1',
    'crossroot_index_rebuilding 0',
    'crossroot_index_backfill_events{chain="a"} 7',
    'crossroot_index_backfill_events_per_second{chain="a"} 3',
    'crossroot_index_skipped_blocks{chain="a"} 4',
    'crossroot_index_unreadable_blocks{chain="a"} 2',
    'crossroot_index_stream_lag_records{stream="main"} 6',
    'crossroot_index_lost_samples 8',
    'crossroot_index_proofs_dropped_total{reason="full"} 2',
    'crossroot_index_proofs_dropped_total{reason="refused"} 1',
    'crossroot_index_proofs_dropped_total{reason="ended"} 4',
    'crossroot_index_lag_seconds{chain="a",stream="contents"} 4.5',
    'crossroot_index_repaired_total{what="events"} 20',
    'crossroot_index_repaired_total{what="blocks"} 1',
    'crossroot_index_certificates_total{verdict="verified"} 9',
    'crossroot_index_certificates_total{verdict="wrong"} 3',
    'crossroot_index_rows_total{what="events"} 10',
    'crossroot_index_rows_total{what="mainBlocks"} 2',
    'crossroot_index_write_seconds_count{what="writeEvents"} 1',
    'crossroot_index_query_seconds_count{what="latest"} 1',
  ])
    expect(shown).toContain(line);
});

test('how far the consumers are, and that one that ended is not shown for ever', async () => {
  const registry = new Registry();
  const log = new EmbeddedLog(new MemoryStore());
  const lease = await log.acquire('a');
  await log.append(lease, 1, [
    eventOf('connect', fakeGenesis),
    eventOf('connect', fakeHeader(fakeGenesis, 1)),
  ]);
  const statuses = [{ name: 'index', chain: 'a', done: 1, failures: 2, lastError: 'no answer' }];
  showConsumers(() => statuses, log, registry);
  const labels = '{chain="a",sink="index"}';
  const shown = await registry.metrics();
  expect(shown).toContain(`crossroot_sink_event_number${labels} 1`);
  expect(shown).toContain(`crossroot_sink_lag_events${labels} 1`);
  expect(shown).toContain(`crossroot_sink_failures${labels} 2`);
  statuses.pop();
  expect(await registry.metrics()).not.toContain(labels);
});

test('sources and the chains that a process has of a group', async () => {
  const registry = new Registry();
  const health = {
    healthy: true,
    failures: 0,
    errors: 3,
    faults: 0.5,
    score: 70,
    behind: false,
    latencyMs: 20,
  };
  showSources(
    () => [
      {
        chain: 'a',
        sources: [
          { name: 'one', ...health, tipHeight: 9, lastError: undefined },
          { name: 'two', ...health, healthy: false, tipHeight: undefined, lastError: 'gone' },
        ],
      },
    ],
    registry,
  );
  showGroup(['a', 'b'], () => ({ chains: ['b'], losses: 2 }), registry);
  const shown = await registry.metrics();
  expect(shown).toContain('crossroot_source_healthy{chain="a",source="one"} 1');
  expect(shown).toContain('crossroot_source_healthy{chain="a",source="two"} 0');
  expect(shown).toContain('crossroot_source_health_score{chain="a",source="one"} 70');
  expect(shown).toContain('crossroot_source_failed_polls{chain="a",source="one"} 3');
  expect(shown).toContain('crossroot_source_faults{chain="a",source="one"} 0.5');
  expect(shown).toContain('crossroot_source_latency_seconds{chain="a",source="one"} 0.02');
  expect(shown).toContain('crossroot_source_height{chain="a",source="one"} 9');
  expect(shown).not.toContain('crossroot_source_height{chain="a",source="two"}');
  expect(shown).toContain('crossroot_group_assigned{chain="a"} 0');
  expect(shown).toContain('crossroot_group_assigned{chain="b"} 1');
  expect(shown).toContain('crossroot_group_losses_total 2');
});

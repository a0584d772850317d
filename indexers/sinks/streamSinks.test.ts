import { afterEach, expect, test } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { fakeMainBlock, fakeMainChain } from '../../test/support/indexers/mainBlocks.js';
import { MemoryIndex } from '../../test/support/indexers/memoryIndex.js';
import { EmbeddedLog } from '../log/embedded.js';
import { poisonCount } from '../log/embeddedStream.js';
import type { RecordStream } from '../log/streams.js';
import { IndexQueryError } from '../store/errors.js';
import type { ServedProof } from '../store/indexStore.js';
import { EVIDENCE_STREAM, evidenceEffect } from './evidenceSink.js';
import { MAIN_STREAM, mainEffect } from './mainSink.js';
import { Rate } from './rate.js';
import { progressLine } from './rebuild/progress.js';
import { Sampler } from './sampler.js';
import { followInto } from './streamSink.js';

const WAIT = { timeout: 90_000, interval: 5 };
const streams: RecordStream<unknown>[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) await stream.stop();
});

test('main-chain blocks: repeats change nothing, others at a published height are set aside and told', async () => {
  const store = new MemoryStore();
  const log = new EmbeddedLog(store);
  const index = new MemoryIndex();
  const chain = fakeMainChain(6);
  const conflicts: number[] = [];
  const effect = mainEffect({
    chainOf: (specRoot) => (specRoot[0] === 9 ? 'bitcoin-fake' : undefined),
    onConflict: ({ height }) => conflicts.push(height),
  });
  const stream = log.blocks();
  streams.push(stream);
  await log.blocks().publish(chain.slice(0, 4));
  followInto(stream, MAIN_STREAM, index.client().sets, effect);
  await stream.caughtUp();
  const low = fakeMainBlock(chain[0], 7);
  const high = fakeMainBlock(chain[3], 7);
  await log
    .blocks()
    .publish([...chain.slice(2, 5), low, high, ...chain.slice(0, 2), fakeMainBlock(high), ...chain.slice(5)]);
  await stream.caughtUp();
  expect([...index.tables.main.keys()]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(conflicts).toEqual([1, 4, 5]);
  expect(await poisonCount(store)).toBe(3);
  const row = index.tables.main.get(4);
  expect(row?.commitments).toMatchObject([{ chain: 'bitcoin-fake', mainHeight: 4, size: 5, tipHeight: 4 }]);
  expect(row?.certificate).toMatchObject({ mainHeight: 4, term: 1, signers: 3 });
  expect(index.tables.main.get(2)?.certificate).toBeUndefined();
});

test('a new set of tables is filled from the beginning of the stream', async () => {
  const log = new EmbeddedLog(new MemoryStore());
  const index = new MemoryIndex();
  const { sets } = index.client();
  const stream = log.blocks();
  streams.push(stream);
  const effect = mainEffect({ chainOf: () => undefined });
  followInto(stream, MAIN_STREAM, sets, effect);
  await log.blocks().publish(fakeMainChain(5));
  await expect.poll(() => index.tables.main.size, WAIT).toBe(5);
  await sets.swap(await sets.newSet());
  await log.blocks().publish([fakeMainBlock(fakeMainChain(5)[4])]);
  await expect.poll(() => index.tables.main.size, WAIT).toBe(6);
  expect(index.current).toBe(2);
});

test('evidence of any process is one row; what is none is set aside', async () => {
  const store = new MemoryStore();
  const log = new EmbeddedLog(store);
  const index = new MemoryIndex();
  const stream = log.evidence();
  streams.push(stream);
  followInto(stream, EVIDENCE_STREAM, index.client().sets, evidenceEffect);
  const of = (value: unknown) => ({ chain: 'a', evidence: new TextEncoder().encode(JSON.stringify(value)) });
  const fault = {
    kind: 'disagreement',
    source: 's',
    height: 4,
    hash: 'ab',
    message: 'm',
    seen: 9,
    number: 3,
  };
  await log.evidence().publish([
    of(fault),
    of({ ...fault, raw: '00ff' }),
    of(fault),
    of({ ...fault, height: -1 }),
    of({ ...fault, kind: 'rain' }),
    of({ ...fault, raw: 'XY' }),
    // No date is so late.
    of({ ...fault, seen: 8_640_000_000_001 }),
    of(null),
  ]);
  await stream.caughtUp();
  const { number: _, ...row } = fault;
  expect([...index.tables.evidence.values()]).toEqual([
    { chain: 'a', id: expect.any(Uint8Array), ...row },
    { chain: 'a', id: expect.any(Uint8Array), ...row, raw: '00ff' },
  ]);
  expect(await poisonCount(store)).toBe(5);
});

test('samples are bounded, and proofs wait for an index that is away', async () => {
  const index = new MemoryIndex();
  const { store } = index.client();
  let away = true;
  const errors: unknown[] = [];
  const health = (name: string) => ({
    ...{ name, healthy: true, failures: 0, errors: 1, faults: 0, score: 90, behind: false, latencyMs: 3 },
    ...{ tipHeight: undefined, lastError: undefined },
  });
  const sampler = new Sampler({
    index: {
      writeProofs: async (rows) => (away ? Promise.reject(new Error('away')) : store.writeProofs(rows)),
      writeSourceSamples: (rows) => store.writeSourceSamples(rows),
      writeLagSamples: (rows) => store.writeLagSamples(rows),
    },
    sources: () => new Map([['a', Array.from({ length: 400 }, (_, i) => health(`s${i}`))]]),
    lags: () => [{ chain: 'a', stream: 'headers', events: 3, seconds: 1.5 }],
    intervalMs: 10,
    onError: (error) => errors.push(error),
  });
  const proof: ServedProof = {
    ...{ chain: 'a', kind: 'inclusion', subject: 'x'.repeat(5000), height: 1, mainHeight: 2 },
    ...{ bytes: 3, milliseconds: 4, time: 5 },
  };
  for (let i = 0; i < 1200; i++) sampler.served(proof);
  sampler.start();
  await expect.poll(() => errors.length, WAIT).toBeGreaterThan(0);
  expect(index.samples.sources).toBe(0);
  away = false;
  await expect.poll(() => index.samples.proofs, WAIT).toBe(1000);
  await expect.poll(() => index.samples.lags, WAIT).toBeGreaterThan(2);
  await sampler.stop();
  expect(index.samples.sources).toBe(256 * index.samples.lags);
  expect(sampler.lost).toBeGreaterThanOrEqual(257);
  expect(sampler.dropped).toEqual({ full: 200, refused: 0, ended: 0 });
});

test('proofs that the index refuses for good are given up and counted; so is what waits at the end', async () => {
  const errors: unknown[] = [];
  const written: string[] = [];
  let failure: Error | undefined = new IndexQueryError('writing proofs_served', new Error('no'), false);
  const sampler = new Sampler({
    index: {
      writeProofs: async (rows) => {
        if (failure !== undefined) throw failure;
        written.push(...rows.map(({ subject }) => subject));
      },
      writeSourceSamples: async () => undefined,
      writeLagSamples: async () => undefined,
    },
    sources: () => new Map(),
    lags: () => [],
    intervalMs: 5,
    onError: (error) => errors.push(error),
  });
  const proof = (subject: string): ServedProof => ({
    ...{
      chain: 'a',
      kind: 'inclusion',
      subject,
      height: 1,
      mainHeight: 2,
      bytes: 3,
      milliseconds: 4,
      time: 5,
    },
  });
  for (let i = 0; i < 3; i++) sampler.served(proof('refused'));
  sampler.start();
  await expect.poll(() => sampler.dropped.refused, WAIT).toBe(3);
  failure = new IndexQueryError('writing proofs_served', new Error('away'), true);
  const told = errors.length;
  for (const subject of ['x', 'y']) sampler.served(proof(subject));
  await expect.poll(() => errors.length, WAIT).toBeGreaterThan(told + 1);
  failure = undefined;
  await expect.poll(() => written, WAIT).toEqual(['x', 'y']);
  failure = new Error('away');
  sampler.served(proof('z'));
  await sampler.stop();
  sampler.served(proof('late'));
  expect(sampler.dropped).toEqual({ full: 0, refused: 3, ended: 2 });
});

test('a rate is that of the last half minute; progress is one line', () => {
  let now = 0;
  const rate = new Rate(() => now);
  expect(rate.secondsLeft(5)).toBeUndefined();
  for (let i = 0; i < 100; i++) {
    now += 1000;
    rate.add(i < 50 ? 10 : 100);
  }
  expect(rate.perSecond()).toBeCloseTo(100);
  expect(rate.total).toBe(5500);
  expect(rate.secondsLeft(200)).toBeCloseTo(2);
  expect(rate.secondsLeft(0)).toBe(0);
  const progress = { phase: 'headers', chain: 'a', done: 1_234_567, total: 2_469_134 } as const;
  expect(progressLine({ ...progress, perSecond: 51_234.4, secondsLeft: 24.1 })).toBe(
    '[============>           ] 50 % headers of a: 1,234,567 of 2,469,134, 51,234/s, 25 s left',
  );
  const done = { phase: 'swap', done: 1, total: 1, perSecond: 0, secondsLeft: undefined } as const;
  expect(progressLine(done)).toBe('[========================] 100 % swap: 1 of 1, 0/s');
  expect(progressLine({ ...progress, perSecond: 1, secondsLeft: 3725 })).toContain('1 h 2 min left');
  expect(progressLine({ ...progress, perSecond: 1, secondsLeft: 125 })).toContain('2 min 5 s left');
});

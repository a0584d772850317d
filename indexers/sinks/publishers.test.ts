import { afterEach, expect, test } from 'vitest';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { MemoryStore } from '../../storage/memory.js';
import { fakeMainBlock, fakeMainChain } from '../../test/support/indexers/mainBlocks.js';
import { FakeBroker } from '../../test/support/kafka/fakeBroker.js';
import { type Evidence, EvidenceBook } from '../follow/evidence.js';
import { EmbeddedLog } from '../log/embedded.js';
import { KafkaLog } from '../log/kafka/kafkaLog.js';
import type { BlockRecord } from '../log/records.js';
import type { LogStreams } from '../log/streams.js';
import { EvidencePublisher } from './evidencePublisher.js';
import { mainBlock, mainStep } from './mainChain.js';
import { type MainBlocks, MainPublisher } from './mainPublisher.js';

const WAIT = { timeout: 90_000, interval: 20 };
const genesisRoot = new Uint8Array(32);
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A main chain of which the first `final` blocks are final; some calls fail. */
class FakeMain implements MainBlocks {
  readonly genesisRoot = genesisRoot;
  final = 0;
  calls = 0;
  constructor(
    readonly chain: readonly BlockRecord[],
    readonly failing = 0,
  ) {}

  async finalizedHeight(): Promise<number> {
    return this.final - 1;
  }

  async block(height: number): Promise<BlockRecord | undefined> {
    this.calls++;
    if (this.failing > 0 && this.calls % this.failing === 0) throw new Error('no answer');
    return this.failing > 0 && this.calls % (this.failing + 2) === 0 ? undefined : this.chain[height];
  }
}

/** Everything in the stream, in order, from its beginning. */
async function all(streams: LogStreams, name: string): Promise<BlockRecord[]> {
  const found: BlockRecord[] = [];
  const reader = streams.blocks();
  reader.follow(name, async (values) => {
    found.push(...values);
    return [];
  });
  await reader.caughtUp();
  await reader.stop();
  return found;
}

/** What a reader makes of the stream. */
function folded(blocks: readonly BlockRecord[]): BlockRecord[] {
  const taken: BlockRecord[] = [];
  for (const record of blocks) {
    const tip = taken.at(-1);
    if (mainStep(tip && mainBlock(tip), mainBlock(record)).type === 'next') taken.push(record);
  }
  return taken;
}

const publisher = (streams: LogStreams, store: MemoryStore, main: MainBlocks, errors: unknown[] = []) => {
  const made = new MainPublisher({
    streams,
    store,
    main,
    pollMs: 10,
    onError: (error) => errors.push(error),
  });
  closing.push(() => made.stop());
  made.start();
  return made;
};

test('each finalised block is published once, in order, over failures and restarts', async () => {
  const [store, chain] = [new MemoryStore(), fakeMainChain(300)];
  const main = new FakeMain(chain, 97);
  const errors: unknown[] = [];
  for (const final of [1, 70, 71, 300]) {
    main.final = final;
    const one = publisher(new EmbeddedLog(store), store, main, errors);
    await expect.poll(() => one.status().published, WAIT).toBe(final - 1);
    await one.stop();
    expect(await all(new EmbeddedLog(store), `reader ${final}`)).toEqual(chain.slice(0, final));
  }
  expect(errors.length).toBeGreaterThan(0);
});

test('publishers at the same time, in processes of their own: readers see one chain', async () => {
  const [broker, chain] = [new FakeBroker(), fakeMainChain(200)];
  const main = new FakeMain(chain);
  const open = (store: MemoryStore) => {
    const log = new KafkaLog({ driver: broker.driver(), store, prefix: 'x', maxWaitMs: 20 });
    closing.push(() => log.close());
    return log;
  };
  const publishers = [0, 1, 2].map(() => {
    const store = new MemoryStore();
    return publisher(open(store), store, main);
  });
  for (const final of [20, 21, 100, 200]) {
    main.final = final;
    await expect
      .poll(() => publishers.map((one) => one.status().published), WAIT)
      .toEqual(publishers.map(() => final - 1));
  }
  // One that comes later has nothing to do.
  const store = new MemoryStore();
  const late = publisher(open(store), store, main);
  await expect.poll(() => late.status().published, WAIT).toBe(199);
  expect(folded(await all(open(new MemoryStore()), 'reader'))).toEqual(chain);
});

test('a publish whose outcome is not known is not done twice', async () => {
  const [store, chain] = [new MemoryStore(), fakeMainChain(130)];
  const log = new EmbeddedLog(store);
  let failures = 0;
  const streams: LogStreams = {
    evidence: () => log.evidence(),
    blocks: () => {
      const stream = log.blocks();
      const publish = stream.publish.bind(stream);
      stream.publish = async (values) => {
        await publish(values);
        if (failures++ % 2 === 0) throw new Error('no answer');
      };
      return stream;
    },
  };
  const main = new FakeMain(chain);
  main.final = 130;
  const one = publisher(streams, store, main);
  await expect.poll(() => one.status().published, WAIT).toBe(129);
  expect(await all(log, 'reader')).toEqual(chain);
});

test('a main chain with other final blocks than the stream is told, not published', async () => {
  const store = new MemoryStore();
  const chain = fakeMainChain(10);
  const main = new FakeMain(chain);
  main.final = 8;
  const log = new EmbeddedLog(store);
  await publisherUntil(log, store, main, 7);
  const other = [...chain.slice(0, 7)];
  while (other.length < 12) other.push(fakeMainBlock(other.at(-1), 1));
  for (const final of [8, 12]) {
    const errors: Error[] = [];
    const forked = new FakeMain(other);
    forked.final = final;
    const two = publisher(new EmbeddedLog(store), store, forked, errors);
    await expect.poll(() => errors.length, WAIT).toBeGreaterThan(0);
    expect(errors[0]?.name).toBe('MainConflictError');
    expect(two.status().failures).toBeGreaterThan(0);
    await two.stop();
  }
  expect(await all(log, 'reader')).toEqual(chain.slice(0, 8));
});

async function publisherUntil(log: LogStreams, store: MemoryStore, main: MainBlocks, height: number) {
  const one = publisher(log, store, main);
  await expect.poll(() => one.status().published, WAIT).toBe(height);
  await one.stop();
}

test('the rule of readers: genesis first, each on the one before, the first at a height', () => {
  const [zero, one, two] = fakeMainChain(3).map(mainBlock);
  const other = mainBlock(fakeMainBlock(zero?.record, 5));
  const foreign = mainBlock({
    ...zero!.record,
    header: MainHeaderType.serialize({ ...zero!.header, genesisRoot: new Uint8Array(32).fill(1) }),
  });
  expect(mainStep(undefined, zero!)).toEqual({ type: 'next' });
  expect(mainStep(zero, one!)).toEqual({ type: 'next' });
  expect(mainStep(one, zero!)).toEqual({ type: 'old' });
  expect(mainStep(one, one!)).toEqual({ type: 'old' });
  for (const [tip, block, reason] of [
    [undefined, one, 'where 0 comes next'],
    [zero, two, 'where 1 comes next'],
    [one, other, 'another block was published as final'],
    [other, two, 'another block than the one at height 1'],
  ] as const)
    expect(mainStep(tip, block!)).toMatchObject({ type: 'refused', reason: expect.stringContaining(reason) });
  expect(mainStep(undefined, foreign, genesisRoot)).toMatchObject({ reason: 'it is of another main chain' });
});

test('evidence is published oldest first and once, over failures and restarts', async () => {
  const store = new MemoryStore();
  const [log, book] = [new EmbeddedLog(store), new EvidenceBook(store)];
  const fault = (n: number): Evidence => ({
    kind: 'source-fault',
    source: `s${n}`,
    height: n,
    hash: '',
    message: `bad ${'x'.repeat(n === 3 ? 100_000 : 1)}`,
    seen: n,
  });
  const streams = { evidence: () => log.evidence() };
  const open = () => {
    const made = new EvidencePublisher({ streams, chain: 'a', evidence: book, store, pollMs: 10 });
    closing.push(() => made.stop());
    made.start();
    return made;
  };
  const heights: number[] = [];
  const reader = log.evidence();
  closing.push(() => reader.stop());
  reader.follow('one', async (values) => {
    for (const { evidence } of values) heights.push(JSON.parse(new TextDecoder().decode(evidence)).height);
    return [];
  });
  let count = 0;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 60; i++) await book.record('a', fault(count++));
    const made = open();
    await expect.poll(() => heights.length, WAIT).toBe(count);
    await made.stop();
  }
  expect(heights).toEqual(Array.from({ length: count }, (_, i) => i));
});

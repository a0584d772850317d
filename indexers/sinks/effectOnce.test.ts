import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBareHex } from '../../proofs/bytes.js';
import { IndexedWorld, indexedKind } from '../../test/support/indexers/indexedWorld.js';
import { type Crash, MemoryIndex } from '../../test/support/indexers/memoryIndex.js';
import type { EmbeddedLog } from '../log/embedded.js';
import { bitcoinContents } from '../store/contents/bitcoin.js';
import { LiveIndex } from './liveIndex.js';
import { IndexRebuild, type RebuildContents } from './rebuild/rebuild.js';

const WAIT = { timeout: 90_000, interval: 1 };

/** What happens between two crashes. */
interface Act {
  readonly connect: number;
  readonly disconnect: number;
  readonly back: number;
  readonly main: number;
  readonly faults: number;
  readonly crash: Crash;
  /** Whether a second process has the same work at the same time. */
  readonly two: boolean;
  /** A process that rebuilds beside the live one, and where that dies. */
  readonly rebuild: { readonly contents: RebuildContents; readonly crash: Crash } | undefined;
}

const crash = (most: number): fc.Arbitrary<Crash> =>
  fc.record({ at: fc.integer({ min: 1, max: most }), after: fc.boolean() });
const act: fc.Arbitrary<Act> = fc.record({
  connect: fc.nat(30),
  disconnect: fc.nat(8),
  back: fc.nat(10),
  main: fc.nat(3),
  faults: fc.nat(2),
  crash: crash(60),
  two: fc.boolean(),
  rebuild: fc.option(
    fc.record({ contents: fc.constantFrom<RebuildContents>('copy', 'fetch'), crash: crash(90) }),
    { nil: undefined, freq: 3 },
  ),
});

async function happen(world: IndexedWorld, { connect, disconnect, back, main, faults }: Act): Promise<void> {
  await world.connect(connect + 1);
  const gone = await world.disconnect(disconnect);
  await world.connect(back, gone);
  await world.publish(main);
  await world.blame(faults);
}

function begin(world: IndexedWorld, index: MemoryIndex, at?: Crash) {
  const client = index.client(at);
  const live = new LiveIndex({
    ...{ log: world.log, streams: world.log, index: client.store, blocks: world },
    chains: [{ name: world.chain, kind: indexedKind, book: () => world.book }],
    main: { chainOf: () => 'bitcoin-fake' },
    ...{ gatherMs: 0, retryMs: 1, near: 8 },
  });
  live.beginChain(world.chain);
  live.beginStreams();
  return { client, live };
}

/** Whether all that the log has is in. */
function isDone(world: IndexedWorld, index: MemoryIndex, ends: { main: number; evidence: number }): boolean {
  const { published } = index.visible();
  const { positions } = index.tables;
  return (
    JSON.stringify(published) === JSON.stringify([[world.chain, [{ from: 1, to: world.number }]]]) &&
    index.tables.eventsOf(world.chain).length === world.number &&
    (positions.get('main') ?? 0) === ends.main &&
    (positions.get('evidence') ?? 0) === ends.evidence
  );
}

async function ends(log: EmbeddedLog) {
  const end = async (stream: ReturnType<EmbeddedLog['blocks']> | ReturnType<EmbeddedLog['evidence']>) => {
    const { lag } = stream;
    await stream.stop();
    return lag;
  };
  return { main: await end(log.blocks()), evidence: await end(log.evidence()) };
}

/** Each block's contents under the event that first connected it: what a straight run makes, from the log alone. */
async function expectedContents(world: IndexedWorld): Promise<Map<string, unknown>> {
  const rows = new Map<string, unknown>();
  for (const event of await world.log.read(world.chain, 1, world.number)) {
    const key = `${world.chain}/${toBareHex(event.hash)}`;
    if (event.type === 'connect' && !rows.has(key))
      rows.set(key, await bitcoinContents(event, await world.fetch(world.chain, event.hash)));
  }
  return rows;
}

test('after any crashes the index is what one straight run makes of the log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 6 }), async (acts) => {
      const world = new IndexedWorld();
      const index = new MemoryIndex();
      for (const one of acts) {
        await happen(world, one);
        const there = await ends(world.log);
        const { client, live } = begin(world, index, one.crash);
        const other = one.two ? begin(world, index, { ...one.crash, at: one.crash.at + 7 }) : undefined;
        const rebuilding = one.rebuild && rebuild(world, index, one.rebuild);
        await expect.poll(() => client.dead || isDone(world, index, there), WAIT).toBe(true);
        await Promise.all([live.stop(), other?.live.stop()]);
        await rebuilding;
      }
      const there = await ends(world.log);
      const { live } = begin(world, index);
      await expect.poll(() => isDone(world, index, there), WAIT).toBe(true);
      await live.stop();
      const straight = new MemoryIndex();
      const run = begin(world, straight);
      await expect.poll(() => isDone(world, straight, there), WAIT).toBe(true);
      await run.live.stop();
      expect(index.visible()).toEqual(straight.visible());
      expect(new Map(straight.visible().contents)).toEqual(await expectedContents(world));
      expect(straight.tables.main.size).toBe(world.main.length);
    }),
    { numRuns: 40 },
  );
}, 240_000);

/** Rebuilds until it is done or dies. */
async function rebuild(
  world: IndexedWorld,
  index: MemoryIndex,
  { contents, crash: at }: NonNullable<Act['rebuild']>,
): Promise<void> {
  const client = index.client(at);
  const stop = new AbortController();
  const work = new IndexRebuild({
    ...{ log: world.log, streams: world.log, index: client.store, blocks: world, contents, batch: 7 },
    chains: [{ name: world.chain, kind: indexedKind, book: world.book }],
    main: { chainOf: () => 'bitcoin-fake' },
    signal: stop.signal,
  }).run();
  // A stream would try again for ever against a server that is gone: a killed process does not.
  const watch = setInterval(() => client.dead && stop.abort(), 1);
  await work.catch((error: unknown) => {
    if (!client.dead) throw error;
  });
  clearInterval(watch);
}

import { expect, test } from 'vitest';
import { UnknownRecordsError } from '../../indexers/store/errors.js';
import type { IndexedCommitment, IndexedEvidence, IndexStore } from '../../indexers/store/indexStore.js';
import type { Listing, ListQuery } from '../../indexers/store/view.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';

const filled = (n: number, length = 32) => new Uint8Array(length).fill(n);
/** Names and messages that a statement must not be made of. */
const HOSTILE = `it's "quoted" \\ {chain:String} \n\t; DROP TABLE x -- Größe${'x'.repeat(100)}`;

/** All rows, page by page, each checked to be of the view of the first. */
async function allOf<T, V>(
  ask: (query: ListQuery) => Promise<Listing<T, V>>,
  limit: number,
  between: () => Promise<void> = async () => undefined,
): Promise<T[]> {
  const rows: T[] = [];
  let view: V | undefined;
  for (let cursor: string | undefined; ; ) {
    const page = await ask({ limit, ...(cursor === undefined ? {} : { cursor }) });
    view ??= page.view;
    expect(page.view).toEqual(view);
    rows.push(...page.rows);
    await between();
    cursor = page.next;
    if (cursor === undefined) return rows;
  }
}

/** Main-chain records, evidence, samples, proofs served, positions. */
export function indexRecordsConformance(open: () => IndexStore): void {
  const commitment = (chain: string, mainHeight: number): IndexedCommitment => ({
    ...{ chain, mainHeight, mainRoot: filled(mainHeight), status: 1, epoch: 0, start: 100, size: mainHeight },
    ...{ historyRoot: filled(2), tipHeight: 120, tipHash: filled(0xff), reorgCount: 0, policyVersion: 1 },
  });
  const main = (height: number) => ({
    block: {
      ...{
        height,
        root: filled(height),
        parentRoot: filled(height - 1),
        slot: height * 2,
        term: 1,
        producer: 3,
      },
      header: filled(7, 300),
    },
    commitments: [commitment('records', height), commitment(HOSTILE, height)],
    ...(height % 2 === 0
      ? {
          certificate: {
            ...{ mainHeight: height, mainRoot: filled(height), term: 1, signers: 3 },
            ...{ bits: Uint8Array.of(0b111), signature: filled(9, 96), verified: height < 4 },
          },
        }
      : {}),
  });

  test('keeps main-chain blocks, commitments and certificates', async () => {
    const store = open();
    expect(await store.mainRoot()).toBeUndefined();
    expect(await store.mainView()).toBeUndefined();
    expect(await store.certifiedHeader()).toBeUndefined();
    expect(await store.mainBlocks({ limit: 5 })).toEqual({ view: undefined, rows: [] });
    await expect(store.mainBlocks({ limit: 5, at: 0 })).rejects.toThrow(UnknownRecordsError);
    const blocks = [1, 2, 3, 4, 5].map(main);
    await store.writeMainBlocks(blocks);
    await store.writeMainBlocks(blocks.slice(1, 3));
    await store.writeMainBlocks([]);
    const newest = [...blocks].reverse();
    expect(await allOf((page) => store.mainBlocks(page), 2)).toEqual(newest.map(({ block }) => block));
    for (const [i, chain] of ['records', HOSTILE].entries())
      expect(await allOf((page) => store.commitments(chain, page), 2)).toEqual(
        newest.map(({ commitments }) => commitments[i]),
      );
    expect(await allOf((page) => store.certificates(page), 1)).toEqual(
      newest.flatMap(({ certificate }) => certificate ?? []),
    );
    expect(await store.mainRoot()).toEqual({ height: 5, root: filled(5) });
    expect(await store.mainRoot(2)).toEqual({ height: 2, root: filled(2) });
    expect(await store.mainRoot(9)).toBeUndefined();
    // Nobody has checked that of block 4.
    expect(await store.mainView()).toEqual({ height: 5, root: filled(5), certified: 2 });
    expect(await store.mainView(1)).toEqual({ height: 1, root: filled(1), certified: undefined });
    expect(await store.certifiedHeader()).toEqual(blocks[1]?.block.header);
    expect(await store.counts()).toContainEqual(
      expect.objectContaining({ chain: 'records', commitments: 5, headers: 0, height: undefined }),
    );
  });

  test('lists of the main chain stay at the block at which they were read first', async () => {
    const store = open();
    const before = (await store.mainView())!;
    let height = before.height;
    const grow = async () => {
      height++;
      await store.writeMainBlocks([main(height)]);
    };
    const heights = async <T>(
      ask: (query: ListQuery) => Promise<Listing<T, unknown>>,
      of: (row: T) => number,
      query: Partial<ListQuery> = {},
    ) => (await allOf((page) => ask({ ...query, ...page }), 1, grow)).map(of);
    const upTo = (most: number) => Array.from({ length: most }, (_, i) => most - i);
    expect(
      await heights(
        (page) => store.mainBlocks(page),
        (row) => row.height,
      ),
    ).toEqual(upTo(5));
    const second = upTo(height);
    expect(
      await heights(
        (page) => store.commitments('records', page),
        (row) => row.mainHeight,
      ),
    ).toEqual(second);
    const even = upTo(height).filter((one) => one % 2 === 0);
    expect(
      await heights(
        (page) => store.certificates(page),
        (row) => row.mainHeight,
      ),
    ).toEqual(even);
    // Read again as they were.
    expect(await store.mainView(5)).toEqual(before);
    expect(
      await heights(
        (page) => store.mainBlocks(page),
        (row) => row.height,
        { at: 5 },
      ),
    ).toEqual(upTo(5));
    expect(
      await heights(
        (page) => store.certificates(page),
        (row) => row.mainHeight,
        { at: 5 },
      ),
    ).toEqual([4, 2]);
    for (const ask of [
      (query: ListQuery) => store.mainBlocks(query),
      (query: ListQuery) => store.certificates(query),
      (query: ListQuery) => store.commitments('records', query),
    ])
      await expect(ask({ limit: 1, at: height + 1 })).rejects.toThrow(UnknownRecordsError);
    // A cursor of another chain of blocks, of another question, and one that nobody made.
    const { next } = await store.mainBlocks({ limit: 1 });
    const [what, at, , key] = JSON.parse(Buffer.from(next!, 'base64url').toString());
    const forged = Buffer.from(JSON.stringify([what, at, 'ab'.repeat(8), key])).toString('base64url');
    await expect(store.mainBlocks({ limit: 1, cursor: forged })).rejects.toThrow('another main chain');
    await expect(store.certificates({ limit: 1, cursor: next! })).rejects.toThrow(MalformedInputError);
    const { next: of } = await store.commitments('records', { limit: 1 });
    await expect(store.commitments(HOSTILE, { limit: 1, cursor: of! })).rejects.toThrow(MalformedInputError);
  });

  test('keeps evidence once, whatever it says', async () => {
    const store = open();
    const evidence = (n: number, seen: number): IndexedEvidence => ({
      ...{ chain: HOSTILE, id: filled(n), kind: 'invalid-header', source: HOSTILE, height: 2 ** 40 },
      ...{ hash: 'ab', message: `${HOSTILE}\u0000`, seen, ...(n % 2 === 0 ? { raw: '00ff' } : {}) },
    });
    const rows = [evidence(1, 7), evidence(2, 7), evidence(3, 9), evidence(4, 5)];
    await store.writeEvidence([...rows, ...rows.slice(0, 2)], 6);
    const first = await store.evidence(HOSTILE, { limit: 10 });
    expect(first.view).toEqual({ position: 6 });
    await store.writeEvidence(rows, 9);
    await store.writePosition('evidence', 9);
    const newest = [rows[2], rows[1], rows[0], rows[3]];
    let seen = 20;
    const more = async () => {
      seen++;
      await store.writeEvidence([evidence(seen, 6 + (seen % 4))], seen);
      await store.writePosition('evidence', seen);
    };
    // What comes meanwhile is left out of every page, wherever it would stand; what came before stays in, told again or not.
    expect(await allOf((page) => store.evidence(HOSTILE, page), 1, more)).toEqual(newest);
    for (const limit of [1, 2, 4])
      expect(await allOf((page) => store.evidence(HOSTILE, { at: 9, ...page }), limit)).toEqual(newest);
    expect(await store.evidence(HOSTILE, { limit: 10, at: 6 })).toEqual(first);
    expect((await store.evidence(HOSTILE, { limit: 10, at: 5 })).rows).toEqual([]);
    expect(await store.evidence(HOSTILE, { limit: 100 })).toMatchObject({ view: { position: seen } });
    expect((await store.evidence(HOSTILE, { limit: 100 })).rows).toHaveLength(4 + seen - 20);
    await expect(store.evidence(HOSTILE, { limit: 1, at: seen + 1 })).rejects.toThrow(UnknownRecordsError);
    expect((await store.evidence(`x' OR '1'='1`, { limit: 10 })).rows).toEqual([]);
  });

  test('keeps proofs that were served', async () => {
    const store = open();
    // Older ones leave by themselves.
    const recent = Date.now() - 10_000;
    const proof = (n: number, chain: string) => ({
      ...{ chain, kind: 'transaction', subject: HOSTILE.slice(0, 150), height: n, mainHeight: n + 1 },
      ...{ bytes: 4000, milliseconds: 12.25, time: recent + n },
    });
    const rows = [5, 4, 3, 2, 1].flatMap((n) => [proof(n, 'proofs-b'), proof(n, 'proofs-a')]);
    await store.writeProofs(rows);
    await store.writeProofs(rows.slice(2, 5));
    const { view } = await store.proofsServed({ limit: 1 });
    expect(Math.abs(view.time - Date.now())).toBeLessThan(60_000);
    // Written later, though they were sent earlier.
    await new Promise((resolve) => setTimeout(resolve, 3));
    const late = async () => store.writeProofs([{ ...proof(0, 'proofs-a'), time: recent - 1000 }]);
    const first = await allOf((page) => store.proofsServed({ ...page, at: view.time }), 4, late);
    expect(first.filter(({ chain }) => chain.startsWith('proofs-'))).toEqual(rows);
    const all = await allOf((page) => store.proofsServed({ ...page, chain: 'proofs-a' }), 4);
    expect(all).toHaveLength(6);
    await expect(store.proofsServed({ limit: 1, at: view.time + 1e9 })).rejects.toThrow(UnknownRecordsError);
    rows.push({ ...proof(0, 'proofs-a'), time: recent - 1000 });
    for (const limit of [1, 3]) {
      const all = await allOf((page) => store.proofsServed(page), limit);
      expect(all.filter(({ chain }) => chain.startsWith('proofs-'))).toEqual(rows);
      for (const chain of ['proofs-a', 'proofs-b'])
        expect(await allOf((page) => store.proofsServed({ ...page, chain }), limit)).toEqual(
          rows.filter((row) => row.chain === chain),
        );
    }
  });

  test('keeps samples, and answers with steps of them', async () => {
    const store = open();
    const from = Math.floor(Date.now() / 1000) - 1000;
    const sample = (second: number, source: string, tipHeight?: number) => ({
      ...{ chain: 'samples', source, time: (from + second) * 1000 + 5, healthy: second !== 12, score: 80 },
      ...{ latencyMs: second, errors: 1, ...(tipHeight === undefined ? {} : { tipHeight }) },
    });
    const rows = [
      sample(0, 'a', 10),
      sample(9, 'a', 12),
      sample(12, 'a', 11),
      sample(12, 'b'),
      sample(99, 'b'),
    ];
    await store.writeSourceSamples(rows);
    await store.writeSourceSamples(rows.slice(1, 2));
    const { view, rows: steps } = await store.sourceSeries('samples', { from, to: from + 20, step: 10 });
    await new Promise((resolve) => setTimeout(resolve, 3));
    await store.writeSourceSamples([sample(1, 'late')]);
    const again = { from, to: from + 20, step: 10, at: view.time };
    expect(await store.sourceSeries('samples', again)).toEqual({ view, rows: steps });
    expect((await store.sourceSeries('samples', { ...again, at: view.time - 1e6 })).rows).toEqual([]);
    await expect(store.lagSeries('samples', { ...again, at: view.time + 1e9 })).rejects.toThrow(
      UnknownRecordsError,
    );
    const common = { score: 80 };
    expect(steps).toEqual([
      {
        ...common,
        source: 'a',
        time: from,
        samples: 2,
        healthy: 1,
        latencyMs: 4.5,
        maxLatencyMs: 9,
        tipHeight: 12,
      },
      {
        ...common,
        source: 'a',
        time: from + 10,
        samples: 1,
        healthy: 0,
        latencyMs: 12,
        maxLatencyMs: 12,
        tipHeight: 11,
      },
      {
        ...common,
        source: 'b',
        time: from + 10,
        samples: 1,
        healthy: 0,
        latencyMs: 12,
        maxLatencyMs: 12,
        tipHeight: undefined,
      },
    ]);
    const lag = (second: number, events: number) => ({
      ...{ chain: 'samples', stream: 'headers', time: (from + second) * 1000, events, seconds: events / 2 },
    });
    await store.writeLagSamples([lag(0, 4), lag(1, 8), lag(30, 1)]);
    expect((await store.lagSeries('samples', { from, to: from + 30, step: 30 })).rows).toEqual([
      { stream: 'headers', time: from, samples: 2, events: 6, maxEvents: 8, maxSeconds: 4 },
    ]);
    await expect(store.lagSeries('samples', { from, to: from + 3000, step: 1 })).rejects.toThrow(
      LimitExceededError,
    );
    await expect(store.sourceSeries('samples', { from, to: from, step: 1 })).rejects.toThrow(
      MalformedInputError,
    );
  });

  test('keeps positions of streams', async () => {
    const store = open();
    expect(await store.position('main')).toBe(0);
    await store.writePosition('main', 7);
    await store.writePosition('another', 2 ** 50);
    await store.writePosition('main', 3);
    expect(await store.position('main')).toBe(3);
    expect(await store.position('another')).toBe(2 ** 50);
  });
}

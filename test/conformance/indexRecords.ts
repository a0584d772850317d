import { expect, test } from 'vitest';
import type { IndexedCommitment, IndexedEvidence, IndexStore } from '../../indexers/store/indexStore.js';
import type { Listing, ListQuery } from '../../indexers/store/view.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';

const filled = (n: number, length = 32) => new Uint8Array(length).fill(n);
/** Names and messages that a statement must not be made of. */
const HOSTILE = `it's "quoted" \\ {chain:String} \n\t; DROP TABLE x -- Größe${'x'.repeat(100)}`;

async function allOf<T>(ask: (query: ListQuery) => Promise<Listing<T>>, limit: number): Promise<T[]> {
  const rows: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ask({ limit, ...(cursor === undefined ? {} : { cursor }) });
    rows.push(...page.rows);
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
            ...{ bits: Uint8Array.of(0b111), signature: filled(9, 96) },
          },
        }
      : {}),
  });

  test('keeps main-chain blocks, commitments and certificates', async () => {
    const store = open();
    expect(await store.mainRoot()).toBeUndefined();
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
    expect(await store.counts()).toContainEqual(
      expect.objectContaining({ chain: 'records', commitments: 5, headers: 0, height: undefined }),
    );
  });

  test('keeps evidence once, whatever it says', async () => {
    const store = open();
    const evidence = (n: number, seen: number): IndexedEvidence => ({
      ...{ chain: HOSTILE, id: filled(n), kind: 'invalid-header', source: HOSTILE, height: 2 ** 40 },
      ...{ hash: 'ab', message: `${HOSTILE}\u0000`, seen, ...(n % 2 === 0 ? { raw: '00ff' } : {}) },
    });
    const rows = [evidence(1, 7), evidence(2, 7), evidence(3, 9), evidence(4, 5)];
    await store.writeEvidence([...rows, ...rows.slice(0, 2)]);
    await store.writeEvidence(rows);
    const newest = [rows[2], rows[1], rows[0], rows[3]];
    for (const limit of [1, 2, 4])
      expect(await allOf((page) => store.evidence(HOSTILE, page), limit)).toEqual(newest);
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
    const steps = await store.sourceSeries('samples', { from, to: from + 20, step: 10 });
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
    expect(await store.lagSeries('samples', { from, to: from + 30, step: 30 })).toEqual([
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
    await store.writePosition('evidence', 2 ** 50);
    await store.writePosition('main', 3);
    expect(await store.position('main')).toBe(3);
    expect(await store.position('evidence')).toBe(2 ** 50);
  });
}

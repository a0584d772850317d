import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamStoppedError } from '../../indexers/log/errors.js';
import type { BlockRecord } from '../../indexers/log/records.js';
import type { LogStreams } from '../../indexers/log/streams.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { fakeMainBlock, fakeMainChain } from '../support/indexers/mainBlocks.js';

export interface StreamsUnderTest {
  readonly streams: LogStreams;
  /** The same streams and positions as after a restart, which may leave the old object open. */
  reopen(): Promise<LogStreams>;
  /** Puts a record in without any check. */
  hostile(stream: 'blocks' | 'evidence', key: Uint8Array, value: Uint8Array): Promise<void>;
  /** How many records of both streams were set aside. */
  setAside(): Promise<number>;
}

const WAIT = { timeout: 90_000, interval: 20 };
const height = ({ header }: BlockRecord): number => MainHeaderType.deserialize(header).height;
const evidence = (n: number) => ({ chain: 'a', evidence: new TextEncoder().encode(`{"n":${n}}`) });

/** What the streams of every log must do. `open` gives empty ones. */
export function logStreamsConformance(open: () => Promise<StreamsUnderTest>): void {
  test('what is published is read as it was, in order, by each name from its own position', async () => {
    const { streams, reopen } = await open();
    const chain = fakeMainChain(8);
    await streams.blocks().publish(chain.slice(0, 3));
    const first: BlockRecord[] = [];
    const reader = streams.blocks();
    reader.follow('one', async (values) => {
      first.push(...values);
      return [];
    });
    await reader.caughtUp();
    expect(first).toEqual(chain.slice(0, 3));
    await streams.blocks().publish(chain.slice(3, 5));
    await expect.poll(() => first.length, WAIT).toBe(5);
    await reader.caughtUp();
    expect(reader.lag).toBe(0);
    await reader.stop();
    await expect(reader.caughtUp()).rejects.toThrow(StreamStoppedError);
    await streams.blocks().publish(chain.slice(5));
    const again = await reopen();
    const more = { one: again.blocks(), two: again.blocks() };
    const [rest, all]: [number[], number[]] = [[], []];
    more.one.follow('one', async (values) => {
      rest.push(...values.map(height));
      return [];
    });
    more.two.follow('two', async (values) => {
      all.push(...values.map(height));
      return [];
    });
    await Promise.all([more.one.caughtUp(), more.two.caughtUp()]);
    expect(rest).toEqual([5, 6, 7]);
    expect(all).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await Promise.all([more.one.stop(), more.two.stop()]);
  });

  test('a handler that fails sees the same again, and nothing is skipped', async () => {
    const { streams } = await open();
    await streams.evidence().publish([1, 2, 3].map(evidence));
    const reader = streams.evidence();
    const seen: string[][] = [];
    reader.follow('one', async (values) => {
      seen.push(values.map((one) => new TextDecoder().decode(one.evidence)));
      if (seen.length < 3) throw new Error('not now');
      return [];
    });
    await reader.caughtUp();
    expect(seen).toEqual(Array.from({ length: 3 }, () => ['{"n":1}', '{"n":2}', '{"n":3}']));
    await reader.stop();
  });

  test('a reader may keep its position itself, wherever the effect is', async () => {
    const { streams } = await open();
    const chain = fakeMainChain(6);
    await streams.blocks().publish(chain.slice(0, 4));
    let position = 0;
    const heights: number[] = [];
    const reader = streams.blocks();
    reader.follow(
      'one',
      async (values, { next }) => {
        heights.push(...values.map(height));
        position = next;
        return [];
      },
      { position: async () => position },
    );
    await reader.caughtUp();
    const middle = position;
    await streams.blocks().publish(chain.slice(4));
    await expect.poll(() => heights, WAIT).toEqual([0, 1, 2, 3, 4, 5]);
    // The effect was lost: what came after `middle`.
    position = middle;
    await streams.blocks().publish([fakeMainBlock(chain[5])]);
    await expect.poll(() => heights, WAIT).toEqual([0, 1, 2, 3, 4, 5, 4, 5, 6]);
    await reader.stop();
  });

  test('what is no record, and what the reader refuses, is set aside; neither stops anyone', async () => {
    const { streams, hostile, setAside } = await open();
    const chain = fakeMainChain(6);
    const [lie] = chain.slice(3, 4).map((block) => ({ ...block, commitments: [] }));
    const samples = fc.sample(fc.tuple(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 900 })), {
      numRuns: 20,
      seed: 5,
    });
    for (const [i, block] of chain.entries()) {
      await streams.blocks().publish([block]);
      await streams.evidence().publish([evidence(i)]);
      for (const [key, value] of samples.slice(3 * i, 3 * i + 3)) {
        await hostile('blocks', key, value);
        await hostile('evidence', key, value);
      }
    }
    // Commitments that its header does not commit to.
    if (lie !== undefined) await streams.blocks().publish([lie]);
    const [heights, told]: [number[], number[]] = [[], []];
    const [blocks, faults] = [streams.blocks(), streams.evidence()];
    blocks.follow('one', async (values, step) => {
      for (const [i, value] of values.entries()) {
        if (height(value) === 4) step.refuse(i, 'not this one');
        else heights.push(height(value));
      }
      return [];
    });
    faults.follow('one', async (values) => {
      for (const one of values) told.push(JSON.parse(new TextDecoder().decode(one.evidence)).n);
      return [];
    });
    await Promise.all([blocks.caughtUp(), faults.caughtUp()]);
    expect(heights).toEqual([0, 1, 2, 3, 5]);
    expect(told).toEqual([0, 1, 2, 3, 4, 5]);
    await expect.poll(setAside, WAIT).toBe(18 + 18 + 1 + 1);
    await Promise.all([blocks.stop(), faults.stop()]);
  });

  test('publishers at the same time lose nothing', async () => {
    const { streams } = await open();
    const writers = [0, 1, 2].map(() => streams.evidence());
    await Promise.all(
      writers.map(async (writer, w) => {
        for (let i = 0; i < 10; i++) await writer.publish([evidence(100 * w + i)]);
      }),
    );
    const numbers: number[] = [];
    const reader = streams.evidence();
    reader.follow('one', async (values) => {
      for (const one of values) numbers.push(JSON.parse(new TextDecoder().decode(one.evidence)).n);
      return [];
    });
    await reader.caughtUp();
    for (const w of [0, 1, 2])
      expect(numbers.filter((n) => Math.floor(n / 100) === w)).toEqual(
        Array.from({ length: 10 }, (_, i) => 100 * w + i),
      );
    await reader.stop();
  });
}

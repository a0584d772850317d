import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { compactSize } from '../../../adapters/bitcoin/proofs/wire.js';
import { manyOutputs } from '../../../adapters/bitcoin/testing/segwit.js';
import { sampleBlockOn } from '../../../adapters/ethereum/testing/chain.js';
import { concatBytes, ZERO32 } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { connectOf } from '../../../test/support/contents/events.js';
import { ethereumModel } from '../../../test/support/contents/model.js';
import { Noise, named } from '../../../test/support/contents/sample.js';
import { type ContentsSet, openContentsSet } from '../../../test/support/contents/set.js';
import type { PageKey, Slice } from '../view.js';
import { bitcoinContents } from './bitcoin.js';
import type { EthereumContents } from './blockContents.js';
import { PAGE_BYTES } from './queries.js';
import { CONTENTS_TABLES } from './schema.js';

const MAX_UINT256 = 2n ** 256n - 1n;

async function pages<T>(page: (after: PageKey | undefined) => Promise<Slice<T>>): Promise<T[][]> {
  const found: T[][] = [];
  for (let next: PageKey | undefined; ; ) {
    const slice = await page(next);
    found.push([...slice.rows]);
    next = slice.next;
    if (next === undefined) return found;
  }
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

describe.skipIf(!hasChdb)('contents of unusual blocks', () => {
  let set: ContentsSet;
  beforeAll(async () => {
    set = await openContentsSet();
  });
  afterAll(() => set?.close());

  test('a Bitcoin block of 4 MB with 20,000 outputs of any bytes, a script of 10 kB among them', async () => {
    const noise = new Noise(5);
    const long = noise.bytes(10_000);
    const scripts = Array.from({ length: 20_000 }, (_, i) =>
      i === 777 ? long : i === 778 ? new Uint8Array(0) : noise.bytes(2 + (i % 370)),
    );
    const raws = Array.from({ length: 100 }, (_, i) =>
      manyOutputs(
        [[noise.bytes(32), 0xffffffff - i]],
        scripts.slice(i * 200, i * 200 + 200).map((script, n) => [BigInt(n) * 10n ** 12n, script] as const),
        noise.bytes(50),
      ),
    );
    const rawBlock = concatBytes(new Uint8Array(80), compactSize(raws.length), ...raws);
    expect(rawBlock.length).toBeGreaterThan(3_900_000);
    const { header } = sampleBlockOn({ height: 0, hash: ZERO32, time: 0 });
    const event = connectOf('bitcoin-large', header);
    const contents = await bitcoinContents(event, { header, rawBlock, transactionHashes: [] });
    await set.write('bitcoin-large', [event], [contents]);
    const snapshot = set.snapshot('bitcoin-large', 1);

    const found = (
      await pages((after) => set.contents.blockTransactions(snapshot, header.hash, 30, after))
    ).flat();
    expect(found.length).toBe(100);
    for (const [i, { raw }] of found.entries()) expect(same(raw, raws[i]!)).toBe(true);
    for (const at of [0, 1, 777, 778, 19_999]) {
      const { rows } = await set.contents.outputsByScript(snapshot, { script: scripts[at]! }, 100);
      const own = rows.find(({ position, vout }) => position * 200 + vout === at)!;
      expect(own.value).toBe(BigInt(at % 200) * 10n ** 12n);
      expect(same(own.script, scripts[at]!)).toBe(true);
    }
    const [counted] = await set.contents.statistics(snapshot, { from: 0, to: 100, step: 100 });
    expect(counted).toMatchObject({ blocks: 1, outputs: 20_000, inputs: 100, transactions: 100 });
  }, 240_000);

  test('an Ethereum block with 2,000 logs of any bytes and the greatest amounts, in pages of bounded bytes', async () => {
    const noise = new Noise(9);
    const base = ethereumModel('ethereum-large', { id: 1, height: 1, hash: named(1, 1, 32), time: 5 }, 1);
    const [one] = base.transactions;
    const transactions = Array.from({ length: 200 }, (_, i) => ({
      ...one!,
      hash: noise.bytes(32),
      value: MAX_UINT256,
      maxFeePerGas: MAX_UINT256,
      maxFeePerBlobGas: i % 2 === 0 ? undefined : MAX_UINT256,
      nonce: 2n ** 64n - 1n,
      cumulativeGasUsed: 2n ** 64n - 1n,
      succeeded: i === 0 ? undefined : i % 3 === 0,
      stateRoot: i === 0 ? noise.bytes(32) : undefined,
      logs: Array.from({ length: 10 }, (_unused, n) => ({
        address: noise.bytes(20),
        topics: Array.from({ length: n % 5 }, () => noise.bytes(32)),
        data: noise.bytes(n === 9 ? 100_000 : n),
      })),
    }));
    const block: EthereumContents = { ...base, transactions };
    const header = { ...sampleBlockOn({ height: 0, hash: ZERO32, time: 0 }).header, hash: block.blockHash };
    await set.write('ethereum-large', [connectOf('ethereum-large', header)], [block]);
    const snapshot = set.snapshot('ethereum-large', 1);

    const parts = await pages((after) => set.contents.logs(snapshot, {}, 1000, after));
    const bytes = (list: readonly { readonly data: Uint8Array }[]) =>
      list.reduce((sum, { data }) => sum + data.length, 0);
    // 20 MB in all: no page goes beyond its bytes by more than its last row.
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect(bytes(part)).toBeLessThan(PAGE_BYTES + 200_000);
    const given = transactions.flatMap(({ logs }) => logs);
    expect(parts.flat().length).toBe(2000);
    for (const [i, { address, topics, data, blockLogIndex }] of parts.flat().entries()) {
      const own = given[i]!;
      expect(blockLogIndex).toBe(i);
      expect([address, ...topics].every((word, n) => same(word, [own.address, ...own.topics][n]!))).toBe(
        true,
      );
      expect(topics.length).toBe(own.topics.length);
      expect(same(data, own.data)).toBe(true);
    }
    for (const at of [0, 1, 3]) {
      const own = transactions[at]!;
      const [row] = await set.contents.transaction(snapshot, own.hash);
      const { value, maxFeePerGas, maxFeePerBlobGas, nonce } = own;
      expect(row).toMatchObject({ value, maxFeePerGas, maxFeePerBlobGas, nonce, hash: own.hash });
      const [receipt] = await set.contents.receipt(snapshot, own.hash);
      const { succeeded, stateRoot, cumulativeGasUsed } = own;
      expect(receipt).toMatchObject({ succeeded, stateRoot, cumulativeGasUsed, logs: 10 });
    }
    const [found] = given.filter(({ topics }) => topics.length === 4);
    const { rows } = await set.contents.logs(snapshot, { topics: [null, null, null, found!.topics[3]!] }, 10);
    expect(rows.map(({ address }) => address)).toEqual([found!.address]);
  }, 240_000);

  test('what is written twice is there once, and what is not published is not seen', async () => {
    const chain = 'ethereum-twice';
    const blocks = Array.from({ length: 6 }, (_, i) =>
      ethereumModel(chain, { id: i + 1, height: i + 1, hash: named(3, i, 32), time: 10 * i }, i + 1),
    );
    const events = blocks.map(({ height, blockHash, time }) => {
      const { header } = sampleBlockOn({ height: height - 1, hash: ZERO32, time: 0 });
      return connectOf(chain, { ...header, hash: blockHash, time }, height);
    });
    await set.write(chain, events, blocks);
    const ask = async (ranges?: { from: number; to: number }[]) => {
      const snapshot = set.snapshot(chain, 6, ranges);
      return {
        logs: (await pages((after) => set.contents.logs(snapshot, {}, 5, after))).flat(),
        sums: await set.contents.statistics(snapshot, { from: 0, to: 1000, step: 1000 }),
        first: await set.contents.transaction(snapshot, blocks[0]!.transactions[0]!.hash),
      };
    };
    const before = await ask();
    expect(before.logs.length).toBe(18);
    expect(before.first.length).toBe(1);
    await set.write(chain, [], blocks);
    await set.write(chain, [], blocks.slice(2));
    expect(await ask()).toEqual(before);
    const part = await ask([
      { from: 2, to: 3 },
      { from: 6, to: 6 },
    ]);
    expect(new Set(part.logs.map(({ height }) => height))).toEqual(new Set([2, 3, 6]));
    expect(part.sums[0]).toMatchObject({ blocks: 3 });
    expect(part.first).toEqual([]);
    expect((await ask([])).logs).toEqual([]);
  }, 240_000);

  test('people read every table as text', async () => {
    for (const { name, stable = 'final', columns = '*' } of CONTENTS_TABLES) {
      if (stable === 'none') continue;
      const sql = `SELECT ${columns} FROM ${set.database}.${name} FINAL LIMIT 2`;
      expect((await set.client.query(name, sql, z.looseObject({ number: z.string() }))).length).toBe(2);
    }
  }, 240_000);

  test('questions of another form are refused', async () => {
    const snapshot = set.snapshot('ethereum-twice', 6);
    const address = new Uint8Array(20);
    for (const key of [['x', 1], [1], [1, 2, 3], []]) {
      await expect(set.contents.logs(snapshot, {}, 5, key)).rejects.toThrow(MalformedInputError);
      await expect(set.contents.transactionsByAddress(snapshot, address, 5, key)).rejects.toThrow(
        MalformedInputError,
      );
    }
    const refused = (query: Parameters<ContentsSet['contents']['logs']>[1]) =>
      expect(set.contents.logs(snapshot, query, 5)).rejects;
    await refused({ addresses: [new Uint8Array(19)] }).toThrow(MalformedInputError);
    await refused({ topics: [new Uint8Array(31)] }).toThrow(MalformedInputError);
    await refused({ topics: [null, null, null, null, null] }).toThrow(LimitExceededError);
    const many = Array.from({ length: 65 }, (_, i) => named(1, i, 20));
    await refused({ addresses: many }).toThrow(LimitExceededError);
    expect((await set.contents.logs(snapshot, { addresses: many.slice(1) }, 5)).rows).toEqual([]);
  }, 240_000);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { type ContentsSet, openContentsSet } from '../../../test/support/contents/set.js';

const CHAIN = 'scattered';
const BLOCKS = 200;
const A_BLOCK = 200;
const account = new Uint8Array(20).fill(0xac);

describe.skipIf(!hasChdb)('transactions of an account that sends one in each block', () => {
  let set: ContentsSet;

  beforeAll(async () => {
    set = await openContentsSet();
    const { client, database } = set;
    const height = `intDiv(number, ${A_BLOCK}) + 1`;
    const sql = `INSERT INTO ${database}.ethereum_transactions
        (chain, number, height, position, hash, known_sender, sender, recipient, raw, succeeded)
      SELECT {chain:String}, ${height}, ${height}, number % ${A_BLOCK}, toString(number), true,
        if(number % ${A_BLOCK} = 37 * intDiv(number, ${A_BLOCK}) % ${A_BLOCK}, unhex(repeat('ac', 20)), toString(number)), 'somebody',
        unhex('c9808080808080808080'), true
      FROM numbers(${BLOCKS * A_BLOCK})`;
    await client.command('filling', sql, { chain: CHAIN });
    await client.command(
      'blocks',
      `INSERT INTO ${database}.blocks (chain, number, height, block_hash, kind)
        SELECT {chain:String}, number, number, toString(number), 'ethereum' FROM numbers(1, ${BLOCKS})`,
      { chain: CHAIN },
    );
  });
  afterAll(() => set?.close());

  test('a page reads little beside what it shows, in how many blocks that ever is', async () => {
    const snapshot = set.snapshot(CHAIN, BLOCKS);
    let heights: number[] = [];
    const cost = await set.client.measure(async () => {
      const { rows } = await set.contents.transactionsByAddress(snapshot, account, 100);
      heights = rows.map((row) => row.height);
    });
    expect(heights).toEqual(Array.from({ length: 100 }, (_, i) => BLOCKS - i));
    expect(cost.rows).toBeLessThan(10_000);
  });
});

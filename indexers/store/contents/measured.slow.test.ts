import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { type Filled, fill, questions } from '../../../test/support/contents/questions.js';
import { type ContentsSet, openContentsSet } from '../../../test/support/contents/set.js';

/** Transactions of each kind that are loaded: docs/index.md has the figures. */
const TRANSACTIONS = Number(process.env.INDEX_TRANSACTIONS ?? 200_000);
const A_BLOCK = 2000;
const REPEATED = TRANSACTIONS > 200_000 ? 9 : 3;

/** Most rows that each question may read: some granules in each of some parts, whatever the size of the tables. */
const MOST: Readonly<Record<string, number>> = {
  'Bitcoin transaction by hash': 5_000,
  'block’s transactions, page of 100': 5_000,
  'outputs by script, all of a small one': 8_000,
  'outputs by script, second page of 100 of a hot one': 20_000,
  'unspent outputs by script, page of 100 of a hot one': 30_000,
  'spender of an outpoint': 20_000,
  'Ethereum transaction by hash': 5_000,
  'receipt by hash': 3_000,
  'transactions by address, all of an account': 20_000,
  'transactions by address, page of 100 of a token': 20_000,
  'logs of a contract, second page of 100': 40_000,
  'logs of a contract by event, ten blocks': 30_000,
  'logs of a contract by an account’s topic, all': 20_000,
  'logs of any contract by an account’s topic, all': 12_000,
  'logs of any contract by event, page of 100': 8_000,
  'logs of one block': 10_000,
  'statistics, 1,000 steps over all time': 2_000,
};

describe.skipIf(!hasChdb)('what questions about contents read', () => {
  let set: ContentsSet;
  let filled: Filled;
  const figures: Record<string, unknown>[] = [];

  beforeAll(async () => {
    set = await openContentsSet();
    const size = { blocks: TRANSACTIONS / A_BLOCK, transactions: A_BLOCK, parties: TRANSACTIONS / 4 };
    filled = await fill(set, size);
    const rate = (milliseconds: number) => Math.round(filled.transactions / (milliseconds / 1000));
    console.log(
      `transactions a second: Bitcoin ${rate(filled.writing.bitcoin)}, Ethereum ${rate(filled.writing.ethereum)}`,
    );
  }, 3_600_000);
  afterAll(async () => {
    console.table(figures);
    await set?.close();
  });

  test.each(Object.entries(MOST))(
    '%s',
    async (name, most) => {
      const ask = questions(set, filled)[name]!;
      let rows = 0;
      const costs = [];
      for (let i = 0; i < REPEATED; i++)
        costs.push(
          await set.client.measure(async () => {
            rows = await ask();
          }),
        );
      const [cost] = costs;
      const times = costs.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
      figures.push({
        question: name,
        rows,
        statements: cost!.statements,
        'rows read': cost!.rows,
        'kB read': Math.round(cost!.bytes / 1000),
        'median ms': Math.round((times[REPEATED >> 1] ?? 0) * 10) / 10,
        'worst ms': Math.round((times.at(-1) ?? 0) * 10) / 10,
      });
      expect(rows).toBeGreaterThan(0);
      expect(cost!.rows).toBeLessThan(most);
    },
    120_000,
  );
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { type Filled, fill, questions } from '../../../test/support/contents/questions.js';
import { type ContentsSet, openContentsSet } from '../../../test/support/contents/set.js';

/** Transactions of each kind that are loaded: docs/index.md has the figures of a million. */
const TRANSACTIONS = Number(process.env.INDEX_TRANSACTIONS ?? 200_000);
const A_BLOCK = 2000;
const REPEATED = TRANSACTIONS > 200_000 ? 9 : 3;

/** Most rows that each question may read: some granules in each of some parts, whatever the size of the tables. */
const MOST: Readonly<Record<string, number>> = {
  'Bitcoin transaction by hash': 20_000,
  'block’s transactions, page of 100': 20_000,
  'outputs by script, all of a small one': 100_000,
  'outputs by script, second page of 100 of a hot one': 600_000,
  'unspent outputs by script, page of 100 of a hot one': 4_000_000,
  'spender of an outpoint': 60_000,
  'Ethereum transaction by hash': 20_000,
  'receipt by hash': 20_000,
  'transactions by address, all of an account': 60_000,
  'transactions by address, page of 100 of a token': 60_000,
  'logs of a contract, second page of 100': 120_000,
  'logs of a contract by event, ten blocks': 60_000,
  'logs of a contract by an account’s topic, all': 60_000,
  'logs of any contract by an account’s topic, all': 120_000,
  'logs of any contract by event, page of 100': 60_000,
  'logs of one block': 30_000,
  'statistics, 1,000 steps over all time': 20_000,
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

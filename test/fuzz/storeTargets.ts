import * as z from 'zod';
import type { QueryCost, SqlClient } from '../../indexers/store/sql/client.js';
import { rowsOf } from '../../indexers/store/sql/http/answer.js';
import { SqlIndexStore } from '../../indexers/store/sqlStore.js';
import { json } from '../support/clickhouse/liar.js';
import { type FuzzTarget, Random } from './harness.js';

const CHAIN = 'fuzz';
const HEX64 = 'ab'.repeat(32);

/** Values that some column of some answer may have, and others that none should. */
const VALUES: readonly unknown[] = [
  ...[0, 1, 5, 255, 2 ** 53 - 1, -1, 0.5, 1e300],
  ...['0', '1', '7', '9007199254740993', '18446744073709551616', '-1', 'NaN', 'Infinity', '1e9', '0x10'],
  ...[
    '',
    HEX64,
    HEX64.slice(2),
    `${HEX64}ab`,
    '00'.repeat(20),
    '00'.repeat(32),
    '0g',
    'abc',
    'é\u0000\ud800',
  ],
  ...['connect', 'disconnect', 'finalize', 'bitcoin', 'ethereum', 'current', 'p2pkh', 'source-fault'],
  ...[
    true,
    false,
    null,
    [],
    [HEX64],
    [[]],
    ['1', 2],
    {},
    { length: 1 },
    [
      [HEX64, '1'],
      ['', 0],
    ],
  ],
  ...['02f8', 'c0', '01000000', '01'.repeat(200), 'f9'.repeat(80)],
];

/** Of each column of a shape, the values that it takes: without them few rows would get past the shape. */
const fitting = new WeakMap<z.ZodObject, ReadonlyMap<string, readonly unknown[]>>();

function columnsOf(row: z.ZodObject): ReadonlyMap<string, readonly unknown[]> {
  const known = fitting.get(row);
  if (known !== undefined) return known;
  const columns = new Map(
    Object.entries(row.shape).map(([name, column]) => {
      const fit = VALUES.filter((value) => fits(column as z.ZodType, value));
      return [name, fit.length === 0 ? VALUES : fit] as const;
    }),
  );
  fitting.set(row, columns);
  return columns;
}

function fits(column: z.ZodType, value: unknown): boolean {
  try {
    return z.safeParse(column, value).success;
  } catch {
    // What a column is made into may refuse it too.
    return false;
  }
}

/** The columns themselves, whatever is made of them. */
function objectOf(row: z.ZodType): z.ZodObject | undefined {
  if (row instanceof z.ZodPipe) return objectOf(row.def.in as z.ZodType);
  return row instanceof z.ZodObject ? row : undefined;
}

/** A server that answers each question with rows of the right columns, and in them mostly what a column may have. */
class Inventor implements SqlClient {
  readonly #random: Random | undefined;

  constructor(input: Uint8Array) {
    const seed = input.reduce((sum, byte) => (Math.imul(sum, 31) + byte + 1) | 0, 7);
    this.#random = input.every((byte) => byte === 0) ? undefined : new Random(seed);
  }

  async query<T>(what: string, _sql: string, row: z.ZodType<T>): Promise<T[]> {
    if (what === 'pointer')
      return rowsOf(what, Buffer.from(json([{ set: '1', version: '1', sequence: '1' }])), row).rows;
    const random = this.#random;
    if (random === undefined) return [];
    const object = objectOf(row);
    const columns = object === undefined ? [] : [...columnsOf(object)];
    const pick = (values: readonly unknown[]) => values[random.below(values.length)];
    const invented = Array.from({ length: random.below(4) }, () =>
      Object.fromEntries(
        columns.map(([name, fit]) => [name, pick(random.below(100) === 0 ? VALUES : fit)] as const),
      ),
    );
    return rowsOf(what, Buffer.from(json(invented)), row).rows;
  }
  async command(): Promise<void> {}
  async insert(): Promise<void> {}
  cost(): QueryCost | undefined {
    return undefined;
  }
  async close(): Promise<void> {}
}

const page = { limit: 2 };
const hash = new Uint8Array(32).fill(7);
const account = new Uint8Array(20).fill(7);
const steps = { from: 0, to: 100, step: 10 };

/** Every question. */
const QUESTIONS: readonly ((store: SqlIndexStore) => Promise<unknown>)[] = [
  (store) => store.view(CHAIN),
  (store) => store.headers(CHAIN, { from: 0, branches: true, ...page }),
  (store) => store.header(CHAIN, hash),
  (store) => store.latest(CHAIN, page),
  (store) => store.reorganisations(CHAIN, page),
  (store) => store.transaction(CHAIN, hash),
  (store) => store.blockTransactions(CHAIN, hash, page),
  (store) => store.outputsByScript(CHAIN, { script: hash, unspent: true, ...page }),
  (store) => store.spenders(CHAIN, { txid: hash, vout: 0 }),
  (store) => store.transactionsByAddress(CHAIN, { address: account, ...page }),
  (store) => store.receipt(CHAIN, hash),
  (store) => store.logs(CHAIN, page),
  (store) => store.statistics(CHAIN, steps),
  (store) => store.coverage(CHAIN),
  (store) => store.mainView(),
  (store) => store.certifiedHeader(),
  (store) => store.mainBlocks(page),
  (store) => store.commitments(CHAIN, page),
  (store) => store.certificates(page),
  (store) => store.evidence(CHAIN, page),
  (store) => store.proofsServed(page),
  (store) => store.sourceSeries(CHAIN, steps),
  (store) => store.lagSeries(CHAIN, steps),
  (store) => store.counts(),
  (store) => store.lastNumber(CHAIN),
  (store) => store.contentsProgress(CHAIN),
  (store) => store.mainRoot(),
  (store) => store.position('main'),
];

/** Whatever rows a server makes up: an answer, or an error of ours. */
export const storeTargets: readonly FuzzTarget[] = QUESTIONS.map((ask, i) => ({
  name: `invented rows, question ${i}: ${/store\.(\w+)/.exec(ask.toString())?.[1] ?? ''}`,
  // Of nothing but zeros: a server without rows.
  seeds: [new Uint8Array(32)],
  async run(input) {
    await ask(await SqlIndexStore.open(new Inventor(input), { readOnly: true }));
  },
}));

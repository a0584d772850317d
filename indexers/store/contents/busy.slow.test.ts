import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toBareHex } from '../../../proofs/bytes.js';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { named, sampleScript } from '../../../test/support/contents/sample.js';
import { type ContentsSet, openContentsSet } from '../../../test/support/contents/set.js';
import { scriptKey } from './bitcoin.js';

/** Outputs of a busy script, and logs with a busy topic, of a short past and of a long one. */
const SHORT = 20_000;
const LONG = 400_000;
/** One output in so many is never spent. */
const KEPT = 500;
const CHAIN = 'busy';
const PAGE = 100;

describe.skipIf(!hasChdb)('what a page of something busy reads does not grow with its past', () => {
  let set: ContentsSet;
  const last = LONG + 1000;

  beforeAll(async () => {
    set = await openContentsSet();
    const { client, database } = set;
    for (const [n, size] of [SHORT, LONG].entries()) {
      const script = sampleScript(n);
      const parameters = { chain: CHAIN, key: scriptKey(script), script: toBareHex(script), size };
      // An output a block, each spent ten blocks later.
      const outputs = `number + 1 AS height, toFixedString(unhex(hex(sipHash128(number, ${n}))) || 'txid of 32 bytes', 32) AS id`;
      for (const sql of [
        `INSERT INTO ${database}.bitcoin_coins (chain, number, height, script_key, position, vout, txid, value, kind, script)
          SELECT {chain:String}, height, height, {key:UInt64}, 1, ${n}, id, 5, 'witness_v0_keyhash', unhex({script:String})
          FROM (SELECT ${outputs}, number FROM numbers({size:UInt64}))`,
        `INSERT INTO ${database}.bitcoin_new_spends (chain, number, height, spent_txid, spent_vout, position, vin, txid, sequence)
          SELECT {chain:String}, height + 10, height + 10, id, ${n}, 2, 0, id, 0
          FROM (SELECT ${outputs}, number FROM numbers({size:UInt64})) WHERE number % ${KEPT} != 7`,
        `INSERT INTO ${database}.ethereum_logs (chain, number, height, position, log_index, block_log_index, transaction_hash, address, topics,
            topic0, topic1, data)
          SELECT {chain:String}, height, height, 0, 0, ${n}, id, 'somewhere', 2, 'event', unhex('${toBareHex(named(7, n, 32))}'), ''
          FROM (SELECT ${outputs}, number FROM numbers({size:UInt64}))`,
      ])
        await client.command('filling', sql, parameters);
    }
    await client.command(
      'blocks',
      `INSERT INTO ${database}.blocks (chain, number, height, block_hash)
        SELECT {chain:String}, number, number, toString(number) FROM numbers(1, {last:UInt64})`,
      { chain: CHAIN, last },
    );
    // As in time they are.
    for (const table of ['bitcoin_coins', 'ethereum_logs', 'ethereum_topics'])
      await client.command('merging', `OPTIMIZE TABLE ${database}.${table} FINAL`);
  }, 240_000);
  afterAll(() => set?.close());

  const cost = async (ask: () => Promise<{ readonly rows: readonly unknown[] }>) => {
    let rows = 0;
    const { rows: read } = await set.client.measure(async () => {
      rows = (await ask()).rows.length;
    });
    return { rows, read };
  };
  const snapshot = () => set.snapshot(CHAIN, last);

  test.each([
    ['outputs', false, 8_000],
    ['unspent outputs', true, 100_000],
  ])('%s of a script', async (_, unspent, most) => {
    const [short, long] = await Promise.all(
      [0, 1].map(async (n) => {
        const query = { script: sampleScript(n), unspent };
        const first = await set.contents.outputsByScript(snapshot(), query, unspent ? 20 : PAGE);
        expect(first.next).toBeDefined();
        return { query, after: first.next };
      }),
    );
    const limit = unspent ? 20 : PAGE;
    const ask = (one: typeof short) =>
      cost(() => set.contents.outputsByScript(snapshot(), one!.query, limit, one!.after));
    const [few, many] = [await ask(short), await ask(long)];
    expect(few.rows).toBe(limit);
    expect(many.rows).toBe(limit);
    expect(many.read).toBeLessThan(1.5 * few.read + 1000);
    expect(many.read).toBeLessThan(most);
  });

  test('logs with a topic', async () => {
    const ask = (n: number) =>
      cost(() => set.contents.logs(snapshot(), { topics: [null, named(7, n, 32)] }, PAGE));
    const [few, many] = [await ask(0), await ask(1)];
    expect([few.rows, many.rows]).toEqual([PAGE, PAGE]);
    expect(many.read).toBeLessThan(1.5 * few.read + 1000);
    expect(many.read).toBeLessThan(10_000);
  });
});

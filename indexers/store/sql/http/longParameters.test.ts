import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { hasChdb, startFront, type TestFront } from '../../../../test/support/clickhouse/front.js';
import { clientOf } from '../../../../test/support/clickhouse/say.js';
import { bindLong } from './longParameters.js';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => 10_000_000 + 3 * i);

describe('values of a statement', () => {
  test('short ones stay beside it', () => {
    const parameters = { chain: 'x', list: [1, 2n], hex: 'ab'.repeat(100) };
    expect(bindLong('SELECT {chain:String}', parameters)).toEqual({
      sql: 'SELECT {chain:String}',
      parameters,
      settings: {},
    });
  });

  test('long ones go into it, wherever they are named', () => {
    const hex = 'ab'.repeat(5000);
    const list = numbers(1000);
    const { sql, parameters, settings } = bindLong(
      'SELECT unhex({hex:String}), {n:UInt64} IN {list:Array(UInt64)}, length({list:Array(UInt64)})',
      { hex, n: 3, list },
    );
    const literal = `CAST([${list.join(',')}], 'Array(UInt64)')`;
    expect(sql).toBe(`SELECT unhex(CAST('${hex}', 'String')), {n:UInt64} IN ${literal}, length(${literal})`);
    expect(parameters).toEqual({ n: 3 });
    expect(settings).toEqual({});
    expect(bindLong('{list:Array(UInt64)}', { list: numbers(40_000) }).settings).toEqual({
      max_query_size: String(40_000 * 9 + 1 + "CAST(, 'Array(UInt64)')".length + 1024),
    });
  });

  test('nothing that could be read as anything else does', () => {
    for (const value of [
      `${'a'.repeat(5000)}'`,
      `${'a'.repeat(5000)}\\`,
      Array(5000).fill("1']"),
      Array(5000).fill(0.5),
    ])
      expect(bindLong('{x:String}', { x: value })).toMatchObject({
        sql: '{x:String}',
        parameters: { x: value },
      });
  });
});

describe.skipIf(!hasChdb)('a server', { timeout: 120_000 }, () => {
  let front: TestFront;
  beforeAll(async () => {
    front = await startFront({ password: 'x' });
  }, 120_000);
  afterAll(() => front.close());

  test.each([100, 20_000, 100_000])('is asked about a list of %i numbers', async (count) => {
    const client = await clientOf({ url: front.url, username: 'default', password: 'x' });
    const sql = 'SELECT count() AS c FROM numbers(10000000, 300) WHERE number NOT IN {list:Array(UInt64)}';
    const row = z.object({ c: z.coerce.number() });
    expect(await client.query('long', sql, row, { list: numbers(count) })).toEqual([{ c: 200 }]);
    await client.close();
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyValueStore, RangeOptions } from '../../storage/keyValue.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

async function collect(store: KeyValueStore, options: RangeOptions): Promise<[number[], number[]][]> {
  const rows: [number[], number[]][] = [];
  for await (const [key, value] of store.range(options)) rows.push([[...key], [...value]]);
  return rows;
}

/** What every key-value store must do. `open` gives an empty one. */
export function keyValueConformance(open: () => Promise<KeyValueStore>): void {
  test('puts, replaces, deletes', async () => {
    const store = await open();
    expect(store.get(bytes(1))).toBeUndefined();
    await store.batch([{ type: 'put', key: bytes(1), value: bytes(9, 9) }]);
    expect(store.get(bytes(1))).toEqual(bytes(9, 9));
    await store.batch([{ type: 'put', key: bytes(1), value: bytes() }]);
    expect(store.get(bytes(1))).toEqual(bytes());
    await store.batch([
      { type: 'del', key: bytes(1) },
      { type: 'del', key: bytes(2) },
    ]);
    expect(store.get(bytes(1))).toBeUndefined();
    await store.batch([]);
  });

  test('applies a batch in its order', async () => {
    const store = await open();
    await store.batch([
      { type: 'put', key: bytes(1), value: bytes(1) },
      { type: 'del', key: bytes(1) },
      { type: 'put', key: bytes(1), value: bytes(2) },
      { type: 'put', key: bytes(2), value: bytes(3) },
      { type: 'del', key: bytes(2) },
    ]);
    expect(await collect(store, {})).toEqual([[[1], [2]]]);
  });

  test('what was given or got can be changed without changing the store', async () => {
    const store = await open();
    const key = bytes(1);
    const value = bytes(5);
    await store.batch([{ type: 'put', key, value }]);
    value[0] = 6;
    key[0] = 7;
    expect(store.get(bytes(1))).toEqual(bytes(5));
    store.get(bytes(1))![0] = 8;
    expect(store.get(bytes(1))).toEqual(bytes(5));
  });

  test('takes views into larger buffers', async () => {
    const store = await open();
    const large = bytes(0, 1, 2, 3, 4);
    await store.batch([{ type: 'put', key: large.subarray(1, 3), value: large.subarray(3) }]);
    expect(store.get(bytes(1, 2))).toEqual(bytes(3, 4));
  });

  test('a range lists keys in byte order within its bounds', async () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(key, { maxLength: 30 }),
        fc.record({ gte: key, lt: key, reverse: fc.boolean(), limit: fc.nat(10) }, { requiredKeys: [] }),
        async (keys, options) => {
          const store = await open();
          await store.batch(keys.map((k) => ({ type: 'put', key: k, value: k })));
          const expected = [...new Map(keys.map((k) => [k.join(), k])).values()]
            .filter((k) => options.gte === undefined || Buffer.compare(k, options.gte) >= 0)
            .filter((k) => options.lt === undefined || Buffer.compare(k, options.lt) < 0)
            .sort((a, b) => Buffer.compare(a, b));
          if (options.reverse === true) expected.reverse();
          const rows = expected.slice(0, options.limit ?? expected.length).map((k) => [[...k], [...k]]);
          expect(await collect(store, options)).toEqual(rows);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a range can be left early, and sees the store as it was', async () => {
    const store = await open();
    await store.batch([1, 2, 3, 4].map((n) => ({ type: 'put', key: bytes(n), value: bytes(n) })));
    const seen: number[] = [];
    for await (const [key] of store.range({})) {
      seen.push(key[0]!);
      if (seen.length === 1) await store.batch([{ type: 'del', key: bytes(3) }]);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
  });
}

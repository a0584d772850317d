import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteListType, ContainerType } from '@chainsafe/ssz';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Bytes32, Count64, Uint8 } from '../../proofs/containers/primitives.js';
import { MAX_CHAIN_NAME } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { LevelStore } from '../../storage/level.js';
import { MemoryStore } from '../../storage/memory.js';
import { eventLogConformance } from '../../test/conformance/eventLog.js';
import { fakeGenesis, fakeHeader } from '../../test/support/indexers/fakeKind.js';
import { readUint64, Table, tableKey, uint64 } from '../keys.js';
import { EmbeddedLog } from './embedded.js';
import { LogCorruptError } from './errors.js';
import { decodeEvent, type EventName, EventType, encodeEvent, eventOf } from './event.js';
import { Replay } from './replay.js';

const folder = mkdtempSync(join(tmpdir(), 'crossroot-log-'));
const stores: KeyValueStore[] = [];
afterAll(async () => {
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('embedded log in memory', () => {
  eventLogConformance(async () => {
    const store = new MemoryStore();
    return { log: new EmbeddedLog(store), store: () => store, reopen: async () => new EmbeddedLog(store) };
  });
});

describe('embedded log on disk', () => {
  let count = 0;
  eventLogConformance(async () => {
    const path = join(folder, String(count++));
    const store = await LevelStore.open(path);
    return {
      log: new EmbeddedLog(store),
      store: () => store,
      reopen: async () => {
        await store.close();
        const again = await LevelStore.open(path);
        stores.push(again);
        return new EmbeddedLog(again);
      },
    };
  });
});

describe('records', () => {
  const event = { ...eventOf('connect', fakeGenesis), chain: 'a', number: 7, epoch: 3 };

  test('are read as written', () => {
    for (const type of ['connect', 'disconnect', 'finalize'] as EventName[])
      expect(decodeEvent(encodeEvent({ ...event, type }))).toEqual({ ...event, type });
  });

  test('have the bytes of SSZ', () => {
    const type = new ContainerType({
      chain: new ByteListType(MAX_CHAIN_NAME),
      number: Count64,
      epoch: Count64,
      type: Uint8,
      height: Count64,
      hash: Bytes32,
      parentHash: Bytes32,
      time: Count64,
      raw: new ByteListType(8192),
    });
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(
        fc.record({
          chain: fc.string({ unit: 'grapheme', maxLength: 6 }),
          ...{
            number: fc.maxSafeNat(),
            epoch: fc.maxSafeNat(),
            height: fc.maxSafeNat(),
            time: fc.maxSafeNat(),
          },
          ...{ hash: bytes32, parentHash: bytes32, raw: fc.uint8Array({ maxLength: 700 }) },
          type: fc.constantFrom('connect', 'disconnect', 'finalize'),
        }),
        (each) => {
          const chain = new TextEncoder().encode(each.chain);
          fc.pre(chain.length <= MAX_CHAIN_NAME);
          fc.pre(each.type !== 'disconnect' || each.height > 0);
          const ssz = type.serialize({ ...each, chain, type: EventType[each.type] });
          const encoded = encodeEvent(each);
          expect(encoded).toEqual(Uint8Array.of(1, ...ssz));
          expect(decodeEvent(encoded)).toEqual(each);
        },
      ),
    );
    const long = { ...event, raw: new Uint8Array(8193) };
    expect(() => encodeEvent(long)).toThrow(RangeError);
    expect(() => encodeEvent({ ...event, height: -1 })).toThrow(RangeError);
  });

  test('a damaged one is refused by a named error, never a crash', () => {
    const good = encodeEvent(event);
    const damaged = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(good.length));
    fc.assert(
      fc.property(damaged, ([at, flip, length]) => {
        const bytes = good.slice(0, length);
        if (at < length) bytes[at]! ^= flip;
        try {
          decodeEvent(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInputError);
        }
      }),
    );
    expect(() => decodeEvent(Uint8Array.of(2, ...good.subarray(1)))).toThrow('unknown version');
  });

  test('what would leave a chain without a tip is refused', () => {
    const first = { ...event, height: 0 };
    expect(() => encodeEvent({ ...first, type: 'disconnect' })).toThrow('disconnects height 0');
    for (const type of ['connect', 'finalize'] as const)
      expect(decodeEvent(encodeEvent({ ...first, type })).height).toBe(0);
    const bytes = encodeEvent({ ...first, type: 'connect' });
    // Version, then the fixed part: the type stands after the chain's offset, the number and the epoch.
    bytes[1 + 4 + 8 + 8] = EventType.disconnect;
    expect(() => decodeEvent(bytes)).toThrow(MalformedInputError);
  });

  test('a gap or damage in the store is found when read', async () => {
    const store = new MemoryStore();
    const log = new EmbeddedLog(store);
    const lease = await log.acquire('a');
    await log.append(lease, 1, [eventOf('connect', fakeGenesis), eventOf('finalize', fakeGenesis)]);
    const key = tableKey(Table.logEvent, 'a', 1);
    const other = encodeEvent(event);
    for (const value of [Uint8Array.of(1, 2), other]) {
      await store.batch([{ type: 'put', key, value }]);
      await expect(log.read('a', 1, 5)).rejects.toThrow(LogCorruptError);
    }
    await store.batch([{ type: 'del', key }]);
    await expect(log.read('a', 1, 5)).rejects.toThrow('missing');
  });
});

describe('replay', () => {
  const child = fakeHeader(fakeGenesis, 1);
  const other = fakeHeader(fakeGenesis, 2);
  const numbered = (steps: [EventName, typeof child][]) =>
    steps.map(([type, header], i) => ({ ...eventOf(type, header), chain: 'a', epoch: 1, number: i + 1 }));
  const run = (steps: [EventName, typeof child][]) => {
    const replay = new Replay();
    for (const event of numbered(steps)) replay.apply(event);
    return replay;
  };

  test('refuses events that do not follow', () => {
    expect(
      run([
        ['connect', fakeGenesis],
        ['connect', child],
        ['disconnect', child],
        ['connect', other],
      ]).tip?.hash,
    ).toEqual(other.hash);
    expect(() =>
      run([
        ['connect', fakeGenesis],
        ['connect', child],
        ['connect', other],
      ]),
    ).toThrow(LogCorruptError);
    expect(() =>
      run([
        ['connect', fakeGenesis],
        ['connect', child],
        ['disconnect', other],
      ]),
    ).toThrow(LogCorruptError);
    expect(() => run([['disconnect', fakeGenesis]])).toThrow(LogCorruptError);
    expect(() =>
      run([
        ['connect', fakeGenesis],
        ['finalize', child],
      ]),
    ).toThrow(LogCorruptError);
    const [, second] = numbered([
      ['connect', fakeGenesis],
      ['connect', child],
    ]);
    expect(() => new Replay().apply(second!)).toThrow(LogCorruptError);
  });
});

test('keys sort as their parts do', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      expect(readUint64(uint64(a))).toBe(a);
      const order = Buffer.compare(tableKey(Table.logEvent, 'x', a), tableKey(Table.logEvent, 'x', b));
      expect(order).toBe(Math.sign(a - b));
    }),
  );
  expect(() => uint64(-1)).toThrow(RangeError);
  expect(() => uint64(2 ** 53)).toThrow(RangeError);
});

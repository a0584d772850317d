import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LeaseLostError, LogConflictError } from '../../indexers/log/errors.js';
import { type EventInput, eventOf } from '../../indexers/log/event.js';
import type { EventLog } from '../../indexers/log/eventLog.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { fakeGenesis, fakeHeader } from '../support/indexers/fakeKind.js';

/** Headers that build on one another; `input(n)` connects the n-th, from 1. */
const headers = [fakeGenesis];
for (let salt = 1; salt < 30; salt++) headers.push(fakeHeader(headers.at(-1), salt));
const input = (n: number): EventInput => eventOf('connect', headers[n - 1]!);

export interface LogUnderTest {
  readonly log: EventLog;
  /** The local store. */
  store(): KeyValueStore;
  reopen(): Promise<EventLog>;
}

/** What every event log must do. `open` gives an empty one; `reopen` the same one as after a restart. */
export function eventLogConformance(open: () => Promise<LogUnderTest>): void {
  test('numbers events per chain from 1, without gaps', async () => {
    const { log } = await open();
    const a = await log.acquire('a');
    const b = await log.acquire('b');
    expect(await log.last('a')).toBeUndefined();
    expect(await log.append(a, 1, [input(1), input(2)])).toBe(2);
    expect(await log.append(b, 1, [input(1)])).toBe(1);
    expect(await log.append(a, 3, [])).toBe(2);
    expect(await log.append(a, 3, [input(3)])).toBe(3);
    expect((await log.read('a', 1, 10)).map((event) => event.number)).toEqual([1, 2, 3]);
    expect(await log.last('a')).toEqual({ ...input(3), chain: 'a', number: 3, epoch: 1 });
    expect(await log.chains()).toEqual(['a', 'b']);
  });

  test('reads any range, fewer at the end, none past it', async () => {
    const { log } = await open();
    const lease = await log.acquire('a');
    await log.append(
      lease,
      1,
      Array.from({ length: 20 }, (_, i) => input(i + 1)),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(25), fc.nat(25), async (from, limit) => {
        const numbers = (await log.read('a', from, limit)).map((event) => event.number);
        const first = Math.max(1, from);
        const count = Math.max(0, Math.min(limit, 21 - first));
        expect(numbers).toEqual(Array.from({ length: count }, (_, i) => first + i));
      }),
    );
    expect(await log.read('none', 1, 10)).toEqual([]);
  });

  test('refuses a number that is not the next', async () => {
    const { log } = await open();
    const lease = await log.acquire('a');
    await expect(log.append(lease, 2, [input(2)])).rejects.toThrow(LogConflictError);
    await log.append(lease, 1, [input(1)]);
    await expect(log.append(lease, 1, [input(1)])).rejects.toThrow(LogConflictError);
    const children = [1, 2, 3].map((salt) => eventOf('connect', fakeHeader(fakeGenesis, salt)));
    const racing = await Promise.allSettled(children.map((child) => log.append(lease, 2, [child])));
    expect(racing.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(await log.read('a', 1, 10)).toHaveLength(2);
  });

  test('a new lease ends the old one, across restarts too', async () => {
    const { log, reopen } = await open();
    const first = await log.acquire('a');
    await log.append(first, 1, [input(1)]);
    const again = await reopen();
    const second = await again.acquire('a');
    expect(second.epoch).toBe(first.epoch + 1);
    await expect(again.append(first, 2, [input(2)])).rejects.toThrow(LeaseLostError);
    await again.append(second, 2, [input(2)]);
    expect((await again.read('a', 1, 10)).map((event) => event.epoch)).toEqual([1, 2]);
    expect((await again.acquire('b')).epoch).toBe(1);
  });

  test('keeps everything over a restart', async () => {
    const { log, reopen } = await open();
    const lease = await log.acquire('a');
    await log.append(lease, 1, [
      input(1),
      { ...input(1), type: 'finalize' },
      input(2),
      { ...input(2), type: 'disconnect' },
    ]);
    await log.cursor('sink', 'a').commit(2);
    const before = await log.read('a', 1, 10);
    const again = await reopen();
    expect(await again.read('a', 1, 10)).toEqual(before);
    expect(await again.cursor('sink', 'a').get()).toBe(2);
  });

  test('finds events by the time of writing', async () => {
    const { log, reopen } = await open();
    const lease = await log.acquire('a');
    expect(await log.numberAt('a', 0)).toBe(1);
    const times = [0];
    for (const first of [1, 3]) {
      await log.append(lease, first, [input(first), input(first + 1)]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      times.push(Date.now());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const found = (of: EventLog) => Promise.all(times.map((time) => of.numberAt('a', time)));
    expect(await found(log)).toEqual([1, 3, 5]);
    expect(await log.numberAt('none', 0)).toBe(1);
    expect(await found(await reopen())).toEqual([1, 3, 5]);
  });

  test('writes of the caller go with the events', async () => {
    const { log, store } = await open();
    const lease = await log.acquire('a');
    const key = Uint8Array.of(0xee, 1);
    const put = { type: 'put', key, value: Uint8Array.of(7) } as const;
    await expect(log.append(lease, 2, [input(1)], [put])).rejects.toThrow(LogConflictError);
    expect(store().get(key)).toBeUndefined();
    await log.append(lease, 1, [input(1)], [put]);
    expect(store().get(key)).toEqual(Uint8Array.of(7));
    await log.cursor('sink', 'a').commit(1, [{ type: 'del', key }]);
    expect(store().get(key)).toBeUndefined();
  });

  test('cursors are separate and never move back', async () => {
    const { log } = await open();
    const one = log.cursor('one', 'a');
    await one.commit(5);
    await one.commit(3);
    expect(await one.get()).toBe(5);
    expect(await log.cursor('one', 'b').get()).toBe(0);
    expect(await log.cursor('two', 'a').get()).toBe(0);
    expect(await log.cursor('one', 'a').get()).toBe(5);
  });

  test('tells subscribers of appends until they leave', async () => {
    const { log } = await open();
    const lease = await log.acquire('a');
    const told: number[] = [];
    const end = log.subscribe('a', (number) => told.push(number));
    await log.append(lease, 1, [input(1), input(2)]);
    await log.append(lease, 3, [input(3)]);
    await expect.poll(() => told.at(-1)).toBe(3);
    end();
    await log.append(lease, 4, [input(4)]);
    expect(told.at(-1)).toBe(3);
  });
}

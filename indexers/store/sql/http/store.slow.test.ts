import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openIndex } from '../../../../cli/openIndex.js';
import { IndexSchema } from '../../../../config/index.js';
import { isRetryable } from '../../../../proofs/errors/base.js';
import { GRACE_MS, indexStoreConformance } from '../../../../test/conformance/indexStore.js';
import { hasChdb, startFront, type TestFront } from '../../../../test/support/clickhouse/front.js';
import { clientOf } from '../../../../test/support/clickhouse/say.js';
import { fakeGenesis } from '../../../../test/support/indexers/fakeKind.js';
import { type ChainEvent, eventOf } from '../../../log/event.js';
import { SqlIndexStore } from '../../sqlStore.js';

const CHAIN = 'fake';
const PASSWORD = 'correct horse';

function events(from: number, to: number): ChainEvent[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const number = from + i;
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(0, number);
    const parentHash = new Uint8Array(32);
    new DataView(parentHash.buffer).setUint32(0, number - 1);
    const header = { ...fakeGenesis, height: 100 + number, hash, parentHash };
    return { ...eventOf('connect', header), chain: CHAIN, number, epoch: 1 };
  });
}

// chDB is an optional package.
describe.skipIf(!hasChdb)('the index on a ClickHouse server', { timeout: 180_000 }, () => {
  let front: TestFront;
  beforeAll(async () => {
    front = await startFront({ password: PASSWORD });
  }, 180_000);
  afterAll(() => front.close());
  const target = () => ({ url: front.url, username: 'default', password: PASSWORD });

  describe('as the stand-in has it', () => {
    indexStoreConformance(async () =>
      SqlIndexStore.open(await clientOf(target()), { prefix: 'suite', graceMs: GRACE_MS }),
    );
  });

  const config = (database: string) =>
    IndexSchema.parse({ type: 'clickhouse', url: front.url, password: PASSWORD, database });

  test('is waited for, and outlives its server', async () => {
    await front.kill();
    const troubles: unknown[] = [];
    const index = openIndex({
      config: config('outlives'),
      folder: front.folder,
      onTrouble: (trouble) => troubles.push(trouble),
    });
    while (troubles.length === 0) await sleep(20);
    expect(String(troubles[0])).toMatch(/ECONNREFUSED/);
    expect(index.available).toBe(false);
    await front.start();
    await index.opened();
    const { store } = index;
    await store.writeEvents(CHAIN, events(1, 5));
    await front.restart();
    expect(await store.lastNumber(CHAIN)).toBe(5);
    await front.kill();
    const asked = [store.writeEvents(CHAIN, events(6, 7)), store.latest(CHAIN, { limit: 1 })];
    for (const answer of await Promise.allSettled(asked))
      expect(answer.status === 'rejected' && isRetryable(answer.reason)).toBe(true);
    await front.start();
    expect((await store.latest(CHAIN, { limit: 1 })).view.number).toBe(5);
    await store.writeEvents(CHAIN, events(6, 7));
    expect((await store.latest(CHAIN, { limit: 1 })).view.number).toBe(7);
    await index.close();
  });

  test('shows a write whole or not at all, however its server is killed in the midst of it', async () => {
    const client = await clientOf(target());
    const store = await SqlIndexStore.open(client, { prefix: 'killed' });
    let done = 0;
    for (let round = 0; round < 4; round++) {
      const next = events(done + 1, done + 3000);
      const write = store.writeEvents(CHAIN, next).then(
        () => true,
        (error: unknown) => {
          expect(isRetryable(error)).toBe(true);
          return false;
        },
      );
      await sleep(5 + round * 15);
      await front.kill();
      const taken = await write;
      await front.start();
      const last = await store.lastNumber(CHAIN);
      expect([done, done + 3000]).toContain(last);
      if (taken) expect(last).toBe(done + 3000);
      // Again, as a sink does: what was in already is not there twice.
      await store.writeEvents(CHAIN, next);
      done += 3000;
      const page = await store.headers(CHAIN, { from: 100 + done - 9, limit: 1000 });
      expect(page.view.number).toBe(done);
      expect(page.rows.map(({ height }) => height)).toEqual(
        Array.from({ length: 10 }, (_, i) => 100 + done - 9 + i),
      );
    }
    expect(await store.counts()).toMatchObject([{ chain: CHAIN, headers: done, canonical: done }]);
    await store.close();
  });

  test('answers those who only ask once somebody has made the tables', async () => {
    const open = (readOnly: boolean) =>
      openIndex({ config: config('asked'), folder: front.folder, readOnly, onTrouble: () => undefined });
    const reader = open(true);
    await reader.opened();
    await expect(reader.store.latest(CHAIN, { limit: 1 })).rejects.toThrow(/nobody has made its tables/);
    const writer = open(false);
    await writer.opened();
    await writer.store.writeEvents(CHAIN, events(1, 2));
    expect((await reader.store.latest(CHAIN, { limit: 1 })).view.number).toBe(2);
    await reader.close();
    await writer.close();
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { hasChdb } from '../../test/support/clickhouse/front.js';
import { EventMaker } from '../../test/support/index/eventMaker.js';
import { ChdbClient } from './sql/chdbClient.js';
import type { SqlClient } from './sql/client.js';
import { SqlIndexStore } from './sqlStore.js';

/** Headers that are loaded: docs/index.md has the figures of a million. */
const HEADERS = Number(process.env.INDEX_HEADERS ?? 200_000);
const BATCH = 20_000;
const CHAIN = 'measured';

/** Most rows that a question may read, wherever the answer is: some marks of 256 rows in each of some parts. */
const FEW = 16_384;

describe.skipIf(!hasChdb)('what questions read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-measured-'));
  const maker = new EventMaker(CHAIN);
  let client: SqlClient;
  let store: SqlIndexStore;
  const measured: Record<string, unknown>[] = [];

  beforeAll(async () => {
    client = await ChdbClient.open(join(folder, 'index'));
    store = await SqlIndexStore.open(client);
    const began = performance.now();
    while (maker.height < HEADERS) {
      const events = maker.take(BATCH);
      await store.writeEvents(CHAIN, events);
    }
    const seconds = (performance.now() - began) / 1000;
    if (process.env.INDEX_HEADERS !== undefined)
      console.log(
        `${maker.number} events in ${seconds.toFixed(1)} s: ${Math.round(maker.number / seconds)} a second`,
      );
  }, 600_000);

  afterAll(async () => {
    // For docs/index.md.
    if (process.env.INDEX_HEADERS !== undefined) console.table(measured);
    await client?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Asks until it is warm, and keeps what the queries of these names read. */
  async function reads(
    question: string,
    names: readonly string[],
    ask: () => Promise<unknown>,
  ): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      const began = performance.now();
      await ask();
      times.push(performance.now() - began);
    }
    const costs = names.map(
      (name) => client.cost(name) ?? { rows: Number.NaN, bytes: Number.NaN, seconds: 0 },
    );
    const rows = costs.reduce((sum, cost) => sum + cost.rows, 0);
    const bytes = costs.reduce((sum, cost) => sum + cost.bytes, 0);
    const milliseconds = times.sort((a, b) => a - b)[4]?.toFixed(1);
    measured.push({ question, rows, bytes, milliseconds });
    return rows;
  }

  const view = ['view'];
  test.each([0.01, 0.5, 0.99])('a range of heights, at %d of the chain', async (share) => {
    const from = Math.floor(HEADERS * share);
    const page = () => store.headers(CHAIN, { from, limit: 100 });
    expect((await page()).rows).toHaveLength(100);
    expect(await reads(`100 headers from ${from}`, [...view, 'start', 'headers'], page)).toBeLessThan(FEW);
  });

  test('a thousand headers', async () => {
    const page = () => store.headers(CHAIN, { from: HEADERS >> 1, limit: 1000 });
    expect((await page()).rows).toHaveLength(1000);
    expect(await reads('1000 headers', [...view, 'start', 'headers'], page)).toBeLessThan(FEW);
  });

  test('headers of all branches', async () => {
    const page = () => store.headers(CHAIN, { from: HEADERS >> 1, limit: 100, branches: true });
    expect(
      await reads('100 headers, all branches', [...view, 'start', 'top', 'branches'], page),
    ).toBeLessThan(FEW);
  });

  test('a header by its hash, the newest and the oldest and none', async () => {
    for (const number of [3, maker.number >> 1, maker.number - 5]) {
      const { hash } = maker.event(number);
      const ask = () => store.header(CHAIN, hash);
      expect((await ask()).row?.hash).toEqual(new Uint8Array(hash));
      expect(await reads(`header by hash, event ${number}`, [...view, 'header'], ask)).toBeLessThan(FEW);
    }
    const none = () => store.header(CHAIN, new Uint8Array(32).fill(7));
    expect(await reads('header by a hash that is none', [...view, 'header'], none)).toBeLessThan(FEW);
  });

  test('the newest headers', async () => {
    const ask = () => store.latest(CHAIN, { limit: 20 });
    expect((await ask()).rows[0]?.height).toBe(maker.height);
    expect(await reads('20 newest headers', [...view, 'headers'], ask)).toBeLessThan(FEW);
  });

  test('an earlier view', async () => {
    for (const share of [0.001, 0.3, 0.7, 0.9999]) {
      const at = Math.floor(maker.number * share);
      const ask = () => store.view(CHAIN, at);
      expect((await ask()).number).toBe(at);
      expect(await reads(`view after event ${at}`, ['viewAt'], ask)).toBeLessThan(FEW);
    }
  });

  test('reorganisations', async () => {
    const ask = () => store.reorganisations(CHAIN, { limit: 20 });
    expect((await ask()).rows).toHaveLength(20);
    expect(await reads('20 newest reorganisations', [...view, 'reorganisations'], ask)).toBeLessThan(
      FEW + maker.undone,
    );
  });

  test('counts', async () => {
    const names = ['start', 'lost', 'reorganisationCount', 'finalized'];
    const rows = await reads('counts of a chain', names, () => store.counts());
    // Blocks that were ever undone, and the marks that they are in.
    expect(rows).toBeLessThan(FEW + maker.undone * 600);
  });

  test('space', async () => {
    const row = z.object({
      name: z.string(),
      rows: z.coerce.number(),
      bytes: z.coerce.number(),
      parts: z.coerce.number(),
    });
    const sql = `SELECT table AS name, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts
      WHERE active AND database = 'crossroot_1' GROUP BY table ORDER BY bytes DESC LIMIT 6`;
    for (const { name, rows, bytes, parts } of await client.query('space', sql, row))
      measured.push({ question: `space of ${name}, ${parts} parts`, rows, bytes });
  });
});

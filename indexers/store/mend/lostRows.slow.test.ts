import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { sampleEvent } from '../../../test/support/contents/questions.js';
import { bitcoinSample } from '../../../test/support/contents/sample.js';
import { EventMaker } from '../../../test/support/index/eventMaker.js';
import type { SetWriter } from '../indexStore.js';
import { ChdbClient } from '../sql/chdbClient.js';
import { SqlIndexStore } from '../sqlStore.js';
import { firstMissingEvent } from './events.js';

const CHAIN = 'mended';

describe.skipIf(!hasChdb)('rows that are lost', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-mend-'));
  let client: ChdbClient;
  let prefixes = 0;
  /** When the machine started. */
  let started = 0;

  beforeAll(async () => {
    client = await ChdbClient.open(join(folder, 'index'));
  });
  afterAll(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (prefix = `mend${++prefixes}`) => {
    const store = await SqlIndexStore.open(client, { prefix, machineStart: async () => started });
    const writer = (await store.sets.writer()) as SetWriter;
    const sql = (text: string) => client.command('test', text.replaceAll('DB', `${prefix}_1`));
    const lose = (table: string, where: string) =>
      sql(`ALTER TABLE DB.${table} DELETE WHERE ${where} SETTINGS mutations_sync = 1`);
    return { store, writer, sql, lose, prefix };
  };
  /** What all questions about headers answer. */
  const answers = async (store: SqlIndexStore) => ({
    headers: (await store.headers(CHAIN, { from: 0, limit: 1000, branches: true })).rows,
    latest: await store.latest(CHAIN, { limit: 50 }),
    reorganisations: (await store.reorganisations(CHAIN, { limit: 100 })).rows,
    counts: await store.counts(),
  });

  test('events: progress goes back to the first that is missing, and the log brings the rest', async () => {
    const maker = new EventMaker(CHAIN);
    const events = maker.take(7000);
    const { store, writer, lose, prefix } = await open();
    for (const [from, to] of [
      [0, 2000],
      [2000, 5000],
      [5000, 6500],
      [6500, 7000],
    ])
      await writer.writeEvents(CHAIN, events.slice(from, to));
    const before = await answers(store);
    expect(await writer.mend(CHAIN)).toEqual({ events: 0, blocks: 0, records: 0 });
    for (const [where, there] of [
      ['number > 6900', 6900],
      ['number >= 6501 AND number <= 6530', 6500],
      ['number = 1024', 1023],
      ['number = 4000', 3999],
      ['number <= 3', 0],
    ] as const) {
      await lose('header_events', `chain = '${CHAIN}' AND (${where})`);
      // Nothing but the index itself notices.
      expect(await writer.lastNumber(CHAIN)).toBe(7000);
      for (const piece of [1, 7, 1024, 1_000_000])
        expect(await firstMissingEvent(client, `${prefix}_1`, CHAIN, 7000, piece)).toBe(there + 1);
      expect(await writer.mend(CHAIN)).toEqual({ events: 7000 - there, blocks: 0, records: 0 });
      expect(await writer.lastNumber(CHAIN)).toBe(there);
      const view = await store.view(CHAIN);
      const tip = maker.bestOf(there).at(-1);
      expect(view).toMatchObject({ number: there, height: tip?.height ?? 0 });
      if (tip !== undefined) expect(Buffer.from(view.hash)).toEqual(Buffer.from(tip.hash));
      await writer.writeEvents(CHAIN, events.slice(there));
      expect(await answers(store)).toEqual(before);
    }
  });

  test('what is made of events is made again, without the log', async () => {
    const events = new EventMaker(CHAIN).take(9000);
    const { store, writer, sql } = await open();
    await writer.writeEvents(CHAIN, events);
    const before = await answers(store);
    const lookup = () => store.header(CHAIN, events[4321]!.hash);
    const found = await lookup();
    for (const table of ['header_hashes', 'undone', 'finality']) {
      await sql(`TRUNCATE TABLE DB.${table}`);
      if (table === 'header_hashes') expect((await lookup()).row).toBeUndefined();
      const mended = await writer.mend(CHAIN);
      expect(mended.events).toBeGreaterThan(2);
      expect(await lookup()).toEqual(found);
      expect(await writer.mend(CHAIN)).toEqual({ events: 0, blocks: 0, records: 0 });
    }
    // In another process: this one remembers what it has counted.
    expect(await answers((await open(`mend${prefixes}`)).store)).toEqual(before);
  });

  test('contents: blocks that lack rows are no longer published', async () => {
    const blocks = [...bitcoinSample(CHAIN, { blocks: 60, transactions: 20, parties: 10 })];
    const { store, writer, lose } = await open();
    await writer.writeEvents(CHAIN, blocks.map(sampleEvent));
    const first = blocks[0]!.number;
    await writer.writeContents(CHAIN, blocks.slice(5));
    await writer.publishContents(CHAIN, { from: first + 5, to: first + 59 });
    expect(await writer.mend(CHAIN)).toEqual({ events: 0, blocks: 0, records: 0 });
    await lose('bitcoin_transactions', `chain = '${CHAIN}' AND number = ${first + 10} AND position = 3`);
    await lose('blocks', `chain = '${CHAIN}' AND number >= ${first + 58}`);
    const page = { limit: 100 };
    const short = await store.blockTransactions(CHAIN, blocks[10]!.blockHash, page);
    expect(short.rows).toHaveLength(19);
    expect(await writer.mend(CHAIN)).toEqual({ events: 0, blocks: 3, records: 0 });
    expect(await writer.contentsProgress(CHAIN)).toEqual([
      { from: first + 5, to: first + 9 },
      { from: first + 11, to: first + 57 },
    ]);
    expect((await store.blockTransactions(CHAIN, blocks[10]!.blockHash, page)).rows).toEqual([]);
    for (const i of [10, 58, 59]) {
      await writer.writeContents(CHAIN, [blocks[i]!]);
      await writer.publishContents(CHAIN, { from: first + i, to: first + i });
    }
    expect(await writer.contentsProgress(CHAIN)).toEqual([{ from: first + 5, to: first + 59 }]);
    expect((await store.blockTransactions(CHAIN, blocks[10]!.blockHash, page)).rows).toHaveLength(20);
    expect(await writer.mend(CHAIN)).toEqual({ events: 0, blocks: 0, records: 0 });
  });

  test('after the machine went down, what was published shortly before is written again', async () => {
    const blocks = [...bitcoinSample(CHAIN, { blocks: 30, transactions: 5, parties: 10 })];
    const { writer, sql } = await open();
    await writer.writeEvents(CHAIN, blocks.map(sampleEvent));
    const first = blocks[0]!.number;
    await writer.writeContents(CHAIN, blocks);
    await writer.publishContents(CHAIN, { from: first, to: first + 19 });
    await sql(
      `INSERT INTO DB.contents_writes (chain, first, last, at) SELECT chain, first, last, now64(3) - 3600 FROM DB.contents_writes`,
    );
    await sql(`ALTER TABLE DB.contents_writes DELETE WHERE at > now64(3) - 1800 SETTINGS mutations_sync = 1`);
    await writer.publishContents(CHAIN, { from: first + 20, to: first + 29 });
    expect((await writer.mend(CHAIN)).blocks).toBe(0);
    started = Date.now() + 60_000;
    expect((await writer.mend(CHAIN)).blocks).toBe(10);
    expect(await writer.contentsProgress(CHAIN)).toEqual([{ from: first, to: first + 19 }]);
    await writer.writePosition('evidence', 7);
    expect(await writer.mendRecords()).toMatchObject({ records: 7 });
    expect(await writer.position('evidence')).toBe(0);
    started = 0;
    await writer.writePosition('evidence', 7);
    expect(await writer.mendRecords()).toMatchObject({ records: 0 });
  });

  test('main-chain blocks go back to the first that is not there with all that was written with it', async () => {
    const { store, writer, lose } = await open();
    const filled = (n: number) => new Uint8Array(32).fill(n);
    const block = (height: number) => ({
      block: {
        ...{
          height,
          root: filled(height + 1),
          parentRoot: filled(height),
          slot: height,
          term: 0,
          producer: 0,
        },
        header: filled(9),
      },
      commitments: ['a', 'b'].map((chain) => ({
        ...{
          chain,
          mainHeight: height,
          mainRoot: filled(height + 1),
          status: 1,
          epoch: 0,
          start: 0,
          size: 1,
        },
        ...{ historyRoot: filled(2), tipHeight: 1, tipHash: filled(3), reorgCount: 0, policyVersion: 1 },
      })),
      certificate: {
        ...{ mainHeight: height, mainRoot: filled(height + 1), term: 0, signers: 1, bits: filled(1) },
        ...{ signature: new Uint8Array(96), verified: true },
      },
    });
    const all = Array.from({ length: 10 }, (_, height) => block(height));
    await writer.writeMainBlocks(all.slice(0, 6));
    await writer.writeMainBlocks(all.slice(6));
    for (const [table, where, there] of [
      ['main_blocks', 'height >= 7', 7],
      ['main_blocks', 'height = 3', 3],
      ['main_blocks', '1', 0],
      ['commitments', 'main_height = 8', 8],
      ['certificates', 'main_height = 4', 4],
    ] as const) {
      await writer.writePosition('main', 10);
      expect(await writer.mendRecords()).toMatchObject({ records: 0 });
      await lose(table, where);
      expect((await writer.mendRecords()).records).toBeGreaterThan(0);
      expect(await writer.position('main')).toBe(0);
      expect((await writer.mainRoot())?.height).toBe(there === 0 ? undefined : there - 1);
      await writer.writeMainBlocks(all.slice(there));
      expect((await store.commitments('a', { limit: 20 })).rows).toHaveLength(10);
      expect((await store.certificates({ limit: 20 })).rows).toHaveLength(10);
    }
    expect(await writer.mainRoots({ from: 8, to: 20 })).toEqual(
      new Map([
        [8, filled(9)],
        [9, filled(10)],
      ]),
    );
  });
});

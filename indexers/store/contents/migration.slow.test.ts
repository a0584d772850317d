import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import {
  bitcoinModel,
  ethereumModel,
  ModelChain,
  modelTopic,
  SCRIPTS,
  type Step,
} from '../../../test/support/contents/model.js';
import { sampleScript } from '../../../test/support/contents/sample.js';
import { MIGRATIONS } from '../migrations.js';
import { ChdbClient } from '../sql/chdbClient.js';
import type { SqlClient } from '../sql/client.js';
import { SqlIndexStore } from '../sqlStore.js';
import { carryOutputs } from './schemaCoins.js';

const any = z.record(z.string(), z.unknown());
const STEPS: readonly Step[] = [
  ...Array<Step>(7).fill({ type: 'new' }),
  { type: 'undo', depth: 2 },
  ...Array<Step>(4).fill({ type: 'new' }),
];
const VERSION = MIGRATIONS.find(({ name }) => name.startsWith('spends beside'))!.version;

describe.skipIf(!hasChdb)('an index whose outputs are without their spends', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-carried-'));
  let client: ChdbClient;
  beforeAll(async () => {
    client = await ChdbClient.open(join(folder, 'index'));
  }, 60_000);
  afterAll(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Makes of a set's tables what the release before had. */
  async function undo(prefix: string): Promise<void> {
    const database = `${prefix}_1`;
    const [former = ''] = carryOutputs(database);
    const columns = 'chain, number, height, script_key, position, vout, txid, coinbase, value, kind, script';
    for (const sql of [
      former,
      `INSERT INTO ${database}.bitcoin_outputs (${columns}) SELECT ${columns} FROM ${database}.bitcoin_coins FINAL`,
      ...['bitcoin_coins_to_outpoints', 'bitcoin_spends_to_coins', 'bitcoin_outputs_to_coins'].map(
        (view) => `DROP VIEW ${database}.${view}`,
      ),
      ...['bitcoin_coins', 'bitcoin_outpoints', 'bitcoin_new_spends', 'bitcoin_new_outputs'].map(
        (table) => `DROP TABLE ${database}.${table} SYNC`,
      ),
      `DROP VIEW ${database}.ethereum_logs_to_topics`,
      `DROP TABLE ${database}.ethereum_topics SYNC`,
      `DELETE FROM ${prefix}.meta_migrations WHERE version >= ${VERSION}`,
    ])
      await client.command('undo', sql);
  }

  /** Dies after so many statements. */
  function dying(after: number): SqlClient {
    let left = after;
    return new Proxy<SqlClient>(client, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'command' && left-- <= 0) throw new Error('cut off');
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  test('gets them where it is, wherever that is cut off', async () => {
    const prefix = 'carried';
    let store = await SqlIndexStore.open(client, { prefix });
    const bitcoin = new ModelChain('carried-bitcoin', STEPS);
    const ethereum = new ModelChain('carried-ethereum', STEPS);
    const last = bitcoin.events.length;
    for (const { chain, events } of [bitcoin, ethereum]) await store.writeEvents(chain, events);
    for (const block of bitcoin.blocks.values())
      await store.writeContents(bitcoin.chain, [
        await bitcoinModel(bitcoin.chain, block, bitcoin.first.get(block.id)!),
      ]);
    await store.writeContents(
      ethereum.chain,
      [...ethereum.blocks.values()].map((block) =>
        ethereumModel(ethereum.chain, block, ethereum.first.get(block.id)!),
      ),
    );
    for (const { chain } of [bitcoin, ethereum]) await store.publishContents(chain, { from: 1, to: last });
    const ask = async () => {
      const answers: unknown[] = [];
      for (const at of [last, last - 3])
        for (let n = 0; n < SCRIPTS; n++)
          for (const unspent of [false, true]) {
            const query = { script: sampleScript(n), unspent, at, limit: 100 };
            answers.push((await store.outputsByScript(bitcoin.chain, query)).rows);
          }
      answers.push((await store.logs(ethereum.chain, { topics: [modelTopic(0)], limit: 100 })).rows);
      answers.push(await client.query('outputs', `SELECT count() AS n FROM ${prefix}.bitcoin_outputs`, any));
      return answers;
    };
    const before = await ask();
    expect(before.flat().length).toBeGreaterThan(20);
    for (let cut = 0, done = false; !done; cut += 19) {
      await undo(prefix);
      done = await SqlIndexStore.open(dying(cut), { prefix }).then(
        () => true,
        () => false,
      );
      store = await SqlIndexStore.open(client, { prefix });
      expect(await ask()).toEqual(before);
      expect(
        await client.query(
          'former',
          `SELECT name FROM system.tables WHERE database = '${prefix}_1' AND name = 'bitcoin_outputs'`,
          any,
        ),
      ).toEqual([]);
    }
  }, 240_000);
});

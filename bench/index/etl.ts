import { createHash } from 'node:crypto';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import type { EventInput } from '../../indexers/log/event.js';

/** A plain client of the same ClickHouse. */
export interface RowTarget {
  /** One row as JSON. */
  insert(row: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/**
 * How extract-and-load scripts in the manner of bitcoin-etl fill a database: each header is turned into a record of texts and
 * numbers by itself, and inserted by a statement of its own into a plain table.
 * @param path of a chDB that this process has
 */
export async function openEtl(path: string): Promise<RowTarget> {
  const options = { connection: createChdbConnection({ path }) } as unknown as Parameters<
    typeof createClient
  >[0];
  const client = createClient(options);
  for (const query of [
    'CREATE DATABASE IF NOT EXISTS etl',
    `CREATE TABLE IF NOT EXISTS etl.blocks (hash String, number UInt64, previous_block_hash String, version UInt32,
      merkle_root String, timestamp UInt64, bits String, nonce String) ENGINE = MergeTree ORDER BY number`,
  ])
    await client.command({ query });
  return {
    insert: async (row) => {
      await client.insert({ table: 'etl.blocks', values: [row], format: 'JSONEachRow' });
    },
    close: () => client.close(),
  };
}

export async function etlInsert(target: RowTarget, events: readonly EventInput[]): Promise<void> {
  for (const { raw, height } of events) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    await target.insert({
      hash: display(sha256(sha256(raw))),
      number: height,
      previous_block_hash: display(raw.subarray(4, 36)),
      version: view.getUint32(0, true),
      merkle_root: display(raw.subarray(36, 68)),
      timestamp: view.getUint32(68, true),
      bits: view.getUint32(72, true).toString(16),
      nonce: view.getUint32(76, true).toString(16),
    });
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

function display(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString('hex');
}

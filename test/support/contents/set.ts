import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChainEvent } from '../../../indexers/log/event.js';
import type { BlockContents } from '../../../indexers/store/contents/blockContents.js';
import { CONTENTS_TABLES } from '../../../indexers/store/contents/schema.js';
import { SqlContents } from '../../../indexers/store/contents/tables.js';
import { HEADER_TABLES } from '../../../indexers/store/schema/headerTables.js';
import { SqlSetWriter } from '../../../indexers/store/setWriter.js';
import { ChdbClient } from '../../../indexers/store/sql/chdbClient.js';
import type { NumberRange, Snapshot } from '../../../indexers/store/view.js';
import { MeteredClient } from './metered.js';

/** One set of tables in an index of its own, without what chooses among sets. */
export interface ContentsSet {
  readonly client: MeteredClient;
  readonly database: string;
  readonly contents: SqlContents;
  /** Takes events and contents in. */
  write(chain: string, events: readonly ChainEvent[], blocks: readonly BlockContents[]): Promise<void>;
  /** What a question after event `number` is answered from. */
  snapshot(chain: string, number: number, contents?: readonly NumberRange[]): Snapshot;
  close(): Promise<void>;
}

export async function openContentsSet(database = 'set_1'): Promise<ContentsSet> {
  const folder = await mkdtemp(join(tmpdir(), 'crossroot-contents-'));
  const client = new MeteredClient(await ChdbClient.open(folder));
  await client.command('database', `CREATE DATABASE ${database}`);
  for (const { name, create } of [...HEADER_TABLES, ...CONTENTS_TABLES])
    await client.command(name, create(database));
  const contents = new SqlContents(client);
  const writer = new SqlSetWriter(client, contents, { set: 1, database, version: 1 });
  return {
    client,
    database,
    contents,
    async write(chain, events, blocks) {
      await writer.writeEvents(chain, events);
      await writer.writeContents(chain, blocks);
    },
    snapshot: (chain, number, ranges = [{ from: 1, to: number }]) => ({
      database,
      view: { chain, number, height: 0, hash: new Uint8Array(32) },
      contents: ranges,
    }),
    async close() {
      await client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

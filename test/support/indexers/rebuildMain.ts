import { z } from 'zod';
import { SourceUnavailableError } from '../../../adapters/errors.js';
import type { ForeignHeader } from '../../../adapters/types.js';
import { EmbeddedLog } from '../../../indexers/log/embedded.js';
import { MainConflictError } from '../../../indexers/sinks/errors.js';
import { IndexService } from '../../../indexers/sinks/indexService.js';
import { thisMachine } from '../../../indexers/store/mend/machine.js';
import { ChdbClient } from '../../../indexers/store/sql/chdbClient.js';
import { SqlIndexStore } from '../../../indexers/store/sqlStore.js';
import { bytesEqual, toBareHex } from '../../../proofs/bytes.js';
import { LevelStore } from '../../../storage/level.js';
import { indexedKind } from './indexedWorld.js';
import { fakeRawBlock } from './rawBlocks.js';

export interface RebuildInit {
  readonly log: string;
  readonly index: string;
  readonly chain: string;
  /** Finalised main-chain blocks and pieces of evidence that the log has. */
  readonly blocks: number;
  readonly evidence: number;
  /** How often it is rebuilt before it tells its rows and ends; for ever without. */
  readonly rebuilds?: number;
}

/** What a process of this file tells. */
export type RebuildTold =
  | { readonly type: 'open' }
  | { readonly type: 'rebuilt' }
  /** Each second: where it is, for whoever wonders why it does not get on. */
  | { readonly type: 'status'; readonly status: unknown }
  | { readonly type: 'rows'; readonly rows: Readonly<Record<string, string>> };

const nameRow = z.object({ name: z.string() });
const digestRow = z.object({ count: z.coerce.string(), digest: z.coerce.string() });
/** When, not what. */
const TIMES = new Set([
  'progress',
  'contents_progress',
  'contents_writes',
  'positions',
  'source_samples',
  'lag_samples',
  'proofs_served',
]);

/** Every table's number of rows and a digest of them, in the set in use. */
async function rowsOf(client: ChdbClient, set: number): Promise<Record<string, string>> {
  const database = `crossroot_${set}`;
  const sql = `SELECT name FROM system.tables WHERE database = {database:String} AND engine LIKE '%MergeTree' ORDER BY name`;
  const rows: Record<string, string> = {};
  for (const { name } of await client.query('tables', sql, nameRow, { database })) {
    if (TIMES.has(name)) continue;
    const of = `SELECT count() AS count, sum(cityHash64(*)) AS digest FROM ${database}.${name} FINAL`;
    const [row] = await client.query('rows', of, digestRow);
    rows[name] = `${row?.count} ${row?.digest}`;
  }
  return rows;
}

/** Fills an index live and makes it anew over and over, until it is killed or has done what it was told. */
process.once('message', async (init: RebuildInit) => {
  const { chain, rebuilds = Number.POSITIVE_INFINITY } = init;
  const kv = await LevelStore.open(init.log);
  const log = new EmbeddedLog(kv);
  const last = (await log.last(chain))?.number ?? 0;
  const headers = new Map<string, ForeignHeader>();
  const best: ForeignHeader[] = [];
  for (let at = 1; at <= last; at += 1000)
    for (const { type, raw, height, hash } of await log.read(chain, at, 1000)) {
      const header = indexedKind.decode(raw, height);
      headers.set(toBareHex(hash), header);
      if (type === 'connect') best.push(header);
      else if (type === 'disconnect') best.pop();
    }
  const client = await ChdbClient.open(init.index);
  const store = await SqlIndexStore.open(client, { machineStart: thisMachine });
  const service = new IndexService({
    index: { store, available: true, opened: async () => undefined, close: () => store.close() },
    ...{ log, streams: log },
    onError: (error) => {
      if (!(error instanceof MainConflictError)) console.error(error);
    },
    chains: [
      {
        name: chain,
        kind: indexedKind,
        book: () => ({
          isBest: ({ height, hash }) => bytesEqual(best[height - (best[0]?.height ?? 0)]?.hash ?? hash, hash),
          applied: () => last,
          tip: () => best.at(-1),
        }),
      },
    ],
    blocks: {
      async fetch(_, hash) {
        const header = headers.get(toBareHex(hash));
        if (header === undefined) throw new SourceUnavailableError('fake', 'no such block');
        return fakeRawBlock(header);
      },
    },
  });
  let doing = 'opening';
  const tell = (told: RebuildTold) => process.send?.(told);
  service.start();
  const status = setInterval(async () => {
    const set = await store.sets.current();
    const writer = await store.sets.writer();
    const ranges = await writer.contentsProgress(chain);
    const main = (await writer.mainRoot())?.height;
    const evidence = (await store.evidence(chain, { limit: 1000 })).rows.length;
    const next = { main: await writer.position('main'), evidence: await writer.position('evidence') };
    tell({ type: 'status', status: { doing, set, ranges, main, last, evidence, next, ...service.status() } });
  }, 1000);
  await service.opened();
  tell({ type: 'open' });
  for (let i = 0; i < rebuilds; i++) {
    doing = `rebuild ${i}`;
    await service.rebuild({ contents: i % 2 === 0 ? 'copy' : 'fetch' });
    tell({ type: 'rebuilt' });
  }
  doing = 'waiting';
  const isDone = async () => {
    const writer = await store.sets.writer();
    const [whole, ...others] = await writer.contentsProgress(chain);
    const main = await writer.mainRoot();
    const { rows } = await store.evidence(chain, { limit: 1000 });
    return (
      others.length === 0 &&
      whole?.from === 1 &&
      whole.to === last &&
      main?.height === init.blocks - 1 &&
      rows.length === init.evidence
    );
  };
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 100));
  doing = 'rows';
  tell({ type: 'rows', rows: await rowsOf(client, await store.sets.current()) });
  clearInterval(status);
  await service.stop();
  await kv.close();
  process.disconnect();
});
process.once('disconnect', () => process.exit());

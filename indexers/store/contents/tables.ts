import type * as z from 'zod';
import { ByteReader } from '../../../adapters/bitcoin/proofs/reader.js';
import { parseStripped, parseWitness, readParts } from '../../../adapters/bitcoin/proofs/transaction.js';
import { toBareHex } from '../../../proofs/bytes.js';
import type { ContentsTables } from '../contentsTables.js';
import { snapshotParameters } from '../schema/lost.js';
import type { Parameters, SqlClient } from '../sql/client.js';
import type { PageKey, Slice, Snapshot, StepQuery } from '../view.js';
import { scriptKey } from './bitcoin.js';
import type { BlockContents } from './blockContents.js';
import { Blocks } from './blocks.js';
import { bitcoinTransaction, ethereumTransaction, receiptOf, statisticsOf } from './indexed.js';
import { logParameters } from './logQuery.js';
import { keyOf, type Placed, sliceOf, uniqueBlocks } from './paging.js';
import * as queries from './queries.js';
import * as rows from './rows.js';
import type {
  IndexedLog,
  IndexedOutput,
  IndexedReceipt,
  IndexedSpend,
  IndexedStatistics,
  IndexedTransaction,
  LogQuery,
  Outpoint,
} from './types.js';
import { writeContents } from './write.js';

/** Outputs that one page of unspent ones looks through at most. */
const MAX_LOOKED_THROUGH = 4000;
/** Outputs that are looked up at once where only unspent ones are wanted. */
const LOOK = 1000;
/** Above any height: ClickHouse's own greatest is beyond 2^53. */
const TOP = Number.MAX_SAFE_INTEGER;

/** Blocks' contents in a set's tables. Every answer is of the snapshot it is given. All methods throw IndexQueryError. */
export class SqlContents implements ContentsTables {
  readonly #client: SqlClient;
  readonly #blocks: Blocks;

  constructor(client: SqlClient) {
    this.#client = client;
    this.#blocks = new Blocks(client);
  }

  write(database: string, chain: string, blocks: readonly BlockContents[]): Promise<void> {
    return writeContents(
      this.#client,
      database,
      blocks.filter((block) => block.chain === chain),
    );
  }

  async transaction(snapshot: Snapshot, hash: Uint8Array): Promise<readonly IndexedTransaction[]> {
    const kind = await this.#blocks.kind(snapshot);
    if (kind === undefined) return [];
    const sql = queries.transactionByHash(snapshot.database, kind);
    const parameters = hashParameters(hash);
    if (kind === 'bitcoin') {
      const found = await this.#ask(snapshot, 'transaction', sql, rows.bitcoinRow, parameters);
      return uniqueBlocks(await this.#blocks.place(snapshot, found)).map(bitcoinTransaction);
    }
    const found = await this.#ask(snapshot, 'transaction', sql, rows.ethereumRow, parameters);
    return uniqueBlocks(await this.#blocks.place(snapshot, found)).map(ethereumTransaction);
  }

  async blockTransactions(
    snapshot: Snapshot,
    blockHash: Uint8Array,
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedTransaction>> {
    const [before = -1] = keyOf(after, 1) ?? [];
    const block = await this.#blocks.byHash(snapshot, blockHash);
    if (block === undefined) return { rows: [] };
    const { database } = snapshot;
    const parameters = { height: block.height, block: block.number, after: before, limit: limit + 1 };
    const sql = queries.blockTransactions(database, block.kind);
    const key = ({ position }: Placed) => [position];
    const placed = <T extends Placed>(row: T) => ({ ...row, ...block, blockHash });
    if (block.kind === 'bitcoin') {
      const found = await this.#ask(snapshot, 'blockTransactions', sql, rows.bitcoinRow, parameters);
      return sliceOf(found, limit, key, (list) => list.map((row) => bitcoinTransaction(placed(row))));
    }
    const found = await this.#ask(snapshot, 'blockTransactions', sql, rows.ethereumRow, parameters);
    return sliceOf(found, limit, key, (list) => list.map((row) => ethereumTransaction(placed(row))));
  }

  async outputsByScript(
    snapshot: Snapshot,
    { script, unspent = false }: { readonly script: Uint8Array; readonly unspent?: boolean },
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedOutput>> {
    if (!unspent) return this.#outputs(snapshot, script, limit, after);
    const found: IndexedOutput[] = [];
    let next = after;
    for (let looked = 0; looked < MAX_LOOKED_THROUGH; looked += LOOK) {
      const page = await this.#outputs(snapshot, script, LOOK, next);
      const fitting = page.rows.filter((row) => row.spentBy === undefined);
      const room = limit - found.length;
      found.push(...fitting.slice(0, room));
      const last = fitting.length > room ? found.at(-1) : undefined;
      if (last !== undefined) return { rows: found, next: [last.height, last.position, last.vout] };
      next = page.next;
      if (next === undefined || found.length === limit) break;
    }
    return { rows: found, ...(next === undefined ? {} : { next }) };
  }

  async spenders(snapshot: Snapshot, { txid, vout }: Outpoint): Promise<readonly IndexedSpend[]> {
    const sql = queries.spenders(snapshot.database);
    const parameters = { txid: toBareHex(txid), vout };
    const found = await this.#ask(snapshot, 'spenders', sql, rows.spendRow, parameters);
    const raws = await this.#rawTransactions(snapshot, found);
    return uniqueBlocks(await this.#blocks.place(snapshot, found)).flatMap((row) => {
      const raw = raws.get(placeKey(row));
      if (raw === undefined) return [];
      const { sequence, scriptSig, witness } = inputOf(raw, row.vin);
      const { height, blockHash, time, canonical, position, vin } = row;
      const outpoint = { txid, vout };
      const place = { height, blockHash, time, canonical, position };
      return [{ ...place, txid: row.hash_text, vin, outpoint, sequence, scriptSig, witness }];
    });
  }

  async transactionsByAddress(
    snapshot: Snapshot,
    address: Uint8Array,
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedTransaction>> {
    const [height = TOP, position = 0] = keyOf(after, 2) ?? [];
    const parameters = { address: toBareHex(address), height, position, limit: limit + 1 };
    const sql = queries.placesByAddress(snapshot.database);
    const places = await this.#ask(snapshot, 'placesByAddress', sql, rows.placeRow, parameters);
    if (places.length === 0) return { rows: [] };
    const at = queries.transactionsAt(snapshot.database);
    const found = await this.#ask(snapshot, 'transactionsByAddress', at, rows.ethereumRow, given(places));
    const key = (row: Placed) => [row.height, row.position];
    return sliceOf(found, limit, key, async (list) =>
      (await this.#blocks.place(snapshot, list)).map(ethereumTransaction),
    );
  }

  async receipt(snapshot: Snapshot, transactionHash: Uint8Array): Promise<readonly IndexedReceipt[]> {
    const sql = queries.transactionByHash(snapshot.database, 'receipt');
    const parameters = hashParameters(transactionHash);
    const found = await this.#ask(snapshot, 'receipt', sql, rows.receiptRow, parameters);
    return uniqueBlocks(await this.#blocks.place(snapshot, found)).map(receiptOf);
  }

  async logs(
    snapshot: Snapshot,
    query: LogQuery,
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedLog>> {
    const { parameters, addresses, topics } = logParameters(query);
    const [height = 0, log = -1] = keyOf(after, 2) ?? [];
    const sql = queries.logs(snapshot.database, addresses, topics);
    const bound = { ...parameters, height, log, limit: limit + 1 };
    const found = await this.#ask(snapshot, 'logs', sql, rows.logRow, bound);
    const key = (row: (typeof found)[number]) => [row.height, row.block_log_index];
    return sliceOf(found, limit, key, async (list) =>
      (await this.#blocks.place(snapshot, list)).map((row) => ({
        height: row.height,
        blockHash: row.blockHash,
        time: row.time,
        canonical: true,
        position: row.position,
        transactionHash: row.hash_text,
        logIndex: row.log_index,
        blockLogIndex: row.block_log_index,
        address: row.address_text,
        topics: row.topic_texts.slice(0, row.topics),
        data: row.data_text,
      })),
    );
  }

  async statistics(snapshot: Snapshot, { from, to, step }: StepQuery): Promise<readonly IndexedStatistics[]> {
    const sql = queries.statistics(snapshot.database);
    const found = await this.#ask(snapshot, 'statistics', sql, rows.statisticsRow, { from, to, step });
    return found.map(statisticsOf);
  }

  async #outputs(
    snapshot: Snapshot,
    script: Uint8Array,
    limit: number,
    after: PageKey | undefined,
  ): Promise<Slice<IndexedOutput>> {
    const [height = 0, position = -1, vout = -1] = keyOf(after, 3) ?? [];
    const parameters = { key: scriptKey(script), script: toBareHex(script), height, position, vout };
    const sql = queries.outputsByScript(snapshot.database);
    const bound = { ...parameters, limit: limit + 1 };
    const found = await this.#ask(snapshot, 'outputsByScript', sql, rows.outputRow, bound);
    const key = (row: (typeof found)[number]) => [row.height, row.position, row.vout];
    return sliceOf(found, limit, key, async (list) => {
      const spent = await this.#spent(snapshot, list);
      return (await this.#blocks.place(snapshot, list)).map((row) => ({
        height: row.height,
        blockHash: row.blockHash,
        time: row.time,
        canonical: true,
        position: row.position,
        txid: row.hash_text,
        vout: row.vout,
        value: row.value_text,
        script,
        kind: row.kind,
        coinbase: row.coinbase,
        spentBy: spent.get(`${toBareHex(row.hash_text)}:${row.vout}`),
      }));
    });
  }

  /** Who spends outputs in this view, by `txid:vout`. */
  async #spent(
    snapshot: Snapshot,
    outputs: readonly { readonly hash_text: Uint8Array; readonly vout: number }[],
  ): Promise<ReadonlyMap<string, NonNullable<IndexedOutput['spentBy']>>> {
    if (outputs.length === 0) return new Map();
    const sql = queries.spendersOf(snapshot.database);
    const found = await this.#ask(snapshot, 'spendersOf', sql, rows.spendRow, {
      txids: outputs.map(({ hash_text }) => toBareHex(hash_text)),
      vouts: outputs.map(({ vout }) => vout),
    });
    const placed = await this.#blocks.place(snapshot, found);
    return new Map(
      placed.map(({ spent_text, spent_vout, hash_text, vin, height, blockHash }) => [
        `${spent_text}:${spent_vout}`,
        { txid: hash_text, vin, height, blockHash },
      ]),
    );
  }

  async #rawTransactions(snapshot: Snapshot, places: readonly Placed[]): Promise<Map<string, Uint8Array>> {
    if (places.length === 0) return new Map();
    const sql = queries.rawTransactions(snapshot.database);
    const found = await this.#ask(snapshot, 'rawTransactions', sql, rows.rawRow, given(places));
    return new Map(found.map((row) => [placeKey(row), row.raw_text]));
  }

  #ask<T>(
    snapshot: Snapshot,
    what: string,
    sql: string,
    row: z.ZodType<T>,
    parameters: Parameters,
  ): Promise<T[]> {
    return this.#client.query(what, sql, row, { ...snapshotParameters(snapshot), ...parameters });
  }
}

/** A hash, and its first eight bytes as the number by which `transactions_by_hash` is sorted. */
function hashParameters(hash: Uint8Array): Parameters {
  const key = new DataView(hash.buffer, hash.byteOffset, hash.byteLength).getBigUint64(0, true);
  return { hash: toBareHex(hash), key };
}

function given(places: readonly Placed[]): Parameters {
  return {
    heights: places.map(({ height }) => height),
    positions: places.map(({ position }) => position),
    numbers: places.map(({ number }) => number),
  };
}

function placeKey({ number, position }: Placed): string {
  return `${number}:${position}`;
}

/** One input of a transaction, with its witness. */
function inputOf(raw: Uint8Array, vin: number): Pick<IndexedSpend, 'sequence' | 'scriptSig' | 'witness'> {
  const { stripped, witness } = readParts(new ByteReader(raw));
  const { inputs } = parseStripped(stripped);
  const input = inputs[vin];
  if (input === undefined) throw new RangeError(`transaction without an input ${vin}`);
  const stacks = witness.length === 0 ? [] : parseWitness(witness, inputs.length);
  return { sequence: input.sequence, scriptSig: input.script, witness: stacks[vin] ?? [] };
}

import type * as z from 'zod';
import { ByteReader } from '../../../adapters/bitcoin/proofs/reader.js';
import { parseStripped, parseWitness, readParts } from '../../../adapters/bitcoin/proofs/transaction.js';
import { toBareHex } from '../../../proofs/bytes.js';
import type { ContentsTables } from '../contentsTables.js';
import type { Parameters, SqlClient } from '../sql/client.js';
import type { NumberRange, PageKey, Slice, Snapshot, StepQuery } from '../view.js';
import type { BlockContents } from './blockContents.js';
import { Blocks } from './blocks.js';
import { type CoinQuery, Coins } from './coins.js';
import { bitcoinTransaction, ethereumTransaction, indexedLog, receiptOf, statisticsOf } from './indexed.js';
import * as logQueries from './logQueries.js';
import { logParameters } from './logQuery.js';
import { Shown } from './lost.js';
import { keyOf, type Placed, sliceOf, uniqueBlocks } from './paging.js';
import * as queries from './queries.js';
import * as rows from './rows.js';
import { joinSpends } from './schemaCoins.js';
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

/** Above any height: ClickHouse's own greatest is beyond 2^53. */
const TOP = Number.MAX_SAFE_INTEGER;

/** Blocks' contents in a set's tables. Every answer is of the snapshot it is given. All methods throw IndexQueryError. */
export class SqlContents implements ContentsTables {
  readonly #client: SqlClient;
  readonly #shown: Shown;
  readonly #blocks: Blocks;
  readonly #coins: Coins;

  constructor(client: SqlClient) {
    this.#client = client;
    this.#shown = new Shown(client);
    this.#blocks = new Blocks(client, this.#shown);
    this.#coins = new Coins(client, this.#shown, this.#blocks);
  }

  write(database: string, chain: string, blocks: readonly BlockContents[]): Promise<void> {
    return writeContents(
      this.#client,
      database,
      blocks.filter((block) => block.chain === chain),
    );
  }

  /** Spends of these numbers beside their outputs, which may have been copied before the set they come from knew of them. */
  joinCopied(database: string, chain: string, { from, to }: NumberRange): Promise<void> {
    const where = 'chain = {chain:String} AND number >= {from:UInt64} AND number <= {to:UInt64}';
    return this.#client.command('joining spends', joinSpends(database, where), { chain, from, to });
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

  outputsByScript(
    snapshot: Snapshot,
    query: CoinQuery,
    limit: number,
    after?: PageKey,
  ): Promise<Slice<IndexedOutput>> {
    return this.#coins.page(snapshot, query, limit, after);
  }

  async spenders(snapshot: Snapshot, { txid, vout }: Outpoint): Promise<readonly IndexedSpend[]> {
    const sql = queries.spenders(snapshot.database);
    const parameters = { txid: toBareHex(txid), vout };
    const found = await this.#ask(snapshot, 'spenders', sql, rows.spendRow, parameters);
    const [raws, placed] = await Promise.all([
      this.#rawTransactions(snapshot, found),
      this.#blocks.place(snapshot, found),
    ]);
    return uniqueBlocks(placed).flatMap((row) => {
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
    const page = places.slice(0, limit);
    if (page.length === 0) return { rows: [] };
    const at = queries.transactionsAt(snapshot.database);
    const found = await this.#ask(snapshot, 'transactionsByAddress', at, rows.ethereumRow, given(page));
    const key = (row: Placed) => [row.height, row.position];
    const cut = await sliceOf(found, limit, key, async (list) =>
      (await this.#blocks.place(snapshot, list)).map(ethereumTransaction),
    );
    return goneOn(cut, places.length > limit ? page.at(-1) : undefined, key);
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
    const bound = { ...parameters, height, log, limit: limit + 1 };
    const key = (row: LogPlace) => [row.height, row.block_log_index];
    const finish = async (list: readonly rows.LogRow[]) =>
      (await this.#blocks.place(snapshot, list)).map(indexedLog);
    if (addresses > 0 || topics.every((count) => count === 0)) {
      const sql = logQueries.logs(snapshot.database, addresses, topics);
      const found = await this.#ask(snapshot, 'logs', sql, rows.logRow, bound);
      return sliceOf(found, limit, key, finish);
    }
    const sql = logQueries.placesByTopics(snapshot.database, topics);
    const places = await this.#ask(snapshot, 'placesByTopics', sql, rows.logPlaceRow, bound);
    const page = places.slice(0, limit);
    if (page.length === 0) return { rows: [] };
    const at = logQueries.logsAt(snapshot.database, topics);
    const given = {
      ...parameters,
      heights: page.map((row) => row.height),
      positions: page.map((row) => row.block_log_index),
      numbers: page.map((row) => row.number),
    };
    const found = await this.#ask(snapshot, 'logsAt', at, rows.logRow, given);
    const cut = await sliceOf(found, limit, key, finish);
    return goneOn(cut, places.length > limit ? page.at(-1) : undefined, key);
  }

  async statistics(snapshot: Snapshot, { from, to, step }: StepQuery): Promise<readonly IndexedStatistics[]> {
    const sql = queries.statistics(snapshot.database);
    const found = await this.#ask(snapshot, 'statistics', sql, rows.statisticsRow, { from, to, step });
    return found.map(statisticsOf);
  }

  async #rawTransactions(snapshot: Snapshot, places: readonly Placed[]): Promise<Map<string, Uint8Array>> {
    if (places.length === 0) return new Map();
    const sql = queries.rawTransactions(snapshot.database);
    const found = await this.#ask(snapshot, 'rawTransactions', sql, rows.rawRow, given(places));
    return new Map(found.map((row) => [placeKey(row), row.raw_text]));
  }

  async #ask<T>(
    snapshot: Snapshot,
    what: string,
    sql: string,
    row: z.ZodType<T>,
    parameters: Parameters,
  ): Promise<T[]> {
    const shown = await this.#shown.parameters(snapshot);
    return this.#client.query(what, sql, row, { ...shown, ...parameters });
  }
}

/**
 * A page of what is at places: one that is cut to its bytes goes on from its own end, any other behind the last place, if there are
 * more. Places may be there twice where what is at them is not, so that rows do not tell.
 */
function goneOn<T, Place>(page: Slice<T>, last: Place | undefined, key: (place: Place) => PageKey): Slice<T> {
  return page.next !== undefined || last === undefined ? page : { rows: page.rows, next: key(last) };
}

type LogPlace = Pick<rows.LogRow, 'height' | 'block_log_index'>;

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

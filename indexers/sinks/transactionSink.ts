import { bytesEqual, concatBytes } from '../../proofs/bytes.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import type { HeaderBook } from '../follow/book.js';
import { Table, tableKey } from '../keys.js';
import type { ChainEvent } from '../log/event.js';
import type { EventLog } from '../log/eventLog.js';
import type { BlockCache } from './blockCache.js';
import { LogConsumer } from './consumer.js';
import { encodePlace, storedPlace, storedTransactions } from './transactionIndex.js';

export interface TransactionSinkOptions {
  readonly log: EventLog;
  /** The log's own store, so that the map and the cursor move together. */
  readonly store: KeyValueStore;
  readonly book: HeaderBook;
  readonly blocks: BlockCache;
  /** Blocks below the tip that are read when catching up; older transactions are found through a source. Default 1000. */
  readonly depth?: number;
  readonly retryMs?: number;
  readonly onError?: (error: unknown) => void;
}

const BATCH = 16;
const PARALLEL = 4;
const DEFAULT_DEPTH = 1000;

/** Keeps the map of transaction to block and position, and recent blocks' transaction lists, in step with the log. */
export function transactionSink(options: TransactionSinkOptions): LogConsumer {
  const { log, book, retryMs, onError } = options;
  return new LogConsumer({
    log,
    chain: book.chain,
    name: 'transactions',
    batch: BATCH,
    handle: (events) => transactionWrites(options, events),
    ...(retryMs === undefined ? {} : { retryMs }),
    ...(onError === undefined ? {} : { onError }),
  });
}

async function transactionWrites(
  options: TransactionSinkOptions,
  events: readonly ChainEvent[],
): Promise<KeyValueWrite[]> {
  const { book, depth = DEFAULT_DEPTH } = options;
  // What the log disconnects again later on is left out: its source may have forgotten it.
  const wanted = (event: ChainEvent) =>
    event.type === 'connect' && book.isBest(event) && event.height + depth > (book.tip()?.height ?? 0);
  const connects = events.filter(wanted);
  const blocks = new Map<ChainEvent, readonly Uint8Array[]>();
  for (let at = 0; at < connects.length; at += PARALLEL)
    await Promise.all(
      connects.slice(at, at + PARALLEL).map(async (event) => {
        const hashes = await transactionsOf(options, event);
        if (hashes !== undefined) blocks.set(event, hashes);
      }),
    );
  return events.flatMap((event) => {
    if (event.type === 'disconnect') return undo(options, event);
    const hashes = blocks.get(event);
    return hashes === undefined ? [] : apply(options, event, hashes);
  });
}

/** `undefined` if the block was disconnected in the meantime, so that it no longer matters. */
async function transactionsOf(
  { book, blocks }: TransactionSinkOptions,
  event: ChainEvent,
): Promise<readonly Uint8Array[] | undefined> {
  try {
    return (await blocks.get(book.chain, event.hash)).transactionHashes;
  } catch (error) {
    if (!book.isBest(event)) return undefined;
    throw error;
  }
}

function apply(
  { book, depth = DEFAULT_DEPTH }: TransactionSinkOptions,
  event: ChainEvent,
  hashes: readonly Uint8Array[],
): KeyValueWrite[] {
  const { chain } = book;
  const writes: KeyValueWrite[] = hashes.map((hash, index) => ({
    type: 'put',
    key: tableKey(Table.transaction, chain, hash),
    value: encodePlace({ height: event.height, blockHash: event.hash, index }),
  }));
  const key = tableKey(Table.blockTransactions, chain, event.hash);
  writes.push({ type: 'put', key, value: concatBytes(...hashes) });
  const old = event.height >= depth ? book.bestHash(event.height - depth) : undefined;
  if (old !== undefined) writes.push({ type: 'del', key: tableKey(Table.blockTransactions, chain, old) });
  return writes;
}

function undo({ book, store }: TransactionSinkOptions, event: ChainEvent): KeyValueWrite[] {
  const { chain } = book;
  const hashes = storedTransactions(store, chain, event.hash) ?? [];
  const writes: KeyValueWrite[] = [];
  for (const hash of hashes) {
    const place = storedPlace(store, chain, hash);
    if (place !== undefined && bytesEqual(place.blockHash, event.hash))
      writes.push({ type: 'del', key: tableKey(Table.transaction, chain, hash) });
  }
  if (hashes.length > 0)
    writes.push({ type: 'del', key: tableKey(Table.blockTransactions, chain, event.hash) });
  return writes;
}

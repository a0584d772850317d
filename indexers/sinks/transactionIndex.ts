import type { SourceTip } from '../../adapters/source.js';
import { bytesEqual, concatBytes } from '../../proofs/bytes.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import type { HeaderBook } from '../follow/book.js';
import { readUint64, Table, tableKey, uint64 } from '../keys.js';
import type { BlockCache } from './blockCache.js';

/** Where a transaction is on the best chain. */
export interface Place {
  readonly height: number;
  /** Internal byte order. */
  readonly blockHash: Uint8Array;
  /** Position within the block, from 0. */
  readonly index: number;
}

/** Transactions to blocks and positions: what a proof is built from. Answers are always of the present best chain. */
export class TransactionIndex {
  readonly #store: KeyValueStore;
  readonly #blocks: BlockCache;
  readonly #books: ReadonlyMap<string, HeaderBook>;

  constructor(store: KeyValueStore, blocks: BlockCache, books: ReadonlyMap<string, HeaderBook>) {
    this.#store = store;
    this.#blocks = blocks;
    this.#books = books;
  }

  /**
   * From the map, else from a source, checked against the block itself.
   * @param transactionHash internal byte order
   * @returns `undefined` if it is in no block of the best chain that is known
   * @throws SourceUnavailableError if it is not in the map and no source answers
   */
  async lookup(chain: string, transactionHash: Uint8Array): Promise<Place | undefined> {
    const stored = storedPlace(this.#store, chain, transactionHash);
    if (stored !== undefined && this.#isBest(chain, { height: stored.height, hash: stored.blockHash }))
      return stored;
    const found = await this.#blocks.findTransaction(chain, transactionHash);
    if (found === undefined || !this.#isBest(chain, found)) return undefined;
    const block = await this.#blocks.get(chain, found.hash);
    const index = block.transactionHashes.findIndex((hash) => bytesEqual(hash, transactionHash));
    return index < 0 ? undefined : { height: block.header.height, blockHash: found.hash, index };
  }

  /** Transaction hashes of a block, in block order: recent blocks from the store, others from a source. */
  async transactions(chain: string, blockHash: Uint8Array): Promise<readonly Uint8Array[]> {
    const stored = storedTransactions(this.#store, chain, blockHash);
    return stored ?? (await this.#blocks.get(chain, blockHash)).transactionHashes;
  }

  #isBest(chain: string, block: SourceTip): boolean {
    return this.#books.get(chain)?.isBest(block) ?? false;
  }
}

/** `height (8) ‖ index (8) ‖ block hash`. */
export function encodePlace(place: Place): Uint8Array {
  return concatBytes(uint64(place.height), uint64(place.index), place.blockHash);
}

export function storedPlace(
  store: KeyValueStore,
  chain: string,
  transactionHash: Uint8Array,
): Place | undefined {
  const bytes = store.get(tableKey(Table.transaction, chain, transactionHash));
  if (bytes === undefined) return undefined;
  return { height: readUint64(bytes), index: readUint64(bytes, 8), blockHash: bytes.slice(16) };
}

export function storedTransactions(
  store: KeyValueStore,
  chain: string,
  blockHash: Uint8Array,
): Uint8Array[] | undefined {
  const bytes = store.get(tableKey(Table.blockTransactions, chain, blockHash));
  if (bytes === undefined) return undefined;
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 32) hashes.push(bytes.slice(at, at + 32));
  return hashes;
}

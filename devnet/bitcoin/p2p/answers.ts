import type { BloomFilter } from '../../../adapters/bitcoin/p2p/bloom.js';
import {
  type GetHeadersMessage,
  type InventoryEntry,
  InventoryType,
} from '../../../adapters/bitcoin/p2p/inventory.js';
import { MAX_HEADERS } from '../../../adapters/bitcoin/p2p/limits.js';
import type { KnownMessage } from '../../../adapters/bitcoin/p2p/messages.js';
import { BlockProver } from '../../../adapters/bitcoin/proofs/build.js';
import { merkleRows } from '../../../adapters/bitcoin/proofs/merkle.js';
import { partialTree } from '../../../adapters/bitcoin/proofs/partialMerkleTree.js';
import { compactSize } from '../../../adapters/bitcoin/proofs/wire.js';
import { concatBytes, isZero, toBareHex } from '../../../proofs/bytes.js';
import type { BlockEntry } from '../blockIndex.js';
import type { Mempool } from '../mempool.js';
import { type ChainView, isActive } from '../view.js';
import { matchesFilter } from './filter.js';

/** What the P2P server serves. */
export interface ServedChain {
  readonly chain: ChainView;
  readonly mempool: Pick<Mempool, 'get'>;
}

/**
 * Blocks whose headers answer a `getheaders` (Bitcoin Core `net_processing.cpp`): what follows the first hash of the locator
 * that is on the best chain, or the block `stop` itself where there is no locator.
 * @returns `undefined` where a node is silent
 */
export function followingBlocks(
  { chain }: ServedChain,
  { locator, stop }: GetHeadersMessage,
): BlockEntry[] | undefined {
  if (locator.length === 0) {
    const wanted = chain.entry(toBareHex(stop));
    return wanted && [wanted];
  }
  const known = locator
    .map((hash) => chain.entry(toBareHex(hash)))
    .find((entry) => entry !== undefined && isActive(chain, entry));
  const found: BlockEntry[] = [];
  const last = isZero(stop) ? undefined : toBareHex(stop);
  for (let height = (known?.height ?? chain.firstHeight) + 1; found.length < MAX_HEADERS; height++) {
    const entry = chain.entryAt(height);
    if (entry === undefined) break;
    found.push(entry);
    if (entry.key === last) break;
  }
  return found;
}

/** The messages that answer one entry of a `getdata`; none where it is not here. */
export function answerData(
  served: ServedChain,
  entry: InventoryEntry,
  filter: BloomFilter | undefined,
): KnownMessage[] {
  const key = toBareHex(entry.hash);
  if (entry.type === InventoryType.transaction || entry.type === InventoryType.witnessTransaction)
    return transaction(served, key, entry.type === InventoryType.witnessTransaction);
  const block = served.chain.entry(key);
  if (block === undefined || block.height < served.chain.firstHeight) return [];
  switch (entry.type) {
    case InventoryType.witnessBlock:
      return [{ command: 'block', raw: served.chain.rawBlock(block) }];
    case InventoryType.block:
      return [{ command: 'block', raw: withoutWitnesses(served.chain.rawBlock(block)) }];
    case InventoryType.filteredBlock:
      return filter === undefined ? [] : filtered(served, block, filter);
    default:
      return [];
  }
}

function transaction({ chain, mempool }: ServedChain, id: string, witness: boolean): KnownMessage[] {
  const found = mempool.get(id)?.tx ?? chain.transaction(id)?.transaction.tx;
  if (found === undefined) return [];
  if (witness || !found.hasWitnesses()) return [{ command: 'tx', raw: found.toBuffer() }];
  const bare = found.clone();
  for (const input of bare.ins) input.witness = [];
  return [{ command: 'tx', raw: bare.toBuffer() }];
}

function withoutWitnesses(raw: Uint8Array): Uint8Array {
  const prover = new BlockProver(raw);
  const stripped = prover.txids.map((_, index) => prover.stripped(index) ?? new Uint8Array());
  return concatBytes(prover.header, compactSize(stripped.length), ...stripped);
}

/** The part of the Merkle tree that matches, and the transactions that do (BIP37). */
function filtered({ chain }: ServedChain, entry: BlockEntry, filter: BloomFilter): KnownMessage[] {
  const prover = new BlockProver(chain.rawBlock(entry));
  const indices: number[] = [];
  for (const [index, { tx }] of chain.block(entry).transactions.entries()) {
    const txid = prover.txids[index];
    if (txid !== undefined && matchesFilter(filter, txid, tx)) indices.push(index);
  }
  const block = { header: prover.header, ...partialTree(merkleRows(prover.txids), indices) };
  const matched = indices.map((index) => prover.stripped(index) ?? new Uint8Array());
  return [{ command: 'merkleblock', block }, ...matched.map((raw): KnownMessage => ({ command: 'tx', raw }))];
}

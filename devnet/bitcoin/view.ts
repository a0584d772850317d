import type { ParsedBlock, ParsedTransaction } from './block.js';
import type { BlockEntry } from './blockIndex.js';
import type { AddressFormat } from './script.js';

/** A block chain as the read-only RPC methods see it. */
export interface ChainView {
  /** Name as `getblockchaininfo` gives it. */
  readonly network: 'main' | 'regtest';
  readonly addresses: AddressFormat;
  /** Lowest height whose block is here; more than 0 is told as a pruned node. */
  readonly firstHeight: number;
  readonly tip: BlockEntry;
  /** Block of the best chain. */
  entryAt(height: number): BlockEntry | undefined;
  /** Any known block, by hex of its hash in internal byte order. */
  entry(key: string): BlockEntry | undefined;
  /** Ends of all branches. */
  tips(): BlockEntry[];
  rawBlock(entry: BlockEntry): Uint8Array;
  block(entry: BlockEntry): ParsedBlock;
  /** A transaction of the best chain, by hex of its id in internal byte order. */
  transaction(
    id: string,
  ): { readonly entry: BlockEntry; readonly transaction: ParsedTransaction } | undefined;
}

export function isActive(view: ChainView, entry: BlockEntry): boolean {
  return view.entryAt(entry.height) === entry;
}

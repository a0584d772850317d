import { genesisHeaders } from '../../adapters/bitcoin/rules/genesis.js';
import { type ParsedBlock, parseBlock } from '../../devnet/bitcoin/block.js';
import { type BlockEntry, makeEntry } from '../../devnet/bitcoin/blockIndex.js';
import { RpcCode, RpcError } from '../../devnet/bitcoin/rpc/errors.js';
import { MAIN_ADDRESSES } from '../../devnet/bitcoin/script.js';
import type { ChainView } from '../../devnet/bitcoin/view.js';
import { toBareHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';

/** Its header is known even to a pruned node. */
const GENESIS = genesisHeaders.mainnet;

/** A run of raw mainnet blocks as a pruned node's chain, released one by one. Chain work counts from its first block. */
export class ReplayChain implements ChainView {
  readonly network = 'main';
  readonly addresses = MAIN_ADDRESSES;
  readonly #entries: BlockEntry[] = [];
  readonly #raw = new Map<string, Uint8Array>();
  readonly #parsed = new Map<string, ParsedBlock>();
  readonly #genesis = makeEntry(toBareHex(sha256d(GENESIS)), GENESIS, undefined, 0, 1);
  #released: number;

  /** @param released how many of the blocks are known at first: at least 1 */
  constructor(
    readonly firstHeight: number,
    blocks: readonly Uint8Array[],
    released = 1,
  ) {
    for (const [i, raw] of blocks.entries()) {
      const block = parseBlock(raw);
      const parent = this.#entries[i - 1];
      if (parent !== undefined && parent.key !== block.parentKey)
        throw new Error(`block ${firstHeight + i} does not link`);
      const entry = makeEntry(
        block.key,
        raw.subarray(0, 80),
        parent,
        i + 1,
        block.transactions.length,
        firstHeight,
      );
      this.#entries.push(entry);
      this.#raw.set(entry.key, raw);
      this.#parsed.set(entry.key, block);
    }
    this.#released = Math.min(Math.max(released, 1), blocks.length);
  }

  /** Lets more blocks be known; returns the new height. */
  step(count = 1): number {
    this.#released = Math.min(this.#released + count, this.#entries.length);
    return this.tip.height;
  }

  get tip(): BlockEntry {
    const tip = this.#entries[this.#released - 1];
    if (tip === undefined) throw new Error('no blocks to replay');
    return tip;
  }

  entryAt(height: number): BlockEntry | undefined {
    if (height === 0) return this.#genesis;
    const at = height - this.firstHeight;
    return at < this.#released ? this.#entries[at] : undefined;
  }

  entry(key: string): BlockEntry | undefined {
    return [this.#genesis, ...this.#entries.slice(0, this.#released)].find((entry) => entry.key === key);
  }

  tips(): BlockEntry[] {
    return [this.tip];
  }

  rawBlock(entry: BlockEntry): Uint8Array {
    const raw = this.#raw.get(entry.key);
    if (raw === undefined) throw new RpcError(RpcCode.misc, 'Block not available (pruned data)');
    return raw;
  }

  block(entry: BlockEntry): ParsedBlock {
    const block = this.#parsed.get(entry.key);
    if (block === undefined) throw new RpcError(RpcCode.misc, 'Block not available (pruned data)');
    return block;
  }

  transaction(id: string): ReturnType<ChainView['transaction']> {
    for (const entry of this.#entries.slice(0, this.#released)) {
      const transaction = this.#parsed.get(entry.key)?.transactions.find((candidate) => candidate.id === id);
      if (transaction !== undefined) return { entry, transaction };
    }
    return undefined;
  }
}

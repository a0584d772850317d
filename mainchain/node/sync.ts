import { bytesEqual, toBareHex, ZERO32 } from '../../proofs/bytes.js';
import type { BlockRef } from '../../proofs/containers/consensus.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import type { SignedBlock } from '../../proofs/containers/transaction.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { FutureBlockError, InvalidBlockError, UnknownParentError } from '../chain/errors.js';
import { PeerTimeoutError } from '../network/errors.js';
import { MAX_BLOCKS } from '../network/messages.js';
import type { Peer } from '../network/peer.js';
import type { Core } from './core.js';
import type { Logger } from './logger.js';

/** A block further ahead than this is reached in batches by height, a nearer one by its ancestors. */
const FAR = 16;
/** Ancestors asked for below our own height. */
const OVERLAP = 4;
/** A block this little ahead of our clock is tried again when its slot begins, milliseconds. */
const EARLY = 2000;

/** A node that is behind has taken in a missing block within this time, milliseconds. */
const PROGRESS = 2000;
/** Peers that are asked for the same block at once; those that have not answered for a while do not count. */
const ASKED = 3;
const PATIENCE = 1000;
/** Blocks that one peer is asked for at once. */
const OPEN = 8;

/** What is needed of a peer. */
export type BlockPeer = Pick<Peer, 'address' | 'closed' | 'getBlocks' | 'disconnect'>;
/** What is needed of the node. */
export type SyncCore = Pick<Core, 'chain' | 'engine' | 'importBlock'>;

/**
 * Brings in blocks: those that peers send, their missing ancestors, and whole ranges when the node lags. Anybody may claim
 * to have more; a claim that no valid block follows holds up neither the node nor what other peers have.
 */
export class Syncer {
  readonly #core: SyncCore;
  readonly #logger: Logger;
  /** Missing block → peers that are asked for it, since when. */
  readonly #asked = new Map<string, Map<BlockPeer, number>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #ranges = new Map<BlockPeer, Promise<void>>();
  /** When a range last brought a block that was new and valid. Times are `performance.now()`, which no clock moves. */
  #progress = Number.NEGATIVE_INFINITY;

  constructor(core: SyncCore, logger: Logger) {
    this.#core = core;
    this.#logger = logger;
  }

  /** Whether the node is behind: ranges are being fetched, and bring something. */
  get active(): boolean {
    return this.#ranges.size > 0 && performance.now() - this.#progress < PROGRESS;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** A block from a peer. @returns whether it is new and valid, and worth passing on */
  async block(block: SignedBlock, peer: BlockPeer): Promise<boolean> {
    try {
      return await this.#core.importBlock(block);
    } catch (error) {
      if (error instanceof UnknownParentError) await this.missing(ref(block), peer);
      else if (error instanceof FutureBlockError && error.milliseconds < EARLY)
        this.#later(block, peer, error);
      else this.#fault(error, peer);
      return false;
    }
  }

  /** A block that a peer has and we lack. */
  async missing(block: BlockRef, peer: BlockPeer): Promise<void> {
    if (this.#core.chain.has(block.root) || block.height <= this.#core.engine.finalized.height) return;
    if (block.height > this.#core.engine.head.height + FAR) return this.catchUp(block, peer);
    const id = toBareHex(block.root);
    const now = performance.now();
    const asked = this.#asked.get(id) ?? new Map<BlockPeer, number>();
    const waiting = [...asked.values()].filter((since) => now - since < PATIENCE).length;
    const open = [...this.#asked.values()].filter((peers) => peers.has(peer)).length;
    if (asked.has(peer) || waiting >= ASKED || open >= OPEN) return;
    this.#asked.set(id, asked.set(peer, now));
    try {
      // Its ancestors as far as our head, and a few more in case it is on another branch.
      const gap = Math.max(0, block.height - this.#core.engine.head.height);
      const count = Math.min(MAX_BLOCKS, gap + OVERLAP);
      const blocks = await peer.getBlocks({ from: 0, root: block.root, count });
      await this.#importAll(blocks, peer);
    } catch (error) {
      if (error instanceof UnknownParentError) await this.catchUp(block, peer);
      else this.#fault(error, peer);
    } finally {
      asked.delete(peer);
      if (asked.size === 0) this.#asked.delete(id);
    }
  }

  /** Fetches the peer's best branch from where ours ends, in batches, until it has no more. One at a time that gets on. */
  async catchUp(target: BlockRef, peer: BlockPeer): Promise<void> {
    if (this.#core.chain.has(target.root) || this.#ranges.has(peer) || this.active) return;
    const range = this.#fetch(peer).finally(() => this.#ranges.delete(peer));
    this.#ranges.set(peer, range);
    await range;
  }

  async #fetch(peer: BlockPeer): Promise<void> {
    const floor = this.#core.engine.finalized.height + 1;
    let from = Math.max(floor, this.#core.engine.head.height + 1);
    try {
      while (!peer.closed) {
        const blocks = await peer.getBlocks({ from, root: ZERO32, count: MAX_BLOCKS });
        if (blocks.length === 0) return;
        if (blocks.some(({ block }, i) => block.header.height !== from + i)) {
          peer.disconnect('sent other blocks than those asked for');
          return;
        }
        let news = false;
        try {
          await this.#importAll(blocks, peer, () => {
            news = true;
            this.#progress = performance.now();
          });
        } catch (error) {
          // Another branch than ours: from the newest final block on both must agree.
          if (!(error instanceof UnknownParentError) || from <= floor) throw error;
          from = floor;
          continue;
        }
        // Another peer's range brings the same blocks sooner.
        if (!news && this.active) return;
        from += blocks.length;
        this.#logger.debug({ height: from - 1, peer: peer.address }, 'caught up to');
      }
    } catch (error) {
      this.#fault(error, peer);
    }
  }

  /** @param onNew called after each block that was new */
  async #importAll(blocks: readonly SignedBlock[], peer: BlockPeer, onNew?: () => void): Promise<void> {
    for (const block of blocks) {
      if (peer.closed) return;
      if (block.block.header.height <= this.#core.engine.finalized.height) continue;
      if (await this.#core.importBlock(block)) onNew?.();
    }
  }

  #later(block: SignedBlock, peer: BlockPeer, error: FutureBlockError): void {
    if (this.#timers.size > 16) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.block(block, peer).catch((e: unknown) => this.#fault(e, peer));
    }, error.milliseconds + 1);
    this.#timers.add(timer);
  }

  #fault(error: unknown, peer: BlockPeer): void {
    if (error instanceof InvalidBlockError) peer.disconnect(`sent an invalid block: ${error.message}`);
    else if (error instanceof PeerTimeoutError) this.#logger.debug({ peer: peer.address }, error.message);
    else if (error instanceof CrossrootError && error.retryable)
      this.#logger.info({ peer: peer.address }, error.message);
    else throw error;
  }
}

function ref(block: SignedBlock): BlockRef {
  const { header } = block.block;
  return { height: header.height, root: MainHeaderType.hashTreeRoot(header) };
}

/** Blocks for a peer that asks: of the best branch from a height, or one with its ancestors, oldest first. */
export function answerBlocks(
  core: Pick<Core, 'chain'>,
  request: { readonly from: number; readonly root: Uint8Array; readonly count: number },
  maxBytes: number,
  size: (block: SignedBlock) => number,
): SignedBlock[] {
  const { chain } = core;
  const count = Math.min(request.count, MAX_BLOCKS);
  const blocks: SignedBlock[] = [];
  let bytes = 0;
  const fits = (block: SignedBlock): boolean => {
    bytes += size(block);
    return blocks.length === 0 || bytes <= maxBytes;
  };
  if (bytesEqual(request.root, ZERO32)) {
    for (let height = Math.max(1, request.from); blocks.length < count; height++) {
      const root = chain.rootAt(height);
      const block = root === undefined ? undefined : chain.block(root);
      if (block === undefined || !fits(block)) break;
      blocks.push(block);
    }
    return blocks;
  }
  let root = request.root;
  while (blocks.length < count) {
    const block = chain.block(root);
    if (block === undefined || block.block.header.height === 0 || !fits(block)) break;
    blocks.unshift(block);
    root = block.block.header.parentRoot;
  }
  return blocks;
}

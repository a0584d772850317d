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

/** Brings in blocks: those that peers send, their missing ancestors, and whole ranges when the node lags. */
export class Syncer {
  readonly #core: Core;
  readonly #logger: Logger;
  readonly #busy = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #range: Promise<void> | undefined;

  constructor(core: Core, logger: Logger) {
    this.#core = core;
    this.#logger = logger;
  }

  /** Whether a range is being fetched: the node is behind. */
  get active(): boolean {
    return this.#range !== undefined;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** A block from a peer. @returns whether it is new and valid, and worth passing on */
  async block(block: SignedBlock, peer: Peer): Promise<boolean> {
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
  async missing(block: BlockRef, peer: Peer): Promise<void> {
    if (this.#core.chain.has(block.root) || block.height <= this.#core.engine.finalized.height) return;
    if (block.height > this.#core.engine.head.height + FAR) return this.catchUp(block, peer);
    const id = toBareHex(block.root);
    if (this.#busy.has(id) || this.#busy.size > 64) return;
    this.#busy.add(id);
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
      this.#busy.delete(id);
    }
  }

  /** Fetches the peer's best branch from where ours ends, in batches, until it has no more. One at a time. */
  catchUp(target: BlockRef, peer: Peer): Promise<void> {
    if (this.#core.chain.has(target.root)) return Promise.resolve();
    this.#range ??= this.#fetch(peer).finally(() => {
      this.#range = undefined;
    });
    return this.#range;
  }

  async #fetch(peer: Peer): Promise<void> {
    const floor = this.#core.engine.finalized.height + 1;
    let from = Math.max(floor, this.#core.engine.head.height + 1);
    try {
      while (!peer.closed) {
        const blocks = await peer.getBlocks({ from, root: ZERO32, count: MAX_BLOCKS });
        if (blocks.length === 0) return;
        try {
          await this.#importAll(blocks, peer);
        } catch (error) {
          // Another branch than ours: from the newest final block on both must agree.
          if (!(error instanceof UnknownParentError) || from <= floor) throw error;
          from = floor;
          continue;
        }
        from += blocks.length;
        this.#logger.debug({ height: from - 1, peer: peer.address }, 'caught up to');
      }
    } catch (error) {
      this.#fault(error, peer);
    }
  }

  async #importAll(blocks: readonly SignedBlock[], peer: Peer): Promise<void> {
    for (const block of blocks) {
      if (peer.closed) return;
      if (block.block.header.height <= this.#core.engine.finalized.height) continue;
      await this.#core.importBlock(block);
    }
  }

  #later(block: SignedBlock, peer: Peer, error: FutureBlockError): void {
    if (this.#timers.size > 16) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.block(block, peer).catch((e: unknown) => this.#fault(e, peer));
    }, error.milliseconds + 1);
    this.#timers.add(timer);
  }

  #fault(error: unknown, peer: Peer): void {
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
  core: Core,
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

import type { ForeignBlock } from '../../../adapters/source.js';
import type { ChainKind } from '../../../adapters/types.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import type { HeaderBook } from '../../follow/book.js';
import type { ChainEvent } from '../../log/event.js';
import { bitcoinContents } from '../../store/contents/bitcoin.js';
import type { BlockContents } from '../../store/contents/blockContents.js';
import { ethereumContents } from '../../store/contents/ethereum.js';
import type { IndexWriter } from '../../store/indexStore.js';
import type { NumberRange } from '../../store/view.js';
import { BookBehindError, UnreadableBlockError } from '../errors.js';

/** Makes rows of a block. */
export type ContentsBuilder = (event: ChainEvent, block: ForeignBlock) => Promise<BlockContents>;

/** `undefined` for kinds whose blocks' contents are not indexed. */
export function contentsBuilder(kind: Pick<ChainKind, 'name'>): ContentsBuilder | undefined {
  if (kind.name === 'bitcoin') return bitcoinContents;
  return kind.name === 'ethereum' ? ethereumContents : undefined;
}

/** Where blocks come from. */
export interface BlockSource {
  /** @throws SourceUnavailableError if no source has it */
  fetch(chain: string, blockHash: Uint8Array): Promise<ForeignBlock>;
}

/** Which event first connected a block that another one connects: usually that very one. */
export interface FirstNumbers {
  of(event: ChainEvent): Promise<number>;
}

export interface ContentsWriterOptions {
  readonly chain: string;
  readonly build: ContentsBuilder;
  readonly blocks: BlockSource;
  /** Says which blocks still matter. */
  readonly book: Pick<HeaderBook, 'isBest' | 'applied'>;
  readonly first: FirstNumbers;
  /** Blocks that are fetched at once. Default 4. */
  readonly parallel?: number;
  /** Bytes of blocks that make one write. Default 8 MiB. */
  readonly writeBytes?: number;
  readonly signal?: AbortSignal;
  /** Told of blocks that have been written. */
  readonly onWritten?: (blocks: number, bytes: number) => void;
  /** Told of blocks that this program cannot read; their events are not published. */
  readonly onUnreadable?: (error: UnreadableBlockError) => void;
}

interface Fetched {
  readonly contents: BlockContents;
  readonly bytes: number;
}

/** Rows of one write, so that small blocks do not gather for ever. */
const MAX_BLOCKS = 1000;

/**
 * Fetches blocks, makes their rows and writes them: `parallel` blocks and one write are in memory at most. A block that no source has is
 * left out only if it is off the best chain by now; it is written when it comes back.
 */
export class ContentsWriter {
  readonly #options: ContentsWriterOptions;
  /** Blocks off the best chain that no source had any more. */
  skipped = 0;

  constructor(options: ContentsWriterOptions) {
    this.#options = options;
  }

  /**
   * Does events that follow on one another, upwards or downwards, and publishes them piece by piece.
   * @returns how many were done: all, unless it was stopped
   */
  async write(writer: IndexWriter, events: readonly ChainEvent[]): Promise<number> {
    const { chain, parallel = 4, writeBytes = 8 * 2 ** 20, signal, onWritten, onUnreadable } = this.#options;
    const ahead: Promise<Fetched | UnreadableBlockError | undefined>[] = [];
    let [taken, done, bytes] = [0, 0, 0];
    let batch: BlockContents[] = [];
    let open: NumberRange | undefined;
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await writer.writeContents(chain, batch);
      if (open !== undefined) await writer.publishContents(chain, open);
      if (batch.length > 0) onWritten?.(batch.length, bytes);
      [batch, bytes, open] = [[], 0, undefined];
    };
    const fill = (): void => {
      for (let event = events[taken]; event !== undefined && ahead.length < parallel; event = events[taken]) {
        taken++;
        const fetched = this.#fetched(event);
        // Its failure is thrown when its turn comes. Where that never comes, the event is not done, and is fetched again.
        fetched.catch(() => undefined);
        ahead.push(fetched);
      }
    };
    for (const [i, { number }] of events.entries()) {
      if (signal?.aborted === true) return done;
      fill();
      const fetched = await ahead.shift();
      if (fetched instanceof UnreadableBlockError) {
        await flush();
        onUnreadable?.(fetched);
      } else {
        open = { from: Math.min(number, open?.from ?? number), to: Math.max(number, open?.to ?? number) };
        if (fetched !== undefined) {
          batch.push(fetched.contents);
          bytes += fetched.bytes;
        }
        if (i + 1 < events.length && bytes < writeBytes && batch.length < MAX_BLOCKS) continue;
        await flush();
      }
      done = i + 1;
    }
    return done;
  }

  async #fetched(event: ChainEvent): Promise<Fetched | UnreadableBlockError | undefined> {
    if (event.type !== 'connect') return undefined;
    const { build, first } = this.#options;
    const number = await first.of(event);
    const block = await this.#block(event);
    if (block === undefined) return undefined;
    try {
      return { contents: await build({ ...event, number }, block), bytes: bytesOf(block) };
    } catch (error) {
      // Such as a kind of transaction that came up after this program.
      if (error instanceof CrossrootError && !error.retryable)
        return new UnreadableBlockError(event.chain, event.number, event.height, error);
      throw error;
    }
  }

  async #block(event: ChainEvent): Promise<ForeignBlock | undefined> {
    const { chain, blocks, book } = this.#options;
    try {
      return await blocks.fetch(chain, event.hash);
    } catch (error) {
      // A book that has not come to this event yet cannot say that its block is off the best chain.
      if (book.applied() < event.number) throw new BookBehindError(chain, event.number, error);
      if (book.isBest(event)) throw error;
      this.skipped++;
      return undefined;
    }
  }
}

function bytesOf(block: ForeignBlock): number {
  const sum = (parts: readonly Uint8Array[] = []) => parts.reduce((total, part) => total + part.length, 0);
  return 200 + (block.rawBlock?.length ?? 0) + sum(block.transactions) + sum(block.receipts);
}

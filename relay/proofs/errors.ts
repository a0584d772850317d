import { CrossrootError } from '../../proofs/errors/base.js';

/** How far a transaction is on its way into a finalised commitment. */
export interface Progress {
  /** What is being waited for. */
  readonly stage: 'indexed' | 'accepted' | 'committed';
  /** Foreign height of the transaction's block. */
  readonly height: number;
  /** Foreign blocks from it to the local tip, itself included. */
  readonly depth: number;
  /** Depth that the timing policy asks for, where it asks for one. */
  readonly needed: number | undefined;
  readonly committedHeight: number;
  readonly policy: string;
}

/** No block of the local best chain has this transaction. */
export class UnknownTransactionError extends CrossrootError {
  override readonly name = 'UnknownTransactionError';
  override readonly retryable = true;
  constructor(chain: string, hash: string, start: number | undefined) {
    super(`${chain} has no transaction ${hash} that this relay knows of`, {
      hint:
        start === undefined
          ? 'The chain is not registered on the main chain yet.'
          : `It may not be in a block yet, or be in one before height ${start}, where this history begins.`,
      details: { chain, transaction: hash },
    });
  }
}

/** No block of the local best chain has this height or hash. */
export class UnknownBlockError extends CrossrootError {
  override readonly name = 'UnknownBlockError';
  override readonly retryable = true;
  constructor(chain: string, block: string) {
    super(`${chain} has no block ${block.slice(0, 80)} that this relay knows of`, {
      hint: 'It may not be there yet, be on another branch, or lie before the history begins.',
      details: { chain, block: block.slice(0, 80) },
    });
  }
}

/** The transaction is in a block, which is not provable yet. */
export class NotProvableYetError extends CrossrootError {
  override readonly name = 'NotProvableYetError';
  override readonly retryable = true;
  constructor(
    chain: string,
    readonly progress: Progress,
    /** Seconds after which asking again makes sense. */
    readonly retryAfter: number,
    cause?: unknown,
  ) {
    const { depth, needed, stage } = progress;
    const wait =
      stage === 'committed'
        ? 'its commitment is not finalised yet'
        : `depth ${depth}${needed === undefined ? '' : ` of ${needed}`}`;
    super(`the block at height ${progress.height} of ${chain} is not provable yet: ${wait}`, {
      hint: `Ask again in ${retryAfter} s.`,
      details: { chain, progress, retryAfter },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** The main chain has another block at this height, or the chain is paused. */
export class DisputedBlockError extends CrossrootError {
  override readonly name = 'DisputedBlockError';
  override readonly retryable = true;
}

/** Nothing before a history's first block is provable. */
export class BelowHistoryError extends CrossrootError {
  override readonly name = 'BelowHistoryError';
  constructor(chain: string, height: number, start: number) {
    super(`${chain} is provable from height ${start} on, not at ${height}`, {
      details: { chain, height, start },
    });
  }
}

/** No configured chain has this name. */
export class ChainNotConfiguredError extends CrossrootError {
  override readonly name = 'ChainNotConfiguredError';
  constructor(chain: string, known: readonly string[]) {
    super(`this relay has no chain ${chain}`, { hint: `It has: ${known.join(', ')}.`, details: { chain } });
  }
}

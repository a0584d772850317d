import { bytesEqual } from '../../proofs/bytes.js';
import { LogCorruptError } from './errors.js';
import type { ChainEvent } from './event.js';

export interface ReplayBlock {
  readonly height: number;
  readonly hash: Uint8Array;
}

/** What an event must fit: the state of the best chain before it. */
export interface ReplayState {
  /** Number of the last event. */
  readonly number: number;
  readonly tip: ReplayBlock | undefined;
  /** Hash on the best chain at a height. */
  hashAt(height: number): Uint8Array | undefined;
}

/**
 * Checks that an event follows from the state before it: numbered without a gap, connecting to the tip,
 * disconnecting the tip, finalising a block of the best chain.
 * @throws LogCorruptError
 */
export function checkEvent(state: ReplayState, event: ChainEvent): void {
  const fail = (problem: string): never => {
    throw new LogCorruptError(event.chain, event.number, problem);
  };
  if (event.number !== state.number + 1) fail(`it follows event ${state.number}`);
  const { tip } = state;
  switch (event.type) {
    case 'connect':
      if (tip === undefined) return;
      if (event.height !== tip.height + 1 || !bytesEqual(event.parentHash, tip.hash))
        fail('it connects to another block than the tip');
      return;
    case 'disconnect':
      if (tip === undefined || event.height !== tip.height || !bytesEqual(event.hash, tip.hash))
        fail('it disconnects another block than the tip');
      return;
    case 'finalize': {
      const hash = state.hashAt(event.height);
      if (hash === undefined || !bytesEqual(hash, event.hash))
        fail('it finalises a block off the best chain');
    }
  }
}

/** The best chain that a log's events amount to, in memory. */
export class Replay implements ReplayState {
  number = 0;
  readonly blocks: ReplayBlock[] = [];
  finalized: ReplayBlock | undefined;

  get tip(): ReplayBlock | undefined {
    return this.blocks.at(-1);
  }

  hashAt(height: number): Uint8Array | undefined {
    const first = this.blocks[0];
    return first === undefined ? undefined : this.blocks[height - first.height]?.hash;
  }

  /** @throws LogCorruptError */
  apply(event: ChainEvent): void {
    checkEvent(this, event);
    this.number = event.number;
    const block = { height: event.height, hash: event.hash };
    if (event.type === 'connect') this.blocks.push(block);
    else if (event.type === 'finalize') this.finalized = block;
    else {
      this.blocks.pop();
      if (this.finalized !== undefined && this.finalized.height >= event.height) this.finalized = this.tip;
    }
  }
}

import type { DelegateSet } from '../../proofs/containers/consensus.js';

/** A term as the schedule sees it. */
export interface TermInfo {
  readonly term: number;
  /** Height of the term's first block (`MainHeader.termStart`). */
  readonly start: number;
  /** Slot at which round 0 begins: the slot after that of the last block of the term before (1 in the first term). */
  readonly startSlot: number;
  readonly setRoot: Uint8Array;
  /** In turn order. */
  readonly members: DelegateSet;
}

/** Whose slot it is. */
export interface Turn {
  /** From 0 within the term. */
  readonly round: number;
  /** From 0 within the round: at most the number of delegates. */
  readonly position: number;
  /** Index in the term's set. */
  readonly producer: number;
}

/** Decides who produces when: pure, the same on every node. */
export interface Schedule {
  /** @param slot at or after `term.startSlot` */
  producerAt(slot: number, term: TermInfo): Turn;
}

/**
 * In turn order: a round has n + 1 turns; delegate i has turn i, and the last turn is an extra one of delegate
 * `round % n`.
 */
export const roundRobin: Schedule = {
  producerAt(slot, term) {
    const n = term.members.length;
    const turn = slot - term.startSlot;
    const round = Math.floor(turn / (n + 1));
    const position = turn % (n + 1);
    return { round, position, producer: position === n ? round % n : position };
  },
};

import { SYNC_COMMITTEE_SIZE } from './preset.js';

/** What this chain does wrong on request, for tests. */
export interface Faults {
  /** Share of the validators that vote, 0 to 1; below two thirds nothing is justified. */
  readonly voters: number;
  /** Members of the sync committee that sign each block. */
  readonly participants: number;
  /** Slots left empty before the next block. */
  readonly skip: number;
  /** The next slot gets two blocks by one proposer, both signed by the sync committee. */
  readonly equivocate: boolean;
}

export const HONEST: Faults = {
  voters: 1,
  participants: SYNC_COMMITTEE_SIZE,
  skip: 0,
  equivocate: false,
};

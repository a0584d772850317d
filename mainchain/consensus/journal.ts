import { ContainerType } from '@chainsafe/ssz';
import { bytesEqual, utf8, ZERO32 } from '../../proofs/bytes.js';
import { BlockRefType, type VoteData } from '../../proofs/containers/consensus.js';
import { Count64 } from '../../proofs/containers/primitives.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { JournalError } from './errors.js';

/** What a delegate must remember of what it signed. */
export const JournalStateType = new ContainerType(
  {
    source: BlockRefType,
    target: BlockRefType,
    /** No vote for targets at or below this height, whoever may have signed one. */
    floor: Count64,
    /** Slot of the newest block produced, plus one: 0 for none. */
    nextSlot: Count64,
  },
  { typeName: 'JournalState', jsonCase: 'eth2' },
);
export interface JournalState {
  readonly source: { readonly height: number; readonly root: Uint8Array };
  readonly target: { readonly height: number; readonly root: Uint8Array };
  readonly floor: number;
  readonly nextSlot: number;
}

export const EMPTY_JOURNAL: JournalState = {
  source: { height: 0, root: ZERO32 },
  target: { height: 0, root: ZERO32 },
  floor: 0,
  nextSlot: 0,
};

/**
 * Why `vote` must not be signed after `state`, or `undefined` if it may: targets strictly rise and sources never fall,
 * so no two votes are double and none surrounds another.
 */
export function whyNotVote(state: JournalState, vote: VoteData): string | undefined {
  const { source, target } = vote;
  if (target.height <= state.target.height) return `voted for main height ${state.target.height} already`;
  if (target.height <= state.floor) return `may have voted up to main height ${state.floor}`;
  if (source.height < state.source.height) return `source ${source.height} is below ${state.source.height}`;
  if (
    source.height === state.source.height &&
    source.height > 0 &&
    !bytesEqual(source.root, state.source.root)
  ) {
    return `source ${source.height} is another block than before`;
  }
  if (source.height >= target.height) return 'the vote does not go forward';
  return undefined;
}

/** The journal on disk. Whatever it allowed is durable before the caller goes on. */
export class VoteJournal {
  readonly #store: KeyValueStore;
  readonly #key: Uint8Array;
  #state: JournalState;

  private constructor(store: KeyValueStore, key: Uint8Array, state: JournalState) {
    this.#store = store;
    this.#key = key;
    this.#state = state;
  }

  /** @param key where in the store the journal is */
  static open(store: KeyValueStore, key: Uint8Array = utf8('~journal')): VoteJournal {
    const bytes = store.get(key);
    return new VoteJournal(
      store,
      key,
      bytes === undefined ? EMPTY_JOURNAL : JournalStateType.deserialize(bytes),
    );
  }

  get state(): JournalState {
    return this.#state;
  }

  /** Resolves when the vote is on disk: only then may it be signed and sent. @throws JournalError */
  async recordVote(vote: VoteData): Promise<void> {
    const reason = whyNotVote(this.#state, vote);
    if (reason !== undefined) throw new JournalError(reason);
    await this.#write({ ...this.#state, source: vote.source, target: vote.target });
  }

  /** Resolves when the slot is on disk: only then may a block of it be signed. @throws JournalError */
  async recordSlot(slot: number): Promise<void> {
    if (slot < this.#state.nextSlot)
      throw new JournalError(`produced in slot ${this.#state.nextSlot - 1} already`);
    await this.#write({ ...this.#state, nextSlot: slot + 1 });
  }

  /** Rules out votes for targets at or below `height`. */
  async raiseFloor(height: number): Promise<void> {
    if (height > this.#state.floor) await this.#write({ ...this.#state, floor: height });
  }

  /** The state changes at once, so that nothing slips in while the disk works. */
  async #write(state: JournalState): Promise<void> {
    this.#state = state;
    await this.#store.batch([{ type: 'put', key: this.#key, value: JournalStateType.serialize(state) }], {
      sync: true,
    });
  }
}

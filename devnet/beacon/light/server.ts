import { isBetterUpdate } from '../../../adapters/ethereum/consensus/index.js';
import { isZero } from '../../../proofs/bytes.js';
import type { KeyValueWrite } from '../../../storage/keyValue.js';
import type {
  LightBootstrap,
  LightFinalityUpdate,
  LightOptimisticUpdate,
  LightUpdate,
} from '../containers/light.js';
import { NETWORK } from '../forks.js';
import type { InteropKeys } from '../keys.js';
import { EPOCHS_PER_SYNC_COMMITTEE_PERIOD, periodOf, SLOTS_PER_EPOCH } from '../preset.js';
import { type Produced, signBlock } from '../produce.js';
import { type BeaconStore, write } from '../store.js';
import { bootstrapOf, lightHeader, updateOf } from './objects.js';
import type { LightRecord } from './record.js';

/** Two blocks of one slot, both signed over by the sync committee. */
export interface Equivocation {
  readonly slot: number;
  readonly roots: readonly [Uint8Array, Uint8Array];
  /** What says that the second one is the head, as the first one's update says it of the first. */
  readonly optimisticUpdate: LightOptimisticUpdate;
}

/** Most equivocations that are kept. */
const MAX_EQUIVOCATIONS = 16;

/** Makes and keeps what light clients ask for (altair `light-client/full-node.md`). */
export class LightServer {
  readonly #store: BeaconStore;
  #finality: LightFinalityUpdate | undefined;
  #optimistic: LightOptimisticUpdate | undefined;
  readonly equivocations: Equivocation[] = [];

  constructor(store: BeaconStore) {
    this.#store = store;
  }

  /** `undefined` while no block after the genesis is finalised. */
  get finalityUpdate(): LightFinalityUpdate | undefined {
    return this.#finality;
  }
  get optimisticUpdate(): LightOptimisticUpdate | undefined {
    return this.#optimistic;
  }

  bootstrap(root: Uint8Array): LightBootstrap | undefined {
    const record = this.#store.record(root);
    return record && bootstrapOf(record, this.#store.committee(record.currentCommitteeRoot));
  }

  /** Best updates of periods that follow each other, as many as there are. */
  updates(from: number, count: number): LightUpdate[] {
    const found: LightUpdate[] = [];
    for (let period = from; period < from + count; period++) {
      const update = this.#store.update(period);
      if (update === undefined) break;
      found.push(update);
    }
    return found;
  }

  #update(signature: LightRecord, attested: LightRecord): LightUpdate {
    const { root } = attested.finalized;
    return updateOf({
      attested,
      signature,
      // That nothing but the genesis is final would count as finality, and such an update as the best one of the first period.
      finalized: isZero(root) ? undefined : this.#store.record(root),
      nextCommittee: this.#store.committee(attested.nextCommitteeRoot),
    });
  }

  /** The write that makes what `signature` signs the best update of its period; `undefined` where it is not the best. */
  candidate(signature: LightRecord, attested: LightRecord): KeyValueWrite | undefined {
    const update = this.#eligible(signature, attested);
    if (update === undefined) return undefined;
    const period = periodOf(attested.header.slot);
    const best = this.#store.update(period);
    return best === undefined || isBetterUpdate(NETWORK, update, best)
      ? write.update(period, update)
      : undefined;
  }

  #eligible(signature: LightRecord, attested: LightRecord): LightUpdate | undefined {
    const signed = signature.syncAggregate.syncCommitteeBits.getTrueBitIndexes().length > 0;
    const samePeriod = periodOf(signature.header.slot) === periodOf(attested.header.slot);
    return signed && samePeriod ? this.#update(signature, attested) : undefined;
  }

  /** Takes note of a new head and its parent, which it signs. */
  take(signature: LightRecord, attested: LightRecord): void {
    const { signatureSlot, syncAggregate, ...update } = this.#update(signature, attested);
    const signers = syncAggregate.syncCommitteeBits.getTrueBitIndexes().length;
    if (signers === 0) return;
    const { attestedHeader, finalizedHeader, finalityBranch } = update;
    this.#optimistic = { attestedHeader, syncAggregate, signatureSlot };
    const last = this.#finality;
    const finalizedSlot = finalizedHeader.beacon.slot;
    if (finalizedSlot === 0) return;
    const newer = last === undefined || finalizedSlot > last.finalizedHeader.beacon.slot;
    const more = signers >= (last?.syncAggregate.syncCommitteeBits.getTrueBitIndexes().length ?? 0);
    if (newer || more)
      this.#finality = { attestedHeader, finalizedHeader, finalityBranch, syncAggregate, signatureSlot };
  }

  /** What to write when the chain goes back from slot `old` to `slot`: best updates that are on the chain no more. */
  rewound(slot: number, old: number): KeyValueWrite[] {
    const writes: KeyValueWrite[] = [];
    for (let period = periodOf(slot); period <= periodOf(old); period++) {
      const best = this.#bestUpTo(period, slot);
      writes.push(best === undefined ? write.noUpdate(period) : write.update(period, best));
    }
    return writes;
  }

  #bestUpTo(period: number, last: number): LightUpdate | undefined {
    const length = EPOCHS_PER_SYNC_COMMITTEE_PERIOD * SLOTS_PER_EPOCH;
    let best: LightUpdate | undefined;
    for (let slot = period * length; slot <= Math.min(last, (period + 1) * length - 1); slot++) {
      const root = this.#store.canonical(slot);
      const signature = root && this.#store.record(root);
      const attested = signature && this.#store.record(signature.header.parentRoot);
      const update = attested && this.#eligible(signature, attested);
      if (update !== undefined && (best === undefined || isBetterUpdate(NETWORK, update, best)))
        best = update;
    }
    return best;
  }

  /** Forgets what was signed after a slot. */
  forgetAfter(slot: number): void {
    if ((this.#optimistic?.signatureSlot ?? 0) > slot) this.#optimistic = undefined;
    if ((this.#finality?.signatureSlot ?? 0) > slot) this.#finality = undefined;
  }

  /** Signs over the second of two blocks of one slot, as the next block will over the first. */
  equivocated(first: Produced, second: Produced, keys: InteropKeys): void {
    const slot = second.block.message.slot;
    const syncAggregate = signBlock(keys, second.state.currentSyncCommittee, {
      blockRoot: second.root,
      slot: slot + 1,
      genesisValidatorsRoot: second.state.genesisValidatorsRoot,
      participants: second.state.currentSyncCommittee.pubkeys.length,
    });
    this.equivocations.push({
      slot,
      roots: [first.root, second.root],
      optimisticUpdate: {
        attestedHeader: lightHeader(second.record),
        syncAggregate,
        signatureSlot: slot + 1,
      },
    });
    if (this.equivocations.length > MAX_EQUIVOCATIONS) this.equivocations.shift();
  }
}

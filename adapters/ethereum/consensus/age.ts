import { epochAt } from './forks.js';
import type { BeaconPreset, ConsensusNetwork } from './networks.js';

/**
 * Weak subjectivity period in epochs with as many validators as make it longest: 256 epochs of withdrawability delay and
 * `SAFETY_DECAY * CHURN_LIMIT_QUOTIENT / 200` of the validator set's change (consensus-specs
 * `phase0/weak-subjectivity.md`).
 */
const LONGEST_EPOCHS: Readonly<Record<BeaconPreset, number>> = { mainnet: 3_532, gnosis: 460, minimal: 257 };

/** How old a trusted or finalized block is, against the time within which it can be trusted without asking anybody. */
export interface FinalityAge {
  readonly epochs: number;
  readonly seconds: number;
  /** The longest weak subjectivity period of such a network, in epochs. */
  readonly limitEpochs: number;
  /**
   * Whether validators who have left since could have signed another history: a client that starts here should have its
   * trusted block confirmed by somebody who has been following.
   */
  readonly isTooOld: boolean;
}

/** @param currentSlot by the network's clock (`slotAtTime`) */
export function finalityAge(network: ConsensusNetwork, slot: number, currentSlot: number): FinalityAge {
  const epochs = Math.max(0, epochAt(network, currentSlot) - epochAt(network, slot));
  const limitEpochs = LONGEST_EPOCHS[network.preset];
  const seconds = (Math.max(0, currentSlot - slot) * network.slotMilliseconds) / 1000;
  return { epochs, seconds, limitEpochs, isTooOld: epochs > limitEpochs };
}

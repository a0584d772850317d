import { CrossrootError } from '../../../proofs/errors/base.js';

/** Names of the checks that light-client data can fail; each is one check of the specification's sync protocol. */
export type LightClientRule =
  /** The fork is none that this program knows, or the data lies after the newest one it knows. */
  | 'unsupported-fork'
  /** Data in another fork's form than the one active at its slot. */
  | 'wrong-fork'
  /** The bootstrap's header is not the trusted block. */
  | 'untrusted-root'
  /** No participant at all. */
  | 'no-participants'
  /** Fewer than two thirds of the committee, where that is needed. */
  | 'too-few-participants'
  /** Not: current slot >= signature slot > attested slot >= finalized slot. */
  | 'slot-order'
  /** Signed by a committee of a period that is not the store's or, where its committee is known, the next one. */
  | 'period-skip'
  /** Nothing newer than what is known. */
  | 'not-relevant'
  /** An execution payload header that its beacon block does not contain. */
  | 'invalid-execution-branch'
  /** Beacon blocks from before the execution payload was proven (Capella). */
  | 'no-execution-payload'
  /** A finalized header that the attested state does not name. */
  | 'invalid-finality-branch'
  /** A finalized header without its branch. */
  | 'finality-without-branch'
  /** A current sync committee that the bootstrap's state does not hold. */
  | 'invalid-current-committee-branch'
  /** A next sync committee that the attested state does not hold. */
  | 'invalid-next-committee-branch'
  /** A next sync committee without its branch. */
  | 'committee-without-branch'
  /** Another next sync committee than the one already known. */
  | 'committee-contradiction'
  /** The committee that comes with an update is not the one that must have signed. */
  | 'wrong-committee'
  /** The committee's aggregate signature does not hold. */
  | 'invalid-signature';

/** Light-client data that breaks a rule of the beacon chain's sync protocol. */
export class LightClientRuleError extends CrossrootError {
  override readonly name: string = 'LightClientRuleError';
  constructor(
    readonly rule: LightClientRule,
    /** Slot of the header in question. */
    readonly slot: number,
    message: string,
  ) {
    super(`${rule}: ${message} (slot ${slot})`, { details: { rule, slot } });
  }
}

/** Light-client data that is signed later than now: it may become valid. */
export class LightClientTooEarlyError extends LightClientRuleError {
  override readonly name = 'LightClientTooEarlyError';
  override readonly retryable = true;
  constructor(
    slot: number,
    readonly currentSlot: number,
  ) {
    super('slot-order', slot, `signed at a slot after the current one, ${currentSlot}`);
  }
}

/** A beacon network of the user's own that cannot be defined so. */
export class ConsensusNetworkError extends CrossrootError {
  override readonly name = 'ConsensusNetworkError';
  constructor(
    readonly network: string,
    problem: string,
  ) {
    super(`beacon network ${network.slice(0, 80)}: ${problem}`, {
      details: { network: network.slice(0, 80) },
    });
  }
}

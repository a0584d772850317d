import type { QuorumVerdict } from './certificate.js';
import type { PayloadClaim } from './payload.js';

/** The main chain's side of a verdict. */
export interface MainVerdict {
  readonly genesisRoot: Uint8Array;
  /** The verdict is as of this main height … */
  readonly height: number;
  /** … whose slot began at this time, Unix milliseconds. */
  readonly time: number;
  /** Height of the certified header: the same unless the proof uses `ancestry`. */
  readonly certifiedHeight: number;
  readonly term: number;
  readonly quorum: QuorumVerdict;
}

/** Where a foreign chain's header history begins on trust. */
export interface Since {
  readonly height: number;
  /** Display order. */
  readonly hash: string;
}

/** Where a chain's header history begins, and for a chain followed by its own committees, the block they are trusted from. */
export interface Beginning extends Since {
  /** Root of the beacon block that contains the checkpoint's block, hex with 0x. */
  readonly trustedBlockRoot?: string;
}

/** A foreign transaction, receipt or log, vouched for by the main chain. */
export interface AnchoredVerdict {
  readonly kind: string;
  readonly chain: string;
  readonly specRoot: Uint8Array;
  readonly height: number;
  /** Display order. */
  readonly blockHash: string;
  /** The foreign block's own time, Unix seconds. */
  readonly blockTime: number;
  readonly assurance: string;
  /** Foreign blocks known on top of this one. */
  readonly depth: number;
  readonly epoch: number;
  readonly since: Beginning;
  readonly main: MainVerdict;
  readonly claims: readonly PayloadClaim[];
}

/** That a chain's leaves above `forkHeight` were truncated. */
export interface ReorgVerdict {
  readonly kind: 'reorg';
  readonly chain: string;
  readonly specRoot: Uint8Array;
  readonly forkHeight: number;
  /** Epoch that the truncation began. */
  readonly epoch: number;
  readonly oldTip: Since;
  readonly newTip: Since;
  /** Main height that truncated. */
  readonly mainHeight: number;
  readonly main: MainVerdict;
}

/** Inclusion in a block that the user vouches for. */
export interface InclusionVerdict {
  readonly kind: 'bitcoin-inclusion';
  readonly chain: string;
  readonly blockHash: string;
  readonly claims: readonly PayloadClaim[];
}

/** Anything else of a block that the user vouches for. */
export interface UnanchoredVerdict {
  readonly kind: 'unanchored';
  /** Name of the kind of its payload. */
  readonly payloadKind: string;
  readonly chain: string;
  readonly blockHash: string;
  readonly claims: readonly PayloadClaim[];
}

export type Verdict = AnchoredVerdict | ReorgVerdict | InclusionVerdict | UnanchoredVerdict;

/**
 * Whether `reorg` shows that the leaf behind `verdict` was truncated after the main height it is as of.
 */
export function supersedes(reorg: ReorgVerdict, verdict: AnchoredVerdict): boolean {
  return (
    reorg.chain === verdict.chain &&
    reorg.specRoot.every((byte, i) => byte === verdict.specRoot[i]) &&
    reorg.epoch > verdict.epoch &&
    reorg.forkHeight < verdict.height
  );
}

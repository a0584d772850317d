import type { BlockRef, Certificate, DelegateSet, VoteData } from '../../proofs/containers/consensus.js';
import type { Evidence, SignedVote } from '../../proofs/containers/evidence.js';

/** A valid block as the finality engine sees it. */
export interface ConsensusBlock extends BlockRef {
  readonly parentRoot: Uint8Array;
  readonly slot: number;
  readonly term: number;
  readonly setRoot: Uint8Array;
}

/** What the engine made of an input. */
export type Acceptance =
  /** It changed what the engine knows. */
  | { readonly status: 'new' }
  | { readonly status: 'known' }
  /** Kept until the block `root` is there. */
  | { readonly status: 'waiting'; readonly root: Uint8Array; readonly height: number }
  /** Too old or too far ahead to matter: not a fault of the sender. */
  | { readonly status: 'ignored'; readonly reason: string }
  /** Never valid: a fault of the sender. */
  | { readonly status: 'refused'; readonly reason: string };

/** An input's effects, in the order in which they happened. */
export interface Effects {
  readonly acceptance: Acceptance;
  /** Valid certificates that justified a block just now. */
  readonly certificates: readonly Certificate[];
  readonly evidence: readonly Evidence[];
  readonly justified: BlockRef | undefined;
  readonly finalized: BlockRef | undefined;
  /** The new head, if it moved. */
  readonly head: ConsensusBlock | undefined;
}

/** Checks votes: one BLS implementation, or a cheap stand-in in simulations. */
export interface VoteCrypto {
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  fastAggregateVerify(publicKeys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean;
  aggregate(signatures: readonly Uint8Array[]): Uint8Array;
}

/**
 * Decides which branch is best and what is final. A state machine without clock, disk or sockets: feed it valid
 * blocks (parents first), votes and certificates in any order.
 */
export interface FinalityEngine {
  readonly head: ConsensusBlock;
  /** Highest justified block. */
  readonly justified: ConsensusBlock;
  readonly finalized: ConsensusBlock;
  /** @param members set of the block's term, the one that `block.setRoot` is the root of */
  addBlock(block: ConsensusBlock, members: DelegateSet): Effects;
  addVote(vote: SignedVote): Effects;
  addCertificate(certificate: Certificate): Effects;
  /**
   * Takes the source of a delegate's own last vote as justified after a restart: it was when it voted, even if the
   * certificate is lost. Otherwise delegates that all lost it could never vote again.
   */
  assumeJustified(source: BlockRef): Effects;
  /** What a delegate of the head's term should vote for now; `undefined` if there is nothing to vote for. */
  nextVote(): VoteData | undefined;
  /** The newest certificate of the branch that ends in `root`, if any. */
  bestCertificate(root: Uint8Array): Certificate | undefined;
  /** Certificates of the part of the tree that is not final yet, sources first. */
  openCertificates(): Certificate[];
}

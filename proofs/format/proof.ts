import type { ValueOf } from '@chainsafe/ssz';
import type {
  AnchoredProofType,
  InclusionProofType,
  ProofKindCode,
  ReorgProofType,
} from '../containers/proof.js';
import { ProofKind } from '../containers/proof.js';

export interface AnchoredProof extends ValueOf<typeof AnchoredProofType> {
  readonly kind: Exclude<ProofKindCode, typeof ProofKind.reorg | typeof ProofKind.bitcoinInclusion>;
}

export interface ReorgProof extends ValueOf<typeof ReorgProofType> {
  readonly kind: typeof ProofKind.reorg;
}

export interface InclusionProof extends ValueOf<typeof InclusionProofType> {
  readonly kind: typeof ProofKind.bitcoinInclusion;
}

/** A proof file's content. */
export type Proof = AnchoredProof | ReorgProof | InclusionProof;

export const PROOF_FORMAT = 'crossroot-proof';

/** Names of kinds in JSON. */
export const kindNames: Readonly<Record<ProofKindCode, string>> = {
  [ProofKind.bitcoinTransaction]: 'bitcoin-transaction',
  [ProofKind.ethereumTransaction]: 'ethereum-transaction',
  [ProofKind.ethereumReceipt]: 'ethereum-receipt',
  [ProofKind.ethereumLog]: 'ethereum-log',
  [ProofKind.reorg]: 'reorg',
  [ProofKind.bitcoinInclusion]: 'bitcoin-inclusion',
};

/** Largest proof file read, in bytes. */
export const MAX_PROOF_BYTES = 2 ** 24;

import type { ValueOf } from '@chainsafe/ssz';
import type {
  AnchoredProofType,
  InclusionProofType,
  ProofKindCode,
  ReorgProofType,
  UnanchoredProofType,
} from '../containers/proof.js';
import { ProofKind } from '../containers/proof.js';

/** Kinds whose payload is checked against a leaf under the main chain. */
export type AnchoredKind = Exclude<
  ProofKindCode,
  typeof ProofKind.reorg | typeof ProofKind.bitcoinInclusion | typeof ProofKind.unanchored
>;

export interface AnchoredProof extends ValueOf<typeof AnchoredProofType> {
  readonly kind: AnchoredKind;
}

export interface ReorgProof extends ValueOf<typeof ReorgProofType> {
  readonly kind: typeof ProofKind.reorg;
}

export interface InclusionProof extends ValueOf<typeof InclusionProofType> {
  readonly kind: typeof ProofKind.bitcoinInclusion;
}

export interface UnanchoredProof extends ValueOf<typeof UnanchoredProofType> {
  readonly kind: typeof ProofKind.unanchored;
  readonly payloadKind: AnchoredKind;
}

/** A proof file's content. */
export type Proof = AnchoredProof | ReorgProof | InclusionProof | UnanchoredProof;

export const PROOF_FORMAT = 'crossroot-proof';

/** Names of kinds in JSON. */
export const kindNames: Readonly<Record<ProofKindCode, string>> = {
  [ProofKind.bitcoinTransaction]: 'bitcoin-transaction',
  [ProofKind.ethereumTransaction]: 'ethereum-transaction',
  [ProofKind.ethereumReceipt]: 'ethereum-receipt',
  [ProofKind.ethereumLog]: 'ethereum-log',
  [ProofKind.reorg]: 'reorg',
  [ProofKind.bitcoinInclusion]: 'bitcoin-inclusion',
  [ProofKind.bitcoinTransactions]: 'bitcoin-transactions',
  [ProofKind.bitcoinWitness]: 'bitcoin-witness',
  [ProofKind.bitcoinOutput]: 'bitcoin-output',
  [ProofKind.bitcoinSpend]: 'bitcoin-spend',
  [ProofKind.bitcoinData]: 'bitcoin-data',
  [ProofKind.unanchored]: 'unanchored',
  [ProofKind.ethereumSeveral]: 'ethereum-several',
  [ProofKind.ethereumCount]: 'ethereum-count',
  [ProofKind.ethereumBlockLog]: 'ethereum-block-log',
  [ProofKind.ethereumAccount]: 'ethereum-account',
  [ProofKind.ethereumStorage]: 'ethereum-storage',
  [ProofKind.ethereumCode]: 'ethereum-code',
  [ProofKind.ethereumWithdrawal]: 'ethereum-withdrawal',
  [ProofKind.ethereumLogs]: 'ethereum-logs',
};

const otherKinds: readonly number[] = [ProofKind.reorg, ProofKind.bitcoinInclusion, ProofKind.unanchored];

/** Whether a code is of a kind whose payload is checked against a leaf. */
export function isAnchoredKind(code: number): code is AnchoredKind {
  return Object.hasOwn(kindNames, code) && !otherKinds.includes(code);
}

/** Largest proof file read, in bytes. */
export const MAX_PROOF_BYTES = 2 ** 24;

import type { PayloadVerifier } from '../../../proofs/verify/payload.js';
import { bitcoinInclusionVerifier, bitcoinTransactionsVerifier } from './inclusion.js';
import { bitcoinDataVerifier, bitcoinOutputVerifier, bitcoinSpendVerifier } from './part.js';
import { bitcoinTransactionVerifier } from './verifier.js';
import { bitcoinWitnessVerifier } from './witness.js';

export { BlockProver, buildBitcoinInclusion } from './build.js';
export { bitcoinInclusionVerifier, readUnanchoredHeader } from './inclusion.js';
export { inclusionFromJson, inclusionToJson } from './json.js';
export { buildPart, type PartKind } from './part.js';
export {
  decodeMerkleBlock,
  encodeMerkleBlock,
  type MerkleBlock,
  type PartialMerkleTree,
  partialTree,
  readPartialTree,
} from './partialMerkleTree.js';
export {
  type BitcoinInclusion,
  BitcoinInclusionType,
  type BitcoinPart,
  BitcoinPartType,
  type BitcoinWitness,
  BitcoinWitnessType,
} from './payload.js';
export { bitcoinTransactionVerifier, transactionClaim } from './verifier.js';
export { type ProvenTransaction, verifyBitcoinInclusion } from './verify.js';

/** Checkers of every kind of proof about Bitcoin. */
export const bitcoinPayloadVerifiers: readonly PayloadVerifier[] = [
  bitcoinTransactionVerifier,
  bitcoinInclusionVerifier,
  bitcoinTransactionsVerifier,
  bitcoinWitnessVerifier,
  bitcoinOutputVerifier,
  bitcoinSpendVerifier,
  bitcoinDataVerifier,
];

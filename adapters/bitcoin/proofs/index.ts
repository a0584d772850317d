import type { PayloadVerifier } from '../../../proofs/verify/payload.js';
import { bitcoinInclusionVerifier } from './inclusion.js';
import { bitcoinTransactionVerifier } from './verifier.js';

export { BlockProver, buildBitcoinInclusion } from './build.js';
export { bitcoinInclusionVerifier, readUnanchoredHeader } from './inclusion.js';
export { inclusionFromJson, inclusionToJson } from './json.js';
export { type BitcoinInclusion, BitcoinInclusionType } from './payload.js';
export { bitcoinTransactionVerifier, transactionClaim } from './verifier.js';
export { type ProvenTransaction, verifyBitcoinInclusion } from './verify.js';

/** Checkers of every kind of proof about Bitcoin. */
export const bitcoinPayloadVerifiers: readonly PayloadVerifier[] = [
  bitcoinTransactionVerifier,
  bitcoinInclusionVerifier,
];

export { BlockProver, buildBitcoinInclusion } from './build.js';
export { inclusionFromJson, inclusionToJson } from './json.js';
export { type BitcoinInclusion, BitcoinInclusionType } from './payload.js';
export { bitcoinPayloadVerifiers, bitcoinTransactionVerifier, transactionClaim } from './verifier.js';
export { type ProvenTransaction, verifyBitcoinInclusion } from './verify.js';

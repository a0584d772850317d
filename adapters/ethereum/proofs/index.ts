export { type BlockBodies, buildEthereumProof, type EthereumAspect, EthereumBlockProver } from './build.js';
export { LogPayloadType, ReceiptPayloadType, TransactionPayloadType } from './payload.js';
export { decodeReceipt, type EthereumLog, type EthereumReceipt } from './receipt.js';
export { decodeTransaction, type EthereumTransaction } from './transaction.js';
export { ethereumPayloadVerifiers } from './verifier.js';

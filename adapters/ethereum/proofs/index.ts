export {
  accountAt,
  buildAccount,
  buildAccounts,
  decodeAccount,
  EMPTY_CODE_HASH,
  type EthereumAccount,
} from './account.js';
export { readEthereumHeader } from './blockHeader.js';
export { buildBlockLog } from './blockLog.js';
export {
  type BlockBodies,
  buildEthereumProof,
  type EthereumAspect,
  EthereumBlockProver,
  proverOf,
} from './build.js';
export { buildCode, MAX_CODE_BYTES } from './code.js';
export { buildCount, CountedList, type CountedListCode } from './count.js';
export { bloomExcludes, type LogFilter, logFilter, matches } from './filter.js';
export { buildLogs, headerDecides, MAX_BLOCKS } from './logs.js';
export { LogPayloadType, ReceiptPayloadType, TransactionPayloadType } from './payload.js';
export { decodeReceipt, type EthereumLog, type EthereumReceipt } from './receipt.js';
export { readRpcResult } from './rpcAnswer.js';
export { buildSeveral, type EthereumItem, ItemPart } from './several.js';
export { buildStorage, decodeSlot, type SlotProof } from './storage.js';
export { decodeTransaction, type EthereumTransaction } from './transaction.js';
export { ethereumPayloadVerifiers } from './verifier.js';
export { buildWithdrawal, decodeWithdrawal, type Withdrawal } from './withdrawal.js';

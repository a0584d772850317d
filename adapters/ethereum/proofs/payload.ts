import { ContainerType, type Type, type ValueOf } from '@chainsafe/ssz';
import { ByteListType, ListCompositeType } from '../../../proofs/containers/lists.js';
import { Uint32 } from '../../../proofs/containers/primitives.js';
import { strict } from '../../../proofs/format/ssz.js';

/** Longest trie node: a leaf with the largest value that a block can hold. */
const MAX_NODE_BYTES = 2 ** 22;
const NodesType = new ListCompositeType(new ByteListType(MAX_NODE_BYTES), 65);

/** `ethereum-transaction`: place in the block, and the nodes of the transactions trie from the root to the value. */
export const TransactionPayloadType = new ContainerType(
  { index: Uint32, transactionNodes: NodesType },
  { typeName: 'EthereumTransactionPayload', jsonCase: 'eth2' },
);
/** `ethereum-receipt`: as before, and the nodes of the receipts trie at the same index. */
export const ReceiptPayloadType = new ContainerType(
  { index: Uint32, transactionNodes: NodesType, receiptNodes: NodesType },
  { typeName: 'EthereumReceiptPayload', jsonCase: 'eth2' },
);
/** `ethereum-log`: as before, and the log's place in its receipt. */
export const LogPayloadType = new ContainerType(
  { index: Uint32, transactionNodes: NodesType, receiptNodes: NodesType, logIndex: Uint32 },
  { typeName: 'EthereumLogPayload', jsonCase: 'eth2' },
);
export type LogPayload = ValueOf<typeof LogPayloadType>;

/** @throws ProofError `malformed`, `non-canonical` */
export function decodePayload<T>(type: Type<T>, payload: Uint8Array): T {
  return strict(type, payload, 'Ethereum payload');
}

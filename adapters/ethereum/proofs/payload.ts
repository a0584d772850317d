import { ContainerType, type Type } from '@chainsafe/ssz';
import { ByteListType, ListCompositeType } from '../../../proofs/containers/lists.js';
import { Bytes32, Uint32 } from '../../../proofs/containers/primitives.js';
import { MAX_PAYLOAD_BYTES } from '../../../proofs/containers/proof.js';
import { strict } from '../../../proofs/format/ssz.js';

/** Longest trie node; a payload's own limit is the same. */
const MAX_NODE_BYTES = MAX_PAYLOAD_BYTES;
const NodesType = new ListCompositeType(new ByteListType(MAX_NODE_BYTES), 65);
/** Nodes that several keys share, each once, as a walk from the root meets them first. */
export const SharedNodesType = new ListCompositeType(new ByteListType(MAX_NODE_BYTES), 2 ** 16);

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
/**
 * `ethereum-log`: as before, the log's place in its receipt, and what fixes that place (`logId`): else a proof whose
 * index was changed would be a good proof of another log.
 */
export const LogPayloadType = new ContainerType(
  {
    index: Uint32,
    transactionNodes: NodesType,
    receiptNodes: NodesType,
    logIndex: Uint32,
    logId: Bytes32,
  },
  { typeName: 'EthereumLogPayload', jsonCase: 'eth2' },
);

/** @throws ProofError `malformed`, `non-canonical` */
export function decodePayload<T>(type: Type<T>, payload: Uint8Array): T {
  return strict(type, payload, 'Ethereum payload');
}

import { ByteListType, ByteVectorType, ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { Account, Bytes32, Count64, Uint64, Uint256 } from '../../../proofs/containers/primitives.js';
import {
  BYTES_PER_LOGS_BLOOM,
  MAX_BYTES_PER_TRANSACTION,
  MAX_EXTRA_DATA_BYTES,
  MAX_TRANSACTIONS_PER_PAYLOAD,
  MAX_WITHDRAWALS_PER_PAYLOAD,
} from '../preset.js';

const common = {
  parentHash: Bytes32,
  feeRecipient: Account,
  stateRoot: Bytes32,
  receiptsRoot: Bytes32,
  logsBloom: new ByteVectorType(BYTES_PER_LOGS_BLOOM),
  prevRandao: Bytes32,
  blockNumber: Count64,
  gasLimit: Count64,
  gasUsed: Count64,
  timestamp: Count64,
  extraData: new ByteListType(MAX_EXTRA_DATA_BYTES),
  baseFeePerGas: Uint256,
  blockHash: Bytes32,
};
const blobGas = { blobGasUsed: Count64, excessBlobGas: Count64 };

export const TransactionsType = new ListCompositeType(
  new ByteListType(MAX_BYTES_PER_TRANSACTION),
  MAX_TRANSACTIONS_PER_PAYLOAD,
);
export const WithdrawalsType = new ListCompositeType(
  new ContainerType(
    { index: Uint64, validatorIndex: Count64, address: Account, amount: Uint64 },
    { typeName: 'Withdrawal', jsonCase: 'eth2' },
  ),
  MAX_WITHDRAWALS_PER_PAYLOAD,
);

const lists = { transactions: TransactionsType, withdrawals: WithdrawalsType };
const roots = { transactionsRoot: Bytes32, withdrawalsRoot: Bytes32 };

export const CapellaPayloadType = new ContainerType(
  { ...common, ...lists },
  { typeName: 'ExecutionPayload', jsonCase: 'eth2' },
);
/** Deneb and later: EIP-4844 */
export const PayloadType = new ContainerType(
  { ...common, ...lists, ...blobGas },
  { typeName: 'ExecutionPayload', jsonCase: 'eth2' },
);
/** An execution block as a beacon block carries it; before Deneb the blob fields are left out when it is hashed or written. */
export type Payload = ValueOf<typeof PayloadType>;

export const CapellaPayloadHeaderType = new ContainerType(
  { ...common, ...roots },
  { typeName: 'ExecutionPayloadHeader', jsonCase: 'eth2' },
);
/** Deneb and later: EIP-4844 */
export const PayloadHeaderType = new ContainerType(
  { ...common, ...roots, ...blobGas },
  { typeName: 'ExecutionPayloadHeader', jsonCase: 'eth2' },
);
export type PayloadHeader = ValueOf<typeof PayloadHeaderType>;

/** The header of a payload: its lists by their roots. */
export function payloadHeader(payload: Payload): PayloadHeader {
  const { transactions, withdrawals, ...rest } = payload;
  return {
    ...rest,
    transactionsRoot: TransactionsType.hashTreeRoot(transactions),
    withdrawalsRoot: WithdrawalsType.hashTreeRoot(withdrawals),
  };
}

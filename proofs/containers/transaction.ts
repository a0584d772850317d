import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { CertificateType } from './consensus.js';
import { MainHeaderType } from './header.js';
import { ByteListType, ListCompositeType } from './lists.js';
import {
  Account,
  BlsSignature,
  Bytes8,
  Bytes32,
  Count64,
  EcdsaSignature,
  Uint8,
  Uint16,
  Uint64,
} from './primitives.js';

export const MAX_CALL_BYTES = 2 ** 21;
export const MAX_BLOCK_TRANSACTIONS = 1024;

/** Codes of calls, as in `Call.method`. Never reused. */
export const Method = {
  /** `TransferType` */
  transfer: 1,
  /** `RotateKeyType` */
  rotateKey: 2,
  /** `GovernedCallType`: register, pause, resume, setPolicy */
  govern: 3,
  /** `SubmitHeadersType` */
  submitHeaders: 4,
  /** `CommitAttestedType` */
  commitAttested: 5,
  /** `SubmitLightClientType` */
  submitLightClient: 6,
  /** `SubmitFinalizedType` */
  submitFinalized: 7,
} as const;

/** `payload` is the SSZ encoding of the method's argument. */
export const CallType = new ContainerType(
  { method: Uint16, payload: new ByteListType(MAX_CALL_BYTES) },
  { typeName: 'Call', jsonCase: 'eth2' },
);
export type Call = ValueOf<typeof CallType>;

export const TransactionType = new ContainerType(
  {
    sender: Account,
    nonce: Count64,
    fee: Uint64,
    /** First 8 bytes of the root of one of the last 64 blocks: fixes the branch on which it is valid. */
    mark: Bytes8,
    call: CallType,
  },
  { typeName: 'Transaction', jsonCase: 'eth2' },
);
export type Transaction = ValueOf<typeof TransactionType>;

export const SignedTransactionType = new ContainerType(
  { transaction: TransactionType, signature: EcdsaSignature },
  { typeName: 'SignedTransaction', jsonCase: 'eth2' },
);
export type SignedTransaction = ValueOf<typeof SignedTransactionType>;

/** Outcome of one transaction in a block. `error` is empty when applied, else the ASCII name of the refusal. */
export const ReceiptType = new ContainerType(
  { transactionRoot: Bytes32, applied: Uint8, error: new ByteListType(64), fee: Uint64 },
  { typeName: 'Receipt', jsonCase: 'eth2' },
);
export type Receipt = ValueOf<typeof ReceiptType>;

export const TransactionsType = new ListCompositeType(SignedTransactionType, MAX_BLOCK_TRANSACTIONS);
export const ReceiptsType = new ListCompositeType(ReceiptType, MAX_BLOCK_TRANSACTIONS);

export const BlockType = new ContainerType(
  {
    header: MainHeaderType,
    transactions: TransactionsType,
    /** At most one: the best certificate its producer knew, or the one that opens a new term. */
    certificates: new ListCompositeType(CertificateType, 1),
  },
  { typeName: 'Block', jsonCase: 'eth2' },
);
export type Block = ValueOf<typeof BlockType>;

/** The producer signs the header's root (domain `block`) with its BLS key. */
export const SignedBlockType = new ContainerType(
  { block: BlockType, signature: BlsSignature },
  { typeName: 'SignedBlock', jsonCase: 'eth2' },
);
export type SignedBlock = ValueOf<typeof SignedBlockType>;

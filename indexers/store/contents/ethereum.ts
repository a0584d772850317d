import { keccak_256 } from '@noble/hashes/sha3.js';
import { decodeKnownReceipt, type EthereumReceipt } from '../../../adapters/ethereum/proofs/receipt.js';
import { LEGACY_FROM } from '../../../adapters/ethereum/proofs/transaction.js';
import { type FieldName, transactionFields } from '../../../adapters/ethereum/proofs/transactionFields.js';
import { addressOrNone, bytesOf, integerOf, listOf } from '../../../adapters/ethereum/rlp/read.js';
import { decodeRlp, type RlpItem } from '../../../adapters/ethereum/rlp/rlp.js';
import { decodeEthereumHeader } from '../../../adapters/ethereum/rules/header.js';
import type { ForeignBlock } from '../../../adapters/source.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import type { ChainEvent } from '../../log/event.js';
import type { EthereumContents, EthereumTransactionRow } from './blockContents.js';
import { Pace } from './pace.js';
import { createdAddress, legacySigned, recoverAddress, type SignedHash, typedSigned } from './sender.js';

/**
 * What an Ethereum block holds, from its transactions and receipts; senders are recovered from the signatures. Pauses now and then
 * where that takes long.
 * @param event that connected the block
 * @throws MalformedInputError if the block is not one that a source has checked
 */
export async function ethereumContents(event: ChainEvent, block: ForeignBlock): Promise<EthereumContents> {
  const { transactions: raws, receipts } = block;
  if (raws === undefined || receipts === undefined || raws.length !== receipts.length)
    throw new MalformedInputError('Ethereum block', 'comes without its transactions and receipts');
  const { baseFeePerGas = 0n } = decodeEthereumHeader(block.header.raw);
  const pace = new Pace();
  const transactions: EthereumTransactionRow[] = [];
  let gasBefore = 0n;
  for (const [i, raw] of raws.entries()) {
    const row = transactionRow(raw, receipts[i] ?? raw, block.transactionHashes[i], baseFeePerGas, gasBefore);
    transactions.push(row);
    gasBefore = row.cumulativeGasUsed;
    if (pace.isDue()) await pace.rest();
  }
  const { chain, number, height, hash, time } = event;
  return { kind: 'ethereum', chain, number, height, blockHash: hash, time, transactions };
}

function transactionRow(
  raw: Uint8Array,
  rawReceipt: Uint8Array,
  hash: Uint8Array | undefined,
  baseFee: bigint,
  gasBefore: bigint,
): EthereumTransactionRow {
  const fields = readFields(raw);
  const receipt = decodeKnownReceipt(rawReceipt);
  const from = fields.signed === undefined ? undefined : recoverAddress(fields.signed);
  const { maxFeePerGas, maxPriorityFeePerGas } = fields;
  const creates = fields.to === undefined && from !== undefined;
  return {
    hash: hash ?? keccak_256(raw),
    type: fields.type,
    nonce: fields.nonce,
    from,
    to: fields.to,
    created: creates ? createdAddress(from, fields.nonce) : undefined,
    value: fields.value,
    gas: fields.gas,
    maxFeePerGas,
    maxPriorityFeePerGas,
    maxFeePerBlobGas: fields.maxFeePerBlobGas,
    effectiveGasPrice: pricePaid(maxFeePerGas, maxPriorityFeePerGas, baseFee),
    raw,
    succeeded: receipt.succeeded,
    stateRoot: receipt.succeeded === undefined ? stateRootOf(rawReceipt) : undefined,
    gasUsed: gasUsed(receipt, gasBefore),
    cumulativeGasUsed: receipt.cumulativeGasUsed,
    logs: receipt.logs,
  };
}

/** wei a unit of gas (EIP-1559): the base fee and the tip, as far as the sender's limit goes. */
function pricePaid(maxFee: bigint, maxTip: bigint, baseFee: bigint): bigint {
  const offered = baseFee + maxTip;
  return offered > maxFee ? maxFee : offered;
}

function gasUsed({ cumulativeGasUsed }: EthereumReceipt, before: bigint): bigint {
  if (cumulativeGasUsed < before)
    throw new MalformedInputError('receipt cumulative gas', 'is below that of the transaction before');
  return cumulativeGasUsed - before;
}

/** Of a receipt before Byzantium: its first field. */
function stateRootOf(raw: Uint8Array): Uint8Array {
  const [root] = listOf(decodeRlp(raw), 'receipt', 4);
  return bytesOf(root, 'receipt state root', 32);
}

interface Fields
  extends Pick<
    EthereumTransactionRow,
    'type' | 'nonce' | 'to' | 'value' | 'gas' | 'maxFeePerGas' | 'maxPriorityFeePerGas' | 'maxFeePerBlobGas'
  > {
  /** `undefined` where what is there cannot be a signature. */
  readonly signed: SignedHash | undefined;
}

/** @throws MalformedInputError */
function readFields(raw: Uint8Array): Fields {
  const first = raw[0] ?? 0;
  const type = first >= LEGACY_FROM ? 0 : first;
  const names = first === 0 ? undefined : transactionFields[type];
  if (names === undefined)
    throw new MalformedInputError('transaction', `has type ${first}, which is not known`);
  const items = listOf(decodeRlp(type === 0 ? raw : raw.subarray(1)), 'transaction', names.length);
  const integer = (name: FieldName, maxBytes?: number) =>
    integerOf(items[names.indexOf(name)], `transaction ${name}`, maxBytes);
  const fees = names.includes('gasPrice')
    ? { maxFeePerGas: integer('gasPrice'), maxPriorityFeePerGas: integer('gasPrice') }
    : { maxFeePerGas: integer('maxFeePerGas'), maxPriorityFeePerGas: integer('maxPriorityFeePerGas') };
  return {
    type,
    nonce: integer('nonce', 8),
    to: addressOrNone(items[names.indexOf('to')], 'transaction to'),
    value: integer('value'),
    gas: integer('gas', 8),
    ...fees,
    maxFeePerBlobGas: names.includes('maxFeePerBlobGas') ? integer('maxFeePerBlobGas') : undefined,
    signed: signedOf(type, items, integer),
  };
}

function signedOf(
  type: number,
  items: readonly RlpItem[],
  integer: (name: FieldName) => bigint,
): SignedHash | undefined {
  return type === 0
    ? legacySigned(items, integer('v'), integer('r'), integer('s'))
    : typedSigned(type, items, integer('yParity'), integer('r'), integer('s'));
}

/** The input of a transaction, out of its consensus encoding. @throws MalformedInputError */
export function transactionInput(raw: Uint8Array): Uint8Array {
  const type = (raw[0] ?? 0) >= LEGACY_FROM ? 0 : (raw[0] ?? 0);
  const names = transactionFields[type] ?? [];
  const items = listOf(decodeRlp(type === 0 ? raw : raw.subarray(1)), 'transaction', names.length);
  return bytesOf(items[names.indexOf('input')], 'transaction input');
}

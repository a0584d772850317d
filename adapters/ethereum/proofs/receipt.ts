import { bytesEqual, concatBytes } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { bytesOf, integerOf, listOf } from '../rlp/read.js';
import { decodeRlp, encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { bloomOf } from '../rules/bloom.js';
import { LEGACY_FROM } from './transaction.js';

export interface EthereumLog {
  readonly address: Uint8Array;
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

export interface EthereumReceipt {
  readonly type: number;
  /** `undefined` before Byzantium, when a receipt held the state root instead (EIP-658). */
  readonly succeeded: boolean | undefined;
  readonly cumulativeGasUsed: bigint;
  readonly logs: readonly EthereumLog[];
}

/** Decodes a consensus encoding strictly; its bloom must be that of its logs. @throws MalformedInputError */
export function decodeReceipt(raw: Uint8Array): EthereumReceipt {
  const { type, item } = split(raw);
  const [outcome, gas, bloom, logList] = listOf(item, 'receipt', 4);
  const receipt = read(type, outcome, gas, logList);
  if (!bytesEqual(bytesOf(bloom, 'receipt bloom', 256), bloomOf(receipt.logs))) {
    throw new MalformedInputError('receipt bloom', 'is not that of its logs');
  }
  return receipt;
}

/** As `decodeReceipt`, for receipts whose bloom was just made of their logs, or whose block was read before. @throws MalformedInputError */
export function decodeKnownReceipt(raw: Uint8Array): EthereumReceipt {
  const { type, item } = split(raw);
  const [outcome, gas, , logList] = listOf(item, 'receipt', 4);
  return read(type, outcome, gas, logList);
}

/**
 * A receipt without its bloom, which follows from its logs: a type byte (none for legacy), then the RLP of outcome, cumulative
 * gas and logs.
 * @param raw consensus encoding
 * @throws MalformedInputError
 */
export function withoutBloom(raw: Uint8Array): Uint8Array {
  const { type, item } = split(raw);
  const [outcome = NONE, gas = NONE, , logList = NONE] = listOf(item, 'receipt', 4);
  return typed(type, [outcome, gas, logList]);
}

/** Inverse of `withoutBloom`, decoded too. @throws MalformedInputError */
export function withBloom(bare: Uint8Array): { readonly raw: Uint8Array; readonly receipt: EthereumReceipt } {
  const { type, item } = split(bare);
  const [outcome = NONE, gas = NONE, logList = NONE] = listOf(item, 'receipt', 3);
  const receipt = read(type, outcome, gas, logList);
  return { raw: typed(type, [outcome, gas, bloomOf(receipt.logs), logList]), receipt };
}

const NONE = new Uint8Array(0);

function split(raw: Uint8Array): { readonly type: number; readonly item: RlpItem } {
  const [first] = raw;
  if (first === undefined) throw new MalformedInputError('receipt', 'is empty');
  if (first >= LEGACY_FROM) return { type: 0, item: decodeRlp(raw) };
  if (first < 1 || first > 4)
    throw new MalformedInputError('receipt', `has type ${first}, which is not known`);
  return { type: first, item: decodeRlp(raw.subarray(1)) };
}

function typed(type: number, items: readonly RlpItem[]): Uint8Array {
  const body = encodeRlp(items);
  return type === 0 ? body : concatBytes(Uint8Array.of(type), body);
}

function read(
  type: number,
  outcome: RlpItem | undefined,
  gas: RlpItem | undefined,
  logList: RlpItem | undefined,
): EthereumReceipt {
  return {
    type,
    succeeded: readOutcome(type, outcome),
    cumulativeGasUsed: integerOf(gas, 'receipt cumulative gas', 8),
    logs: listOf(logList, 'receipt logs', 0, 2 ** 20).map(readLog),
  };
}

function readOutcome(type: number, item: RlpItem | undefined): boolean | undefined {
  const bytes = bytesOf(item, 'receipt status');
  if (bytes.length === 32 && type === 0) return undefined;
  const status = integerOf(item, 'receipt status', 1);
  if (status > 1n) throw new MalformedInputError('receipt status', `is ${status}`);
  return status === 1n;
}

function readLog(item: RlpItem): EthereumLog {
  const [address, topics, data] = listOf(item, 'log', 3);
  return {
    address: bytesOf(address, 'log address', 20),
    topics: listOf(topics, 'log topics', 0, 4).map((topic) => bytesOf(topic, 'log topic', 32)),
    data: bytesOf(data, 'log data'),
  };
}

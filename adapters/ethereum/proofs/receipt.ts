import { bytesEqual } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { bytesOf, integerOf, listOf } from '../rlp/read.js';
import { decodeRlp, type RlpItem } from '../rlp/rlp.js';
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
  const [first] = raw;
  if (first === undefined) throw new MalformedInputError('receipt', 'is empty');
  if (first >= LEGACY_FROM) return read(0, decodeRlp(raw));
  if (first < 1 || first > 4)
    throw new MalformedInputError('receipt', `has type ${first}, which is not known`);
  return read(first, decodeRlp(raw.subarray(1)));
}

function read(type: number, item: RlpItem): EthereumReceipt {
  const [outcome, gas, bloom, logList] = listOf(item, 'receipt', 4);
  const logs = listOf(logList, 'receipt logs', 0, 2 ** 20).map(readLog);
  if (!bytesEqual(bytesOf(bloom, 'receipt bloom', 256), bloomOf(logs))) {
    throw new MalformedInputError('receipt bloom', 'is not that of its logs');
  }
  return {
    type,
    succeeded: readOutcome(type, outcome),
    cumulativeGasUsed: integerOf(gas, 'receipt cumulative gas', 8),
    logs,
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

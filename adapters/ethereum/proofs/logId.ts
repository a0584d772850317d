import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '../../../proofs/bytes.js';
import { Uint32 } from '../../../proofs/containers/primitives.js';
import { encodeRlp } from '../rlp/rlp.js';
import type { EthereumLog } from './receipt.js';

/**
 * Fixes one log of one transaction: Keccak-256 of the transaction's hash (32 bytes), the log's place in its receipt (4
 * bytes, little-endian) and its RLP `[address, topics, data]`.
 */
export function logId(transactionHash: Uint8Array, logIndex: number, log: EthereumLog): Uint8Array {
  return keccak_256(
    concatBytes(transactionHash, Uint32.serialize(logIndex), encodeRlp([log.address, log.topics, log.data])),
  );
}

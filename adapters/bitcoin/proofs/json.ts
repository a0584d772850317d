import { bytesEqual, fromHex, reversed, toBareHex } from '../../../proofs/bytes.js';
import { malformed, objectOf } from '../../../proofs/format/jsonValue.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { Json } from '../../../proofs/verify/payload.js';
import {
  BitcoinInclusionType,
  decodeInclusion,
  MAX_NODES,
  MAX_PROVEN_TRANSACTIONS,
  MAX_TRANSACTION_BYTES,
} from './payload.js';

/**
 * JSON of a `BitcoinInclusion`: hashes as Bitcoin users write them, transactions as hex without prefix.
 * @throws ProofError if `payload` does not decode
 */
export function inclusionToJson(payload: Uint8Array): Json {
  const { depth, coinbase, transactions, nodes } = decodeInclusion(payload);
  return {
    depth,
    coinbase: toBareHex(coinbase),
    transactions: transactions.map(({ index, raw }) => ({
      index,
      txid: toBareHex(reversed(sha256d(raw))),
      raw: toBareHex(raw),
    })),
    nodes: nodes.map((node) => toBareHex(reversed(node))),
  };
}

/** Inverse of `inclusionToJson`. @throws ProofError `malformed` */
export function inclusionFromJson(json: Json): Uint8Array {
  const record = objectOf(json, ['depth', 'coinbase', 'transactions', 'nodes'], 'payload');
  const transactions = listOf(record.transactions, MAX_PROVEN_TRANSACTIONS, 'payload.transactions');
  return BitcoinInclusionType.serialize({
    depth: integer(record.depth, 0xff, 'payload.depth'),
    coinbase: hex(record.coinbase, 'payload.coinbase'),
    transactions: transactions.map((item, i) => transactionFromJson(item, `payload.transactions[${i}]`)),
    nodes: listOf(record.nodes, MAX_NODES, 'payload.nodes').map((node, i) =>
      hash(node, `payload.nodes[${i}]`),
    ),
  });
}

function transactionFromJson(json: Json, path: string): { index: number; raw: Uint8Array } {
  const record = objectOf(json, ['index', 'txid', 'raw'], path);
  const raw = hex(record.raw, `${path}.raw`);
  if (!bytesEqual(hash(record.txid, `${path}.txid`), sha256d(raw))) {
    throw malformed(`${path}.txid`, 'is not the hash of raw');
  }
  return { index: integer(record.index, 0xffffffff, `${path}.index`), raw };
}

function listOf(json: Json | undefined, limit: number, path: string): readonly Json[] {
  if (!Array.isArray(json)) throw malformed(path, 'is not a list');
  if (json.length > limit) throw malformed(path, `has more than ${limit} items`);
  return json;
}

function integer(json: Json | undefined, max: number, path: string): number {
  if (typeof json !== 'number' || !Number.isInteger(json) || json < 0 || Object.is(json, -0) || json > max) {
    throw malformed(path, `is not an integer up to ${max}`);
  }
  return json;
}

function hex(json: Json | undefined, path: string): Uint8Array {
  if (typeof json !== 'string' || json.length % 2 !== 0 || !/^[0-9a-f]*$/.test(json))
    throw malformed(path, 'is not lower-case hex');
  if (json.length > 2 * MAX_TRANSACTION_BYTES) {
    throw malformed(path, `is longer than ${MAX_TRANSACTION_BYTES} bytes`);
  }
  return fromHex(json, path);
}

function hash(json: Json | undefined, path: string): Uint8Array {
  if (typeof json !== 'string' || !/^[0-9a-f]{64}$/.test(json)) throw malformed(path, 'is not a hash');
  return reversed(fromHex(json, path, 32));
}

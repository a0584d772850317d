import { bytesEqual, fromHex, reversed, toBareHex } from '../../../proofs/bytes.js';
import { malformed, objectOf } from '../../../proofs/format/jsonValue.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { Json } from '../../../proofs/verify/payload.js';
import {
  type BitcoinInclusion,
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
  return inclusionJson(decodeInclusion(payload));
}

/** JSON of a decoded `BitcoinInclusion`, for payloads that hold one. */
export function inclusionJson({ depth, coinbase, transactions, nodes }: BitcoinInclusion): Json {
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
  return BitcoinInclusionType.serialize(readInclusionJson(json, 'payload'));
}

/** Inverse of `inclusionJson`. @param path for errors @throws ProofError `malformed` */
export function readInclusionJson(json: Json | undefined, path: string): BitcoinInclusion {
  const record = objectOf(json, ['depth', 'coinbase', 'transactions', 'nodes'], path);
  const transactions = listOf(record.transactions, MAX_PROVEN_TRANSACTIONS, `${path}.transactions`);
  return {
    depth: integer(record.depth, 0xff, `${path}.depth`),
    coinbase: hex(record.coinbase, `${path}.coinbase`),
    transactions: transactions.map((item, i) => transactionFromJson(item, `${path}.transactions[${i}]`)),
    nodes: hashes(record.nodes, MAX_NODES, `${path}.nodes`),
  };
}

function transactionFromJson(json: Json, path: string): { index: number; raw: Uint8Array } {
  const record = objectOf(json, ['index', 'txid', 'raw'], path);
  const raw = hex(record.raw, `${path}.raw`);
  if (!bytesEqual(hash(record.txid, `${path}.txid`), sha256d(raw))) {
    throw malformed(`${path}.txid`, 'is not the hash of raw');
  }
  return { index: integer(record.index, 0xffffffff, `${path}.index`), raw };
}

/** Hashes as Bitcoin users write them, in internal byte order. @throws ProofError `malformed` */
export function hashes(json: Json | undefined, limit: number, path: string): Uint8Array[] {
  return listOf(json, limit, path).map((node, i) => hash(node, `${path}[${i}]`));
}

function listOf(json: Json | undefined, limit: number, path: string): readonly Json[] {
  if (!Array.isArray(json)) throw malformed(path, 'is not a list');
  if (json.length > limit) throw malformed(path, `has more than ${limit} items`);
  return json;
}

/** @throws ProofError `malformed` unless an integer from 0 to `max` */
export function integer(json: Json | undefined, max: number, path: string): number {
  if (typeof json !== 'number' || !Number.isInteger(json) || json < 0 || Object.is(json, -0) || json > max) {
    throw malformed(path, `is not an integer up to ${max}`);
  }
  return json;
}

/** Lower-case hex without prefix. @throws ProofError `malformed` */
export function hex(json: Json | undefined, path: string, limit = MAX_TRANSACTION_BYTES): Uint8Array {
  if (typeof json !== 'string' || json.length % 2 !== 0 || !/^[0-9a-f]*$/.test(json))
    throw malformed(path, 'is not lower-case hex');
  if (json.length > 2 * limit) throw malformed(path, `is longer than ${limit} bytes`);
  return fromHex(json, path);
}

/** A hash as Bitcoin users write it, in internal byte order. @throws ProofError `malformed` */
export function hash(json: Json | undefined, path: string): Uint8Array {
  if (typeof json !== 'string' || !/^[0-9a-f]{64}$/.test(json)) throw malformed(path, 'is not a hash');
  return reversed(fromHex(json, path, 32));
}

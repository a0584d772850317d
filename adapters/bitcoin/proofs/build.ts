import { bytesEqual, toBareHex } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { displayHash } from '../rules/checks.js';
import { HEADER_BYTES } from '../rules/header.js';
import { isMutated, merkleRows, multiproofNodes } from './merkle.js';
import {
  type BitcoinInclusion,
  BitcoinInclusionType,
  BitcoinWitnessType,
  MAX_PROVEN_TRANSACTIONS,
} from './payload.js';
import { ByteReader } from './reader.js';
import { readParts, type TransactionParts } from './transaction.js';
import { commitmentProblem, reservedOf, wtxidRows } from './witness.js';

/** A block never has more bytes (BIP141: weight, and so size, of at most 4,000,000). */
export const MAX_BLOCK_BYTES = 4_000_000;

/**
 * One block, read and hashed once, from which any number of proofs can be made.
 * Keep it to prove several transactions of the block without hashing again.
 */
export class BlockProver {
  /** Raw header, 80 bytes. */
  readonly header: Uint8Array;
  /** In block order, internal byte order. */
  readonly txids: readonly Uint8Array[];
  readonly #parts: readonly TransactionParts[];
  readonly #rows: Uint8Array[][];
  /** Made when first asked for. */
  #indexOf: ReadonlyMap<string, number> | undefined;

  /**
   * @param rawBlock header, transaction count, transactions, in either form
   * @throws MalformedInputError unless it parses and its Merkle root is that of the header; LimitExceededError
   */
  constructor(rawBlock: Uint8Array) {
    if (rawBlock.length > MAX_BLOCK_BYTES) {
      throw new LimitExceededError('Bitcoin block', rawBlock.length, MAX_BLOCK_BYTES);
    }
    try {
      const reader = new ByteReader(rawBlock);
      this.header = reader.take(HEADER_BYTES).slice();
      const parts: TransactionParts[] = [];
      for (let left = reader.compactSize(); left > 0; left--) parts.push(readParts(reader));
      if (reader.left > 0)
        throw new MalformedInputError('Bitcoin block', `has ${reader.left} bytes too many`);
      this.#parts = parts;
    } catch (error) {
      if (error instanceof MalformedInputError) throw error;
      throw new MalformedInputError('Bitcoin block', 'does not parse', error);
    }
    this.txids = this.#parts.map(({ stripped }) => sha256d(stripped));
    this.#rows = merkleRows(this.txids);
    const root = this.#rows.at(-1)?.[0];
    if (root === undefined || !bytesEqual(root, this.header.subarray(36, 68))) {
      throw new MalformedInputError('Bitcoin block', 'has transactions that do not match its Merkle root');
    }
    if (isMutated(this.#rows))
      throw new MalformedInputError('Bitcoin block', 'repeats transactions (CVE-2012-2459)');
  }

  /** Stripped form of the transaction at `index`. */
  stripped(index: number): Uint8Array | undefined {
    return this.#parts[index]?.stripped;
  }

  /** Rows of the Merkle tree, leaves first, root last. Internal byte order. */
  get rows(): readonly (readonly Uint8Array[])[] {
    return this.#rows;
  }

  /**
   * Why the witnesses are not those that the coinbase commits to (BIP141, Bitcoin Core `CheckWitnessMalleation`). `undefined`
   * where they are, or where there is neither a witness nor, as before segwit was active, a reserved value for a commitment.
   */
  witnessProblem(): string | undefined {
    const [coinbase, ...others] = this.#parts;
    if (coinbase === undefined || [coinbase, ...others].every(({ witness }) => witness.length === 0))
      return undefined;
    return commitmentProblem(coinbase.stripped, wtxidRows(this.#parts).at(-1)?.[0], reservedOf(coinbase));
  }

  /** Place of a transaction in the block, from 0. @param txid internal byte order */
  indexOf(txid: Uint8Array): number | undefined {
    this.#indexOf ??= new Map(this.txids.map((one, index) => [toBareHex(one), index]));
    return this.#indexOf.get(toBareHex(txid));
  }

  /**
   * SSZ `BitcoinInclusion` of the given transactions, repeated ones once.
   * @param txids internal byte order, at least one
   * @throws MalformedInputError for a transaction that is not in the block, or too many
   */
  prove(txids: readonly Uint8Array[]): Uint8Array {
    return BitcoinInclusionType.serialize(this.#inclusion(txids));
  }

  /**
   * SSZ `BitcoinWitness` of one transaction.
   * @param txid internal byte order
   * @throws MalformedInputError for the coinbase, a transaction that is not in the block, or a block without a good
   *   witness commitment
   */
  proveWitness(txid: Uint8Array): Uint8Array {
    const inclusion = this.#inclusion([txid]);
    const index = inclusion.transactions[0]?.index ?? 0;
    const [coinbase] = this.#parts;
    if (index === 0 || coinbase === undefined) {
      throw new MalformedInputError('transaction', "is the block's coinbase, whose witness is not committed");
    }
    const rows = wtxidRows(this.#parts);
    const reserved = reservedOf(coinbase);
    const problem = commitmentProblem(coinbase.stripped, rows.at(-1)?.[0], reserved);
    if (reserved === undefined || problem !== undefined)
      throw new MalformedInputError('Bitcoin block', problem ?? 'has no reserved value');
    return BitcoinWitnessType.serialize({
      inclusion,
      witness: this.#parts[index]?.witness ?? new Uint8Array(0),
      reserved,
      nodes: multiproofNodes(rows, [0, index]),
    });
  }

  #inclusion(txids: readonly Uint8Array[]): BitcoinInclusion {
    const wanted = new Set<number>();
    for (const txid of txids) {
      const index = this.indexOf(txid);
      if (index === undefined)
        throw new MalformedInputError('transaction', `${displayHash(txid)} is not in the block`);
      wanted.add(index);
    }
    if (wanted.size === 0) throw new MalformedInputError('transaction list', 'is empty');
    if (wanted.size > MAX_PROVEN_TRANSACTIONS) {
      throw new LimitExceededError('transactions in one proof', wanted.size, MAX_PROVEN_TRANSACTIONS);
    }
    const indices = [...wanted].sort((a, b) => a - b);
    const withCoinbase = indices[0] === 0 ? indices : [0, ...indices];
    return {
      depth: this.#rows.length - 1,
      coinbase: indices[0] === 0 ? new Uint8Array(0) : this.#raw(0),
      transactions: indices.map((index) => ({ index, raw: this.#raw(index) })),
      nodes: multiproofNodes(this.#rows, withCoinbase),
    };
  }

  #raw(index: number): Uint8Array {
    const raw = this.#parts[index]?.stripped;
    if (raw === undefined) throw new RangeError(`no transaction ${index}`);
    return raw;
  }
}

/**
 * SSZ `BitcoinInclusion` from a raw block alone.
 * @param txids internal byte order
 * @throws MalformedInputError, LimitExceededError
 */
export function buildBitcoinInclusion(rawBlock: Uint8Array, txids: readonly Uint8Array[]): Uint8Array {
  return new BlockProver(rawBlock).prove(txids);
}

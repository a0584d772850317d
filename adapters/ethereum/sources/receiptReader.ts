import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { ForeignHeader } from '../../types.js';
import { indexTrie } from '../trie/build.js';
import { encodeReceiptJson } from './encodeReceipt.js';
import { UnknownTypeError } from './encodeTransaction.js';
import { rpcBytes, rpcList, rpcObject } from './fields.js';
import type { Reading } from './headerReader.js';
import { isUnsupported } from './refusals.js';
import type { EthereumRpcClient } from './rpcClient.js';

/** The ways to a block's receipts, best first. */
type Way = 'eth_getBlockReceipts' | 'debug_getRawReceipts' | 'eth_getTransactionReceipt';
const WAYS: readonly Way[] = ['eth_getBlockReceipts', 'debug_getRawReceipts', 'eth_getTransactionReceipt'];

/**
 * A block's receipts by whichever way the node has, each by the block's hash; ways that it says it does not have are not tried
 * again. Receipts that are there and do not match are the node's fault, also where another way would do; none at all are pruned.
 */
export class ReceiptReader {
  readonly #name: string;
  readonly #client: EthereumRpcClient;
  readonly #reading: Reading;
  readonly #missing = new Set<Way>();

  constructor(client: EthereumRpcClient, reading: Reading) {
    this.#name = reading.source;
    this.#client = client;
    this.#reading = reading;
  }

  /**
   * Consensus encodings in block order, checked against the receipts root.
   * @param transactions their hashes
   * @param mayHaveTypes whether types that are not known here are no fault
   * @throws SourceFaultError, SourceUnavailableError
   */
  async read(
    header: ForeignHeader,
    transactions: readonly Uint8Array[],
    mayHaveTypes: boolean,
  ): Promise<readonly Uint8Array[]> {
    let unknown: SourceFaultError | undefined;
    for (const way of WAYS) {
      // One by one they come in JSON too.
      if (this.#missing.has(way) || (unknown !== undefined && way === 'eth_getTransactionReceipt')) continue;
      try {
        const receipts = await this.#by(way, header, transactions);
        if (receipts === undefined) continue;
        if (bytesEqual(indexTrie(receipts).root, header.receiptsRoot)) return receipts;
        throw new SourceFaultError(
          this.#name,
          `answered receipts that do not match the root of block ${toHex(header.hash)}`,
          { height: header.height, method: way },
        );
      } catch (error) {
        // Only raw receipts tell what types hold that are not known here.
        if (!(error instanceof SourceFaultError) || !(error.cause instanceof UnknownTypeError)) throw error;
        unknown = error;
      }
    }
    if (unknown !== undefined && !mayHaveTypes) throw unknown;
    const problem = unknown === undefined ? '' : `: ${unknown.message}`;
    throw new SourceUnavailableError(
      this.#name,
      `does not have all receipts of block ${toHex(header.hash)}${problem}`,
    );
  }

  /** `undefined` where this way leads to none. */
  async #by(
    way: Way,
    header: ForeignHeader,
    transactions: readonly Uint8Array[],
  ): Promise<readonly Uint8Array[] | undefined> {
    if (way === 'eth_getTransactionReceipt') return this.#oneByOne(header, transactions);
    const answer = await this.#client.ask(way, [toHex(header.hash)]);
    if ('refusal' in answer) {
      if (isUnsupported(answer.refusal)) this.#missing.add(way);
      return undefined;
    }
    const { result } = answer;
    if (result === null) return undefined;
    return this.#reading.run('receipts', () => {
      const list = rpcList(result, 'receipts');
      // What nodes answer that have pruned them: the block is there, its receipts are not.
      if (list.length === 0 && transactions.length > 0) return undefined;
      if (way === 'debug_getRawReceipts') return list.map((raw) => rpcBytes(raw, 'raw receipt'));
      return list.map((receipt) => encodeReceiptJson(rpcObject(receipt, 'receipt')));
    });
  }

  /** `undefined` if any is not of this block: a node knows only the best chain's receipts by transaction. */
  async #oneByOne(
    header: ForeignHeader,
    hashes: readonly Uint8Array[],
  ): Promise<readonly Uint8Array[] | undefined> {
    const receipts = await Promise.all(
      hashes.map((hash) => this.#client.call('eth_getTransactionReceipt', [toHex(hash)])),
    );
    if (receipts.includes(null)) return undefined;
    return this.#reading.run('receipts', () => {
      const objects = receipts.map((receipt) => rpcObject(receipt, 'receipt'));
      const here = objects.every(({ blockHash }) =>
        bytesEqual(rpcBytes(blockHash, 'receipt blockHash', 32), header.hash),
      );
      return here ? objects.map(encodeReceiptJson) : undefined;
    });
  }
}

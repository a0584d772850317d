import { MalformedInputError } from '../../../proofs/errors/input.js';
import { indexKey, indexTrie, type Trie } from '../trie/build.js';
import { LogPayloadType, ReceiptPayloadType, TransactionPayloadType } from './payload.js';
import { decodeReceipt } from './receipt.js';

/** What of a transaction is proven. */
export type EthereumAspect = 'tx' | 'receipt' | 'log';

/** A block's consensus encodings, in block order. */
export interface BlockBodies {
  readonly transactions: readonly Uint8Array[];
  readonly receipts: readonly Uint8Array[];
}

/** One block's tries, built once, from which any number of proofs can be made. */
export class EthereumBlockProver {
  readonly #bodies: BlockBodies;
  readonly #transactions: Trie;
  readonly #receipts: Trie;

  constructor(bodies: BlockBodies) {
    this.#bodies = bodies;
    this.#transactions = indexTrie(bodies.transactions);
    this.#receipts = indexTrie(bodies.receipts);
  }

  get transactionsRoot(): Uint8Array {
    return this.#transactions.root;
  }
  get receiptsRoot(): Uint8Array {
    return this.#receipts.root;
  }

  /**
   * SSZ payload of the proof.
   * @param index of the transaction in the block
   * @param logIndex of the log in its receipt, for `log`
   * @throws MalformedInputError if there is no such transaction or log
   */
  prove(aspect: EthereumAspect, index: number, logIndex?: number): Uint8Array {
    if (index < 0 || index >= this.#bodies.transactions.length)
      throw new MalformedInputError('transaction', `${index} is not in the block`);
    const transactionNodes = this.#transactions.prove(indexKey(index));
    if (aspect === 'tx') return TransactionPayloadType.serialize({ index, transactionNodes });
    const receiptNodes = this.#receipts.prove(indexKey(index));
    if (aspect === 'receipt') return ReceiptPayloadType.serialize({ index, transactionNodes, receiptNodes });
    const receipt = this.#bodies.receipts[index];
    const count = receipt === undefined ? 0 : decodeReceipt(receipt).logs.length;
    if (logIndex === undefined || logIndex < 0 || logIndex >= count) {
      throw new MalformedInputError(
        'log',
        `${logIndex ?? 'without index'} is not in the transaction, which has ${count}`,
      );
    }
    return LogPayloadType.serialize({ index, transactionNodes, receiptNodes, logIndex });
  }
}

/** The payload of one proof. @throws MalformedInputError */
export function buildEthereumProof(
  aspect: EthereumAspect,
  bodies: BlockBodies,
  index: number,
  logIndex?: number,
): Uint8Array {
  return new EthereumBlockProver(bodies).prove(aspect, index, logIndex);
}

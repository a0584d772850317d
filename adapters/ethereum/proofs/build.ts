import { keccak_256 } from '@noble/hashes/sha3.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { indexKey, indexTrie, type Trie } from '../trie/build.js';
import { logId } from './logId.js';
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

  get receipts(): readonly Uint8Array[] {
    return this.#bodies.receipts;
  }
  get transactionTrie(): Trie {
    return this.#transactions;
  }
  get receiptTrie(): Trie {
    return this.#receipts;
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
    if (!Number.isInteger(index) || index < 0 || index >= this.#bodies.transactions.length)
      throw new MalformedInputError('transaction', `${index} is not in the block`);
    const transactionNodes = this.#transactions.prove(indexKey(index));
    if (aspect === 'tx') return TransactionPayloadType.serialize({ index, transactionNodes });
    const receiptNodes = this.#receipts.prove(indexKey(index));
    if (aspect === 'receipt') return ReceiptPayloadType.serialize({ index, transactionNodes, receiptNodes });
    const transaction = this.#bodies.transactions[index];
    const receipt = this.#bodies.receipts[index];
    const logs = receipt === undefined ? [] : decodeReceipt(receipt).logs;
    const log = logIndex === undefined ? undefined : logs[logIndex];
    if (logIndex === undefined || log === undefined || transaction === undefined)
      throw new MalformedInputError(
        'log',
        `${logIndex ?? 'without index'} is not in the transaction, which has ${logs.length}`,
      );
    return LogPayloadType.serialize({
      index,
      transactionNodes,
      receiptNodes,
      logIndex,
      logId: logId(keccak_256(transaction), logIndex, log),
    });
  }
}

/** Provers of blocks that somebody still holds, by their transactions. */
const provers = new WeakMap<readonly Uint8Array[], EthereumBlockProver>();

/**
 * The payload of one proof. A block's tries are kept as long as its list of transactions is: neither list may change.
 * @param index of the transaction in the block
 * @param logIndex of the log in its receipt, for `log`
 * @throws MalformedInputError if there is no such transaction or log
 */
export function buildEthereumProof(
  aspect: EthereumAspect,
  bodies: BlockBodies,
  index: number,
  logIndex?: number,
): Uint8Array {
  return proverOf(bodies).prove(aspect, index, logIndex);
}

/** A block's prover, kept as long as its list of transactions is: neither list may change. */
export function proverOf(bodies: BlockBodies): EthereumBlockProver {
  let prover = provers.get(bodies.transactions);
  if (prover?.receipts !== bodies.receipts) {
    prover = new EthereumBlockProver(bodies);
    provers.set(bodies.transactions, prover);
  }
  return prover;
}

import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { ForeignBlock } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { decodeEthereumHeader } from '../rules/header.js';
import type { EthereumNetwork } from '../rules/networks.js';
import { EMPTY_TRIE_ROOT, indexTrie } from '../trie/build.js';
import { encodeTransactionJson, UnknownTypeError } from './encodeTransaction.js';
import { encodeWithdrawalJson } from './encodeWithdrawal.js';
import { type RpcObject, rpcBytes, rpcList, rpcObject } from './fields.js';
import type { HeaderReader, Reading } from './headerReader.js';
import { decodeRawBlock, type RawBlock } from './rawBlock.js';
import { ReceiptReader } from './receiptReader.js';
import type { EthereumRpcClient } from './rpcClient.js';

/**
 * Whole blocks by hash, each part checked against its root in the header. Where JSON cannot say what a block holds (types of
 * transactions that are not known here, withdrawals left out), the raw block is read, if the node offers it.
 */
export class BlockReader {
  readonly #name: string;
  readonly #client: EthereumRpcClient;
  readonly #network: EthereumNetwork;
  readonly #reading: Reading;
  readonly #headers: HeaderReader;
  readonly #receipts: ReceiptReader;

  constructor(client: EthereumRpcClient, network: EthereumNetwork, reading: Reading, headers: HeaderReader) {
    this.#name = reading.source;
    this.#client = client;
    this.#network = network;
    this.#reading = reading;
    this.#headers = headers;
    this.#receipts = new ReceiptReader(client, reading);
  }

  /** @throws SourceFaultError, SourceUnavailableError */
  async read(hash: Uint8Array): Promise<ForeignBlock> {
    const id = toHex(hash);
    const block = await this.#client.call('eth_getBlockByHash', [id, true]);
    if (block === null) throw new SourceUnavailableError(this.#name, `does not have block ${id}`);
    const header = await this.#headers.read(block);
    if (!bytesEqual(header.hash, hash))
      throw new SourceFaultError(this.#name, `answered block ${toHex(header.hash)} when asked for ${id}`, {
        height: header.height,
      });
    const fields = this.#reading.run('block', () => rpcObject(block, 'block'));
    const raw = lazy(() => this.#raw(header));
    const transactions = await this.#transactions(fields, header, raw);
    const transactionHashes = transactions.map((one) => keccak_256(one));
    const withdrawals = await this.#withdrawals(fields, header, raw);
    const receipts = await this.#receipts.read(header, transactionHashes, this.#network.custom);
    return {
      header,
      transactionHashes,
      transactions,
      receipts,
      ...(withdrawals === undefined ? {} : { withdrawals }),
    };
  }

  async #transactions(
    fields: RpcObject,
    header: ForeignHeader,
    raw: RawBlockOnce,
  ): Promise<readonly Uint8Array[]> {
    const list = this.#reading.run('transactions', () => rpcList(fields.transactions, 'block transactions'));
    // What nodes answer that have pruned the block's body: withheld, not false.
    if (list.length === 0 && !bytesEqual(header.transactionsRoot, EMPTY_TRIE_ROOT))
      throw new SourceUnavailableError(
        this.#name,
        `does not have the transactions of block ${toHex(header.hash)}`,
      );
    try {
      const transactions = this.#reading.run('transactions', () =>
        list.map((tx) => encodeTransactionJson(rpcObject(tx, 'transaction'))),
      );
      compareRoot(this.#name, 'transactions', transactions, header.transactionsRoot, header);
      return transactions;
    } catch (error) {
      const whole = isUnknownType(error) ? await raw() : undefined;
      if (whole !== undefined) return whole.transactions;
      if (isUnknownType(error) && this.#network.custom)
        throw new SourceUnavailableError(this.#name, `${error.message}, and offers no raw block`, error);
      throw error;
    }
  }

  /** `undefined` where the block has none by its fork, or on a chain that uses the field for something else. */
  async #withdrawals(
    fields: RpcObject,
    header: ForeignHeader,
    raw: RawBlockOnce,
  ): Promise<readonly Uint8Array[] | undefined> {
    const root = decodeEthereumHeader(header.raw).withdrawalsRoot;
    if (root === undefined) return undefined;
    if (bytesEqual(root, indexTrie([]).root)) return [];
    // Some providers leave them out.
    if (fields.withdrawals === undefined || fields.withdrawals === null) return (await raw())?.withdrawals;
    const withdrawals = this.#reading.run('withdrawals', () =>
      rpcList(fields.withdrawals, 'block withdrawals').map((one) =>
        encodeWithdrawalJson(rpcObject(one, 'withdrawal')),
      ),
    );
    if (this.#network.rules === 'evm' && !bytesEqual(indexTrie(withdrawals).root, root)) return undefined;
    compareRoot(this.#name, 'withdrawals', withdrawals, root, header);
    return withdrawals;
  }

  /** The block by `debug_getRawBlock`, checked like the one in JSON; `undefined` where the node does not offer it. */
  async #raw(header: ForeignHeader): Promise<RawBlock | undefined> {
    const answer = await this.#client.ask('debug_getRawBlock', [toHex(header.hash)]);
    if (!('result' in answer) || answer.result === null) return undefined;
    const block = this.#reading.run('raw block', () => decodeRawBlock(rpcBytes(answer.result, 'raw block')));
    if (!bytesEqual(keccak_256(block.header), header.hash))
      throw new SourceFaultError(this.#name, `answered another raw block than ${toHex(header.hash)}`, {
        height: header.height,
      });
    compareRoot(this.#name, 'raw transactions', block.transactions, header.transactionsRoot, header);
    const root = decodeEthereumHeader(header.raw).withdrawalsRoot;
    const { withdrawals } = block;
    if (root !== undefined && withdrawals !== undefined && bytesEqual(indexTrie(withdrawals).root, root))
      return block;
    return { ...block, withdrawals: undefined };
  }
}

type RawBlockOnce = () => Promise<RawBlock | undefined>;

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function isUnknownType(error: unknown): error is SourceFaultError {
  return error instanceof SourceFaultError && error.cause instanceof UnknownTypeError;
}

/** @throws SourceFaultError */
export function compareRoot(
  source: string,
  what: string,
  values: readonly Uint8Array[],
  root: Uint8Array,
  { height, hash }: ForeignHeader,
): void {
  if (!bytesEqual(indexTrie(values).root, root))
    throw new SourceFaultError(
      source,
      `answered ${what} that do not match the root of block ${toHex(hash)}`,
      {
        height,
      },
    );
}

import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, isZero, toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { foreignEthereumHeader } from '../rules/header.js';
import { type EthereumNetwork, ethereumNetwork } from '../rules/networks.js';
import { indexTrie } from '../trie/build.js';
import { encodeHeaderJson } from './encodeHeader.js';
import { encodeReceiptJson } from './encodeReceipt.js';
import { encodeTransactionJson } from './encodeTransaction.js';
import { type RpcObject, rpcBytes, rpcHeight, rpcInteger, rpcList, rpcObject } from './fields.js';
import { BATCH, EthereumRpcClient } from './rpcClient.js';

export interface EthereumRpcOptions {
  /** Chain name, such as `ethereum-local`. */
  readonly chain: string;
  /** HTTP or HTTPS; a user and password in it are sent as basic authentication. */
  readonly url: string;
  /** For one request, its answer included. Default 20 s. */
  readonly timeoutMs?: number;
  /** Longest answer, in bytes. Default 64 MiB: receipts of a large block, or a batch of headers. */
  readonly maxResponseBytes?: number;
}

/** JSON-RPC 2.0, section 5.1: what nodes without finality answer to the tag. */
const INVALID_PARAMS = -32602;

/**
 * Reads an Ethereum chain over JSON-RPC. Nothing is believed: headers are re-encoded and hashed, bodies checked by their
 * roots; what does not fit is a `SourceFaultError`, no answer a `SourceUnavailableError`.
 */
export class EthereumRpcSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly #network: EthereumNetwork;
  readonly #client: EthereumRpcClient;

  /** @throws UnknownNetworkError */
  constructor(options: EthereumRpcOptions) {
    this.chain = options.chain;
    this.#network = ethereumNetwork(options.chain);
    // Host only: user, path and query may hold a key.
    this.name = `${options.chain} node at ${new URL(options.url).host}`;
    this.#client = new EthereumRpcClient(this.name, {
      url: options.url,
      timeoutMs: options.timeoutMs ?? 20_000,
      maxResponseBytes: options.maxResponseBytes ?? 2 ** 26,
    });
  }

  async check(): Promise<void> {
    const answered = await this.#client.call('eth_chainId', []);
    const chainId = this.#reading('chain id', () => rpcInteger(answered, 'chain id'));
    if (chainId !== BigInt(this.#network.chainId)) {
      throw new SourceFaultError(
        this.name,
        `serves chain id ${chainId}, not ${this.#network.chainId} of ${this.chain}`,
      );
    }
    if (isZero(this.#network.genesisHash)) return;
    const genesis = await this.#client.ask('eth_getBlockByNumber', ['0x0', false]);
    // A node that prunes, or one that serves a part of the chain, may not have block 0.
    if (!('result' in genesis) || genesis.result === null) return;
    const { hash } = this.#header(genesis.result, 0);
    if (!bytesEqual(hash, this.#network.genesisHash))
      throw new SourceFaultError(this.name, `has genesis ${toHex(hash)}, another than ${this.chain}`);
  }

  async tip(): Promise<SourceTip> {
    const block = await this.#client.call('eth_getBlockByNumber', ['latest', false]);
    if (block === null) throw new SourceUnavailableError(this.name, 'has no latest block');
    return this.#tipOf(block);
  }

  async finalized(): Promise<SourceTip | undefined> {
    const answer = await this.#client.ask('eth_getBlockByNumber', ['finalized', false]);
    if ('result' in answer) return answer.result === null ? undefined : this.#tipOf(answer.result);
    const { code, message } = answer.refusal;
    // Nodes say so where nothing is final yet, or where they do not know the tag.
    if (code === INVALID_PARAMS || /not found|unknown block/i.test(message)) return undefined;
    throw new SourceUnavailableError(this.name, `eth_getBlockByNumber finalized: ${message} (${code})`);
  }

  async headers(from: number, count: number): Promise<ForeignHeader[]> {
    // The chain may have changed between two answers.
    const headers = (await this.#linkedRun(from, count)) ?? (await this.#linkedRun(from, count));
    if (headers !== undefined) return headers;
    throw new SourceUnavailableError(this.name, `reorganised while headers from ${from} were read, twice`);
  }

  /** `undefined` where the headers do not link. */
  async #linkedRun(from: number, count: number): Promise<ForeignHeader[] | undefined> {
    const headers: ForeignHeader[] = [];
    while (headers.length < count) {
      const first = from + headers.length;
      const asked = Math.min(BATCH, count - headers.length);
      const blocks = await Promise.all(
        Array.from({ length: asked }, (_, i) =>
          this.#client.call('eth_getBlockByNumber', [`0x${(first + i).toString(16)}`, false]),
        ),
      );
      for (const block of blocks) {
        if (block === null) return headers;
        const header = this.#header(block, from + headers.length);
        const before = headers.at(-1);
        if (before !== undefined && !bytesEqual(before.hash, header.parentHash)) return undefined;
        headers.push(header);
      }
    }
    return headers;
  }

  async block(hash: Uint8Array): Promise<ForeignBlock> {
    const id = toHex(hash);
    const block = await this.#client.call('eth_getBlockByHash', [id, true]);
    if (block === null) throw new SourceUnavailableError(this.name, `does not have block ${id}`);
    const header = this.#header(block);
    if (!bytesEqual(header.hash, hash))
      throw new SourceFaultError(this.name, `answered block ${toHex(header.hash)} when asked for ${id}`);
    const transactions = this.#reading('transactions', () =>
      rpcList(rpcObject(block, 'block').transactions, 'block transactions').map((tx) =>
        encodeTransactionJson(rpcObject(tx, 'transaction')),
      ),
    );
    this.#compareRoot('transactions', transactions, header.transactionsRoot);
    const transactionHashes = transactions.map((raw) => keccak_256(raw));
    const receipts = await this.#receipts(hash, transactionHashes);
    this.#compareRoot('receipts', receipts, header.receiptsRoot);
    return { header, transactionHashes, transactions, receipts };
  }

  async findTransaction(hash: Uint8Array): Promise<SourceTip | undefined> {
    const found = await this.#client.call('eth_getTransactionByHash', [toHex(hash)]);
    if (found === null) return undefined;
    return this.#reading('transaction', () => {
      const { blockHash, blockNumber } = rpcObject(found, 'transaction');
      // Not in a block yet.
      if (blockHash === null || blockHash === undefined) return undefined;
      return { height: rpcHeight(blockNumber, 'block number'), hash: rpcBytes(blockHash, 'block hash', 32) };
    });
  }

  async close(): Promise<void> {
    // Requests end by themselves; there is no connection of our own to close.
  }

  /** Receipts by block; one by one where the node does not have that call. */
  async #receipts(blockHash: Uint8Array, hashes: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const id = toHex(blockHash);
    const answer = await this.#client.ask('eth_getBlockReceipts', [id]);
    const all = 'result' in answer ? answer.result : null;
    const list =
      all === null
        ? await this.#receiptsOneByOne(blockHash, hashes)
        : this.#reading('receipts', () => rpcList(all, 'receipts'));
    if (list.includes(null))
      throw new SourceUnavailableError(this.name, `does not have all receipts of block ${id}`);
    return this.#reading('receipts', () =>
      list.map((receipt) => encodeReceiptJson(rpcObject(receipt, 'receipt'))),
    );
  }

  /** `null` for what is not in this block: a node knows only the best chain's receipts by transaction. */
  async #receiptsOneByOne(blockHash: Uint8Array, hashes: readonly Uint8Array[]): Promise<unknown[]> {
    const receipts = await Promise.all(
      hashes.map((hash) => this.#client.call('eth_getTransactionReceipt', [toHex(hash)])),
    );
    return this.#reading('receipts', () =>
      receipts.map((receipt) => {
        if (receipt === null) return null;
        const at = rpcBytes(rpcObject(receipt, 'receipt').blockHash, 'receipt blockHash', 32);
        return bytesEqual(at, blockHash) ? receipt : null;
      }),
    );
  }

  #tipOf(block: unknown): SourceTip {
    const { height, hash } = this.#header(block);
    return { height, hash };
  }

  /** @param height as asked for; by default the block's own */
  #header(block: unknown, height?: number): ForeignHeader {
    return this.#reading('header', () => {
      const fields: RpcObject = rpcObject(block, 'block');
      const number = height ?? rpcHeight(fields.number, 'block number');
      const header = foreignEthereumHeader(encodeHeaderJson(fields), number);
      if (bytesEqual(header.hash, rpcBytes(fields.hash, 'block hash', 32))) return header;
      throw new MalformedInputError('block hash', `is not that of its fields, ${toHex(header.hash)}`);
    });
  }

  #compareRoot(what: string, values: readonly Uint8Array[], root: Uint8Array): void {
    if (!bytesEqual(indexTrie(values).root, root))
      throw new SourceFaultError(this.name, `answered ${what} that do not match the block's root`);
  }

  /** What cannot be read is the source's fault. */
  #reading<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof MalformedInputError)
        throw new SourceFaultError(this.name, `answered a ${what} that cannot be: ${error.message}`);
      throw error;
    }
  }
}

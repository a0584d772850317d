import { keccak_256 } from '@noble/hashes/sha3.js';
import { type Client, createClient, type HttpTransport, http } from 'viem';
import { bytesEqual, isZero, toHex } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { SourceFaultError, SourceUnavailableError, UnknownNetworkError } from '../../errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { foreignEthereumHeader } from '../rules/header.js';
import { type EthereumNetwork, ethereumNetworks } from '../rules/networks.js';
import { indexTrie } from '../trie/build.js';
import { encodeHeaderJson } from './encodeHeader.js';
import { encodeReceiptJson } from './encodeReceipt.js';
import { encodeTransactionJson } from './encodeTransaction.js';
import { type RpcObject, rpcBytes, rpcHeight, rpcInteger, rpcList, rpcObject } from './fields.js';
import { limitedFetch } from './limits.js';

export interface EthereumRpcOptions {
  /** Chain name, such as `ethereum-local`. */
  readonly chain: string;
  readonly url: string;
  /** For one request. Default 20 s. */
  readonly timeoutMs?: number;
  /** Longest answer, in bytes. Default 64 MiB: receipts of a large block. */
  readonly maxResponseBytes?: number;
}

/** Calls in one batch. */
const BATCH = 100;

/** Reads an Ethereum chain over JSON-RPC. Nothing is believed: headers are re-encoded and hashed, bodies checked by their roots. */
export class EthereumRpcSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly #network: EthereumNetwork;
  readonly #client: Client<HttpTransport>;

  /** @throws UnknownNetworkError */
  constructor(options: EthereumRpcOptions) {
    const network = ethereumNetworks.find((one) => one.name === options.chain);
    if (network === undefined)
      throw new UnknownNetworkError(
        options.chain,
        ethereumNetworks.map((one) => one.name),
      );
    this.chain = options.chain;
    // Host only: a provider's path or query may hold a key.
    this.name = `${options.chain} node at ${new URL(options.url).host}`;
    this.#network = network;
    this.#client = createClient({
      transport: http(options.url, {
        batch: { batchSize: BATCH },
        retryCount: 0,
        timeout: options.timeoutMs ?? 20_000,
        fetchFn: limitedFetch(options.maxResponseBytes ?? 2 ** 26),
      }),
    });
  }

  async check(): Promise<void> {
    const chainId = Number(rpcInteger(await this.#call('eth_chainId', []), 'chain id'));
    if (chainId !== this.#network.chainId) {
      throw new SourceFaultError(
        this.name,
        `serves chain id ${chainId}, not ${this.#network.chainId} of ${this.chain}`,
      );
    }
    if (isZero(this.#network.genesisHash)) return;
    const genesis = await this.#call('eth_getBlockByNumber', ['0x0', false]);
    // A node that prunes, or one that serves a part of the chain, may not have block 0.
    if (genesis === null) return;
    const hash = rpcBytes(rpcObject(genesis, 'block').hash, 'block hash', 32);
    if (!bytesEqual(hash, this.#network.genesisHash))
      throw new SourceFaultError(this.name, `has genesis ${toHex(hash)}, another than ${this.chain}`);
  }

  async tip(): Promise<SourceTip> {
    const tip = await this.#tagged('latest');
    if (tip === undefined) throw new SourceUnavailableError(this.name, 'has no latest block');
    return tip;
  }

  finalized(): Promise<SourceTip | undefined> {
    return this.#tagged('finalized');
  }

  async headers(from: number, count: number): Promise<ForeignHeader[]> {
    const heights = Array.from({ length: count }, (_, i) => from + i);
    const blocks = await Promise.all(
      heights.map((height) => this.#call('eth_getBlockByNumber', [`0x${height.toString(16)}`, false])),
    );
    const headers: ForeignHeader[] = [];
    for (const [i, block] of blocks.entries()) {
      if (block === null) break;
      const header = this.#header(rpcObject(block, 'block'), from + i);
      const before = headers.at(-1);
      // The chain may have changed between two answers: whoever asked asks again.
      if (before !== undefined && !bytesEqual(before.hash, header.parentHash)) {
        throw new SourceUnavailableError(
          this.name,
          `reorganised at height ${header.height} while it was read`,
        );
      }
      headers.push(header);
    }
    return headers;
  }

  async block(hash: Uint8Array): Promise<ForeignBlock> {
    const id = toHex(hash);
    const found = await this.#call('eth_getBlockByHash', [id, true]);
    if (found === null) throw new SourceUnavailableError(this.name, `does not have block ${id}`);
    const block = rpcObject(found, 'block');
    const header = this.#header(block, rpcHeight(block.number, 'block number'));
    if (!bytesEqual(header.hash, hash))
      throw new SourceFaultError(this.name, `answered block ${toHex(header.hash)} when asked for ${id}`);
    const listed = rpcList(block.transactions, 'block transactions').map((tx) =>
      rpcObject(tx, 'transaction'),
    );
    const transactions = this.#trusting('transactions', () => listed.map(encodeTransactionJson));
    this.#compareRoot('transactions', transactions, header.transactionsRoot);
    const receipts = await this.#receipts(id, listed);
    this.#compareRoot('receipts', receipts, header.receiptsRoot);
    return { header, transactionHashes: transactions.map((raw) => keccak_256(raw)), transactions, receipts };
  }

  async findTransaction(hash: Uint8Array): Promise<SourceTip | undefined> {
    const found = await this.#call('eth_getTransactionByHash', [toHex(hash)]);
    if (found === null) return undefined;
    const { blockHash, blockNumber } = rpcObject(found, 'transaction');
    if (blockHash === null || blockHash === undefined) return undefined;
    return { height: rpcHeight(blockNumber, 'block number'), hash: rpcBytes(blockHash, 'block hash', 32) };
  }

  async close(): Promise<void> {
    // Requests end by themselves; there is no connection of our own to close.
  }

  /** Receipts by block; one by one where the provider does not know that call. */
  async #receipts(id: string, transactions: readonly RpcObject[]): Promise<Uint8Array[]> {
    let answered: unknown;
    try {
      answered = await this.#call('eth_getBlockReceipts', [id]);
    } catch (error) {
      if (!(error instanceof SourceUnavailableError)) throw error;
      answered = null;
    }
    const list =
      answered === null
        ? await Promise.all(transactions.map((tx) => this.#call('eth_getTransactionReceipt', [tx.hash])))
        : rpcList(answered, 'receipts');
    if (list.some((receipt) => receipt === null))
      throw new SourceUnavailableError(this.name, `does not have all receipts of block ${id}`);
    return this.#trusting('receipts', () =>
      list.map((receipt) => encodeReceiptJson(rpcObject(receipt, 'receipt'))),
    );
  }

  async #tagged(tag: string): Promise<SourceTip | undefined> {
    let found: unknown;
    try {
      found = await this.#call('eth_getBlockByNumber', [tag, false]);
    } catch (error) {
      if (
        tag !== 'latest' &&
        error instanceof SourceUnavailableError &&
        /not found|unknown block/i.test(error.message)
      )
        return undefined;
      throw error;
    }
    if (found === null) return undefined;
    const block = rpcObject(found, 'block');
    return { height: rpcHeight(block.number, 'block number'), hash: rpcBytes(block.hash, 'block hash', 32) };
  }

  #header(block: RpcObject, height: number): ForeignHeader {
    return this.#trusting('header', () => {
      const header = foreignEthereumHeader(encodeHeaderJson(block), height);
      if (!bytesEqual(header.hash, rpcBytes(block.hash, 'block hash', 32))) {
        throw new MalformedInputError(
          'block hash',
          `is not that of the header's fields (${toHex(header.hash)})`,
        );
      }
      return header;
    });
  }

  #compareRoot(what: string, values: readonly Uint8Array[], root: Uint8Array): void {
    if (!bytesEqual(indexTrie(values).root, root))
      throw new SourceFaultError(this.name, `answered ${what} that do not match the block's root`);
  }

  /** What cannot be read or does not fit its hash is the source's fault. */
  #trusting<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof MalformedInputError)
        throw new SourceFaultError(this.name, `answered a ${what} that cannot be: ${error.message}`);
      throw error;
    }
  }

  async #call(method: string, params: readonly unknown[]): Promise<unknown> {
    try {
      const answer: unknown = await this.#client.request({ method, params } as never);
      return answer ?? null;
    } catch (error) {
      if (error instanceof CrossrootError) throw error;
      const short =
        error instanceof Error && 'shortMessage' in error
          ? String(error.shortMessage)
          : error instanceof Error
            ? error.message
            : String(error);
      const details = error instanceof Error && 'details' in error ? String(error.details) : '';
      throw new SourceUnavailableError(
        this.name,
        `${method}: ${firstLine(short)} ${firstLine(details)}`.trim(),
      );
    }
  }
}

/** Library messages repeat the whole request, and with it the URL. */
function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/https?:\/\/\S+/g, 'the node').slice(0, 200);
}

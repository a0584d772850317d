import { bytesEqual, isZero, toHex } from '../../../proofs/bytes.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { AccountNodes, ForeignBlock, Source, SourceTip } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { type EthereumNetwork, ethereumNetwork } from '../rules/networks.js';
import { BlockReader } from './blockReader.js';
import { rpcBytes, rpcHeight, rpcInteger, rpcObject } from './fields.js';
import { HeaderReader, Reading } from './headerReader.js';
import { HeadSubscription } from './headSubscription.js';
import { EthereumRpcClient, type RpcClientOptions } from './rpcClient.js';
import { BATCH } from './rpcTransport.js';
import { StateReader } from './stateReader.js';

export interface EthereumRpcOptions extends Partial<Omit<RpcClientOptions, 'url'>> {
  /** Chain name, such as `ethereum-local`. */
  readonly chain: string;
  /** http, https, ws or wss; a user and password in it are sent as basic authentication. */
  readonly url: string;
  /** For logs, metrics and errors, and told by the API. Default: chain and address. */
  readonly name?: string | undefined;
  /** For one request, its answer included. Default 20 s. */
  readonly timeoutMs?: number;
  /** Longest answer, in bytes. Default 64 MiB: receipts of a large block, or a batch of headers. */
  readonly maxResponseBytes?: number;
}

/** JSON-RPC 2.0, section 5.1: what nodes without finality answer to the tag. */
const INVALID_PARAMS = -32602;
/** Ranges of headers that may be asked for at once. */
const PARALLEL_RANGES = 4;

/**
 * Reads an Ethereum chain over JSON-RPC. Nothing is believed: headers are re-encoded and hashed, bodies checked by their
 * roots, state by the state root; what does not fit is a `SourceFaultError`, no answer a `SourceUnavailableError`. All but the
 * run of headers is asked for by block hash, so that no answer mixes two blocks.
 */
export class EthereumRpcSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly parallelRanges = PARALLEL_RANGES;
  readonly #network: EthereumNetwork;
  readonly #client: EthereumRpcClient;
  readonly #reading: Reading;
  readonly #headers: HeaderReader;
  readonly #blocks: BlockReader;
  readonly #state: StateReader;
  readonly #subscriptions = new Set<HeadSubscription>();

  /** @throws UnknownNetworkError */
  constructor(options: EthereumRpcOptions) {
    this.chain = options.chain;
    this.#network = ethereumNetwork(options.chain);
    // Host only: user, path and query may hold a key.
    this.name = options.name ?? `${options.chain} node at ${new URL(options.url).host}`;
    this.#client = new EthereumRpcClient(this.name, {
      ...options,
      timeoutMs: options.timeoutMs ?? 20_000,
      maxResponseBytes: options.maxResponseBytes ?? 2 ** 26,
    });
    this.#reading = new Reading(this.name);
    this.#headers = new HeaderReader(this.#client, this.#reading);
    this.#blocks = new BlockReader(this.#client, this.#network, this.#reading, this.#headers);
    this.#state = new StateReader(this.#client, this.#reading);
  }

  get clockSkew(): number | undefined {
    return this.#client.clockSkew;
  }

  async check(): Promise<void> {
    const answered = await this.#client.call('eth_chainId', []);
    const chainId = this.#reading.run('chain id', () => rpcInteger(answered, 'chain id'));
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
    // Its header may be of a form of its own: the hash that the node names is enough to tell another network.
    const { result } = genesis;
    const hash = this.#reading.run('header', () =>
      rpcBytes(rpcObject(result, 'block').hash, 'block hash', 32),
    );
    if (!bytesEqual(hash, this.#network.genesisHash))
      throw new SourceFaultError(this.name, `has genesis ${toHex(hash)}, another than ${this.chain}`);
  }

  async tip(): Promise<SourceTip> {
    const block = await this.#client.call('eth_getBlockByNumber', ['latest', false]);
    if (block === null) throw new SourceUnavailableError(this.name, 'has no latest block');
    return this.#tipOf(block);
  }

  finalized(): Promise<SourceTip | undefined> {
    return this.#tagged('finalized');
  }

  safe(): Promise<SourceTip | undefined> {
    return this.#tagged('safe');
  }

  async headers(from: number, count: number): Promise<ForeignHeader[]> {
    // The chain may have changed between two answers.
    const headers = (await this.#linkedRun(from, count)) ?? (await this.#linkedRun(from, count));
    if (headers !== undefined) return headers;
    throw new SourceUnavailableError(this.name, `reorganised while headers from ${from} were read, twice`);
  }

  block(hash: Uint8Array): Promise<ForeignBlock> {
    return this.#blocks.read(hash);
  }

  async findTransaction(hash: Uint8Array): Promise<SourceTip | undefined> {
    const found = await this.#client.call('eth_getTransactionByHash', [toHex(hash)]);
    if (found === null) return undefined;
    return this.#reading.run('transaction', () => {
      const { blockHash, blockNumber } = rpcObject(found, 'transaction');
      // Not in a block yet.
      if (blockHash === null || blockHash === undefined) return undefined;
      return { height: rpcHeight(blockNumber, 'block number'), hash: rpcBytes(blockHash, 'block hash', 32) };
    });
  }

  async proof(
    address: Uint8Array,
    slots: readonly Uint8Array[],
    blockHash: Uint8Array,
  ): Promise<AccountNodes> {
    return this.#state.proof(await this.#headerByHash(blockHash), address, slots);
  }

  async code(address: Uint8Array, blockHash: Uint8Array): Promise<Uint8Array> {
    return this.#state.code(await this.#headerByHash(blockHash), address);
  }

  /** Over HTTP, and where the node does not offer it, nothing is ever told: it has to be polled anyway. */
  subscribe(listener: () => void): () => void {
    const subscription = new HeadSubscription(this.#client, listener);
    this.#subscriptions.add(subscription);
    subscription.start();
    return () => {
      subscription.stop();
      this.#subscriptions.delete(subscription);
    };
  }

  async close(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.stop();
    this.#client.close();
  }

  async #tagged(tag: 'finalized' | 'safe'): Promise<SourceTip | undefined> {
    const answer = await this.#client.ask('eth_getBlockByNumber', [tag, false]);
    if ('result' in answer) return answer.result === null ? undefined : this.#tipOf(answer.result);
    const { code, message } = answer.refusal;
    // Nodes say so where nothing is final yet, or where they do not know the tag.
    if (code === INVALID_PARAMS || /not found|unknown block/i.test(message)) return undefined;
    throw this.#client.refused(`eth_getBlockByNumber ${tag}`, answer.refusal);
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
        const header = await this.#headers.read(block, from + headers.length);
        const before = headers.at(-1);
        if (before !== undefined && !bytesEqual(before.hash, header.parentHash)) return undefined;
        headers.push(header);
      }
    }
    return headers;
  }

  async #headerByHash(hash: Uint8Array): Promise<ForeignHeader> {
    const block = await this.#client.call('eth_getBlockByHash', [toHex(hash), false]);
    if (block === null) throw new SourceUnavailableError(this.name, `does not have block ${toHex(hash)}`);
    const header = await this.#headers.read(block);
    if (bytesEqual(header.hash, hash)) return header;
    throw new SourceFaultError(
      this.name,
      `answered block ${toHex(header.hash)} when asked for ${toHex(hash)}`,
      { height: header.height },
    );
  }

  async #tipOf(block: unknown): Promise<SourceTip> {
    const { height, hash } = await this.#headers.read(block);
    return { height, hash };
  }
}

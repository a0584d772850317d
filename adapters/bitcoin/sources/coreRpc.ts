import { bytesEqual } from '../../../proofs/bytes.js';
import type { CrossrootError } from '../../../proofs/errors/base.js';
import { SourceUnavailableError } from '../../errors.js';
import { type HttpLimits, parseServerUrl } from '../../http/reader.js';
import type { ForeignBlock, Source, SourceTip } from '../../source.js';
import { isRecord } from '../../sourceAnswers.js';
import type { ForeignHeader } from '../../types.js';
import { displayHash } from '../rules/checks.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { Answers, genesisOf } from './answers.js';
import { HeightMemo } from './heights.js';
import { CoreRpcClient, type RpcAuth, type RpcCall } from './rpcClient.js';
import { CoreRpcError, RpcCode } from './rpcErrors.js';

export interface CoreRpcOptions extends HttpLimits {
  /** Chain name, such as `bitcoin-regtest`. */
  readonly chain: string;
  /** `http://host:port`, optionally with `user:password@`. */
  readonly url: string;
  /** For logs, metrics and errors, and told by the API. Default: chain and address. */
  readonly name?: string | undefined;
  readonly auth?: RpcAuth | undefined;
  /** Compared where the node has no block 0. */
  readonly checkpoint?: { readonly height: number; readonly hash: Uint8Array };
  /** Calls in one request. Default 500. */
  readonly batchSize?: number;
}

/** Outputs of a transaction that are asked for when the node has no transaction index. */
const PROBED_OUTPUTS = 8;

/** What a node says of a height or hash that its best chain had a moment ago. */
const GONE = new Set<number>([RpcCode.outOfRange, RpcCode.notFound, RpcCode.misc]);

/** Reads a Bitcoin chain from a node that speaks Bitcoin Core's JSON-RPC. */
export class CoreRpcSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly #answers: Answers;
  readonly #rpc: CoreRpcClient;
  readonly #checkpoint: CoreRpcOptions['checkpoint'];
  readonly #batchSize: number;
  readonly #heights = new HeightMemo();

  /** @throws UnknownNetworkError, MalformedInputError for an unusable URL */
  constructor(options: CoreRpcOptions) {
    const { base, search, host, auth } = parseServerUrl(options.url, 'Bitcoin node URL');
    this.chain = options.chain;
    this.name = options.name ?? `${options.chain} node at ${host}`;
    bitcoinNetwork(options.chain);
    this.#answers = new Answers(this.name);
    this.#checkpoint = options.checkpoint;
    this.#batchSize = options.batchSize ?? 500;
    this.#rpc = new CoreRpcClient({
      name: this.name,
      url: base + search,
      auth: options.auth ?? auth,
      timeoutMs: options.timeoutMs,
      maxResponseBytes: options.maxResponseBytes,
      progressMs: options.progressMs,
      progressBytes: options.progressBytes,
    });
  }

  get clockSkew(): number | undefined {
    return this.#rpc.clockSkew;
  }

  async check(): Promise<void> {
    const [genesis] = await this.#rpc.batch([{ method: 'getblockhash', params: [0] }]);
    let expected = genesisOf(this.chain);
    let actual = genesis;
    if (genesis instanceof CoreRpcError) {
      if (genesis.retryable || this.#checkpoint === undefined) throw this.#unavailable(genesis);
      expected = this.#checkpoint;
      actual = await this.#call('getblockhash', expected.height);
    }
    this.#answers.sameNetwork(this.chain, this.#answers.hash(actual, 'getblockhash'), expected);
  }

  async tip(): Promise<SourceTip> {
    const info = await this.#call('getblockchaininfo');
    if (!isRecord(info)) throw this.#answers.fault('gave no chain information');
    return {
      height: this.#answers.height(info.blocks, 'getblockchaininfo'),
      hash: this.#answers.hash(info.bestblockhash, 'getblockchaininfo'),
    };
  }

  /** Bitcoin calls nothing final. */
  async finalized(): Promise<undefined> {
    return undefined;
  }

  async headers(from: number, count: number): Promise<ForeignHeader[]> {
    // A reorganisation between the calls shows as a break; it is seldom there twice.
    const headers = (await this.#readHeaders(from, count)) ?? (await this.#readHeaders(from, count));
    if (headers === undefined)
      throw new SourceUnavailableError(this.name, 'its best chain changes while we read it');
    for (const header of headers) this.#heights.set(header.hash, header.height);
    return headers;
  }

  async block(hash: Uint8Array): Promise<ForeignBlock> {
    const id = displayHash(hash);
    const rawBlock = this.#answers.hex(await this.#call('getblock', id, 0), 'getblock');
    return this.#answers.block(this.chain, rawBlock, hash, (of) => this.#heightOf(of));
  }

  async findTransaction(txid: Uint8Array): Promise<SourceTip | undefined> {
    const id = displayHash(txid);
    const [found] = await this.#rpc.batch([{ method: 'getrawtransaction', params: [id, 1] }]);
    if (found instanceof CoreRpcError) return this.#findUnspent(id);
    if (!isRecord(found) || typeof found.blockhash !== 'string') return undefined;
    const hash = this.#answers.hash(found.blockhash, 'getrawtransaction');
    const height = await this.#heightOf(hash);
    const best = await this.#call('getblockhash', height);
    return bytesEqual(this.#answers.hash(best, 'getblockhash'), hash) ? { height, hash } : undefined;
  }

  async close(): Promise<void> {
    this.#rpc.close();
  }

  /** `undefined` if the best chain changed in between. */
  async #readHeaders(from: number, count: number): Promise<ForeignHeader[] | undefined> {
    const tip = this.#answers.height(await this.#call('getblockcount'), 'getblockcount');
    const wanted = Math.min(count, tip - from + 1);
    if (wanted <= 0) return [];
    const heights = Array.from({ length: wanted }, (_, i) => from + i);
    const found = await this.#inBatches(
      heights.map((height) => ({ method: 'getblockhash', params: [height] })),
    );
    if (found === undefined) return undefined;
    // Only what is a hash is sent back to the node.
    const ids = found.map((id) => displayHash(this.#answers.hash(id, 'getblockhash')));
    const raws = await this.#inBatches(ids.map((id) => ({ method: 'getblockheader', params: [id, false] })));
    if (raws === undefined) return undefined;
    const headers: ForeignHeader[] = [];
    for (const [i, raw] of raws.entries()) {
      const header = this.#answers.header(
        this.#answers.hex(raw, 'getblockheader'),
        from + i,
        'getblockheader',
      );
      if (displayHash(header.hash) !== ids[i])
        throw this.#answers.fault(`gave another header than that of ${ids[i]}`);
      const parent = headers.at(-1);
      if (parent !== undefined && !bytesEqual(header.parentHash, parent.hash)) return undefined;
      headers.push(header);
    }
    return headers;
  }

  /** All results, or `undefined` if a block is gone. */
  async #inBatches(calls: readonly RpcCall[]): Promise<unknown[] | undefined> {
    const results: unknown[] = [];
    for (let at = 0; at < calls.length; at += this.#batchSize) {
      for (const result of await this.#rpc.batch(calls.slice(at, at + this.#batchSize))) {
        if (result instanceof CoreRpcError) {
          if (GONE.has(result.code)) return undefined;
          throw this.#unavailable(result);
        }
        results.push(result);
      }
    }
    return results;
  }

  /** Without a transaction index a node still knows the height of each unspent output. */
  async #findUnspent(id: string): Promise<SourceTip | undefined> {
    const probes = Array.from({ length: PROBED_OUTPUTS }, (_, n) => ({
      method: 'gettxout',
      params: [id, n, false],
    }));
    for (const output of await this.#rpc.batch(probes)) {
      if (output instanceof CoreRpcError || !isRecord(output)) continue;
      const confirmations = this.#answers.height(output.confirmations, 'gettxout');
      if (confirmations === 0) return undefined;
      const best = await this.#heightOf(this.#answers.hash(output.bestblock, 'gettxout'));
      const height = best - confirmations + 1;
      return { height, hash: this.#answers.hash(await this.#call('getblockhash', height), 'getblockhash') };
    }
    return undefined;
  }

  async #heightOf(hash: Uint8Array): Promise<number> {
    const known = this.#heights.get(hash);
    if (known !== undefined) return known;
    const info = await this.#call('getblockheader', displayHash(hash), true);
    const height = this.#answers.height(isRecord(info) ? info.height : undefined, 'getblockheader');
    this.#heights.set(hash, height);
    return height;
  }

  async #call(method: string, ...params: unknown[]): Promise<unknown> {
    try {
      return await this.#rpc.call(method, ...params);
    } catch (error) {
      throw error instanceof CoreRpcError ? this.#unavailable(error) : error;
    }
  }

  #unavailable(error: CrossrootError): SourceUnavailableError {
    return new SourceUnavailableError(this.name, error.message, error);
  }
}

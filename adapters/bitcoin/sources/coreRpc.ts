import { bytesEqual, fromHex } from '../../../proofs/bytes.js';
import type { Checkpoint } from '../../../proofs/containers/spec.js';
import type { CrossrootError } from '../../../proofs/errors/base.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { parseBitcoinHash } from '../kind.js';
import { BlockProver } from '../proofs/build.js';
import { displayHash } from '../rules/checks.js';
import { foreignHeader } from '../rules/header.js';
import { type BitcoinNetwork, bitcoinNetwork } from '../rules/networks.js';
import { HeightMemo } from './heights.js';
import { CoreRpcClient, isRecord, type RpcAuth, type RpcCall } from './rpcClient.js';
import { CoreRpcError, RpcCode } from './rpcErrors.js';

export interface CoreRpcOptions {
  /** Chain name, such as `bitcoin-regtest`. */
  readonly chain: string;
  /** `http://host:port`, optionally with `user:password@`. */
  readonly url: string;
  readonly auth?: RpcAuth;
  /** Compared where the node has no block 0. */
  readonly checkpoint?: Checkpoint;
  /** For one request. Default 30 s. */
  readonly timeoutMs?: number;
  /** Default 16 MiB: the largest block in hex is 8 MB. */
  readonly maxResponseBytes?: number;
  /** Calls in one request. Default 500. */
  readonly batchSize?: number;
}

/** Outputs of a transaction that are asked for when the node has no transaction index. */
const PROBED_OUTPUTS = 8;

/** Reads a Bitcoin chain from a node that speaks Bitcoin Core's JSON-RPC. */
export class CoreRpcSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly #network: BitcoinNetwork;
  readonly #rpc: CoreRpcClient;
  readonly #checkpoint: Checkpoint | undefined;
  readonly #batchSize: number;
  readonly #heights = new HeightMemo();

  /** @throws UnknownNetworkError, MalformedInputError for an unusable URL */
  constructor(options: CoreRpcOptions) {
    const { url, auth } = splitCredentials(options.url);
    this.chain = options.chain;
    this.name = `${options.chain} node at ${url.host}`;
    this.#network = bitcoinNetwork(options.chain);
    this.#checkpoint = options.checkpoint;
    this.#batchSize = options.batchSize ?? 500;
    this.#rpc = new CoreRpcClient({
      name: this.name,
      url: url.href,
      auth: options.auth ?? auth,
      timeoutMs: options.timeoutMs ?? 30_000,
      maxResponseBytes: options.maxResponseBytes ?? 2 ** 24,
    });
  }

  async check(): Promise<void> {
    const [genesis] = await this.#rpc.batch([{ method: 'getblockhash', params: [0] }]);
    let expected = { height: 0, hash: this.#network.genesisHash };
    let actual = genesis;
    if (genesis instanceof CoreRpcError) {
      if (genesis.retryable || this.#checkpoint === undefined) throw this.#unavailable(genesis);
      expected = this.#checkpoint;
      actual = await this.#call('getblockhash', expected.height);
    }
    if (!bytesEqual(this.#hash(actual, 'getblockhash'), expected.hash)) {
      throw new SourceFaultError(
        this.name,
        `is not on ${this.chain}: its block ${expected.height} is another`,
        {
          expected: displayHash(expected.hash),
          actual: String(actual).slice(0, 64),
        },
      );
    }
  }

  async tip(): Promise<SourceTip> {
    const info = await this.#call('getblockchaininfo');
    if (!isRecord(info)) throw this.#fault('gave no chain information');
    return {
      height: this.#height(info.blocks, 'getblockchaininfo'),
      hash: this.#hash(info.bestblockhash, 'getblockchaininfo'),
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
    const rawBlock = this.#bytes(await this.#call('getblock', id, 0), 'getblock');
    let prover: BlockProver;
    try {
      prover = new BlockProver(rawBlock);
    } catch (error) {
      throw this.#fault(`gave a bad block ${id}: ${error instanceof Error ? error.message : ''}`);
    }
    const header = foreignHeader(prover.header, await this.#heightOf(hash));
    if (!bytesEqual(header.hash, hash)) throw this.#fault(`gave another block than ${id}`);
    return { header, transactionHashes: prover.txids, rawBlock };
  }

  async findTransaction(txid: Uint8Array): Promise<SourceTip | undefined> {
    const id = displayHash(txid);
    const [found] = await this.#rpc.batch([{ method: 'getrawtransaction', params: [id, 1] }]);
    if (found instanceof CoreRpcError) return this.#findUnspent(id);
    if (!isRecord(found) || typeof found.blockhash !== 'string') return undefined;
    const hash = this.#hash(found.blockhash, 'getrawtransaction');
    const height = await this.#heightOf(hash);
    const best = await this.#call('getblockhash', height);
    return bytesEqual(this.#hash(best, 'getblockhash'), hash) ? { height, hash } : undefined;
  }

  async close(): Promise<void> {
    this.#rpc.close();
  }

  /** `undefined` if the best chain changed in between. */
  async #readHeaders(from: number, count: number): Promise<ForeignHeader[] | undefined> {
    const tip = this.#height(await this.#call('getblockcount'), 'getblockcount');
    const wanted = Math.min(count, tip - from + 1);
    if (wanted <= 0) return [];
    const heights = Array.from({ length: wanted }, (_, i) => from + i);
    const ids = await this.#inBatches(
      heights.map((height) => ({ method: 'getblockhash', params: [height] })),
    );
    if (ids === undefined) return undefined;
    const raws = await this.#inBatches(ids.map((id) => ({ method: 'getblockheader', params: [id, false] })));
    if (raws === undefined) return undefined;
    const headers: ForeignHeader[] = [];
    for (const [i, raw] of raws.entries()) {
      const header = this.#decode(raw, from + i);
      if (!bytesEqual(header.hash, this.#hash(ids[i], 'getblockhash'))) {
        throw this.#fault(`gave another header than that of ${String(ids[i]).slice(0, 64)}`);
      }
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
          if (result.code === RpcCode.outOfRange || result.code === RpcCode.notFound) return undefined;
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
      const confirmations = this.#height(output.confirmations, 'gettxout');
      if (confirmations === 0) return undefined;
      const best = await this.#heightOf(this.#hash(output.bestblock, 'gettxout'));
      const height = best - confirmations + 1;
      return { height, hash: this.#hash(await this.#call('getblockhash', height), 'getblockhash') };
    }
    return undefined;
  }

  async #heightOf(hash: Uint8Array): Promise<number> {
    const known = this.#heights.get(hash);
    if (known !== undefined) return known;
    const info = await this.#call('getblockheader', displayHash(hash), true);
    const height = this.#height(isRecord(info) ? info.height : undefined, 'getblockheader');
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

  #decode(raw: unknown, height: number): ForeignHeader {
    try {
      return foreignHeader(this.#bytes(raw, 'getblockheader'), height);
    } catch (error) {
      if (error instanceof MalformedInputError) throw this.#fault(`gave a bad header: ${error.message}`);
      throw error;
    }
  }

  #bytes(value: unknown, method: string): Uint8Array {
    if (typeof value !== 'string' || !/^([0-9a-fA-F]{2})+$/.test(value))
      throw this.#fault(`${method} gave no hex`);
    return fromHex(value, method);
  }

  #hash(value: unknown, method: string): Uint8Array {
    if (typeof value !== 'string' || !/^[0-9a-fA-F]{64}$/.test(value))
      throw this.#fault(`${method} gave no hash`);
    return parseBitcoinHash(value);
  }

  #height(value: unknown, method: string): number {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.#fault(`${method} gave no height`);
    }
    return value;
  }

  #fault(problem: string): SourceFaultError {
    return new SourceFaultError(this.name, problem);
  }

  #unavailable(error: CrossrootError): SourceUnavailableError {
    return new SourceUnavailableError(this.name, error.message, error);
  }
}

/** User and password of a URL, taken out of it so that they are in no log. @throws MalformedInputError */
function splitCredentials(text: string): { url: URL; auth: RpcAuth | undefined } {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The text may hold a password: it is not repeated.
    throw new MalformedInputError('Bitcoin node URL', 'is not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new MalformedInputError('Bitcoin node URL', 'is not http or https');
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const auth =
    username === '' && password === ''
      ? undefined
      : { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url, auth };
}

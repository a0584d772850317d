import { bytesEqual } from '../../../proofs/bytes.js';
import { SourceUnavailableError } from '../../errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { MAX_BLOCK_BYTES } from '../proofs/build.js';
import { MAX_DEPTH, parentOf } from '../proofs/merkle.js';
import { displayHash } from '../rules/checks.js';
import { Answers, genesisOf } from './answers.js';
import { EsploraClient, type EsploraClientOptions } from './esploraClient.js';
import { EsploraHeaders } from './esploraHeaders.js';
import { HeightMemo } from './heights.js';

export interface EsploraOptions extends EsploraClientOptions {
  /** Chain name, such as `bitcoin-testnet4`. */
  readonly chain: string;
}

/** The hashes beside a transaction's way to its block's Merkle root. */
export interface MerkleProof {
  readonly height: number;
  /** From the transaction upwards, internal byte order. */
  readonly branch: readonly Uint8Array[];
  /** Place of the transaction in the block, from 0. */
  readonly position: number;
}

const TEXT_BYTES = 4096;
const JSON_BYTES = 256 * 1024;

/** Reads a Bitcoin chain from a server of Esplora's HTTP API, as blockstream.info and mempool.space run it. */
export class EsploraSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly #genesis: ReturnType<typeof genesisOf>;
  readonly #client: EsploraClient;
  readonly #answers: Answers;
  readonly #reader: EsploraHeaders;
  readonly #heights = new HeightMemo();

  /** @throws UnknownNetworkError, MalformedInputError for an unusable URL */
  constructor(options: EsploraOptions) {
    this.#genesis = genesisOf(options.chain);
    this.chain = options.chain;
    this.#client = new EsploraClient(options.chain, options);
    this.name = this.#client.name;
    this.#answers = new Answers(this.name);
    this.#reader = new EsploraHeaders(this.#client, this.#answers, (height) => this.#hashAt(height));
  }

  get clockSkew(): number | undefined {
    return this.#client.clockSkew;
  }

  async check(): Promise<void> {
    const actual = await this.#hashAt(0);
    if (actual === undefined) throw this.#unavailable('does not serve block 0');
    this.#answers.sameNetwork(this.chain, actual, this.#genesis);
  }

  async tip(): Promise<SourceTip> {
    for (let tries = 0; tries < 2; tries++) {
      const height = await this.#tipHeight();
      // Two answers may be of different tips; the hash at a height is of the best chain whichever it is.
      const hash = await this.#hashAt(height);
      if (hash !== undefined) return { height, hash };
    }
    throw this.#changing();
  }

  /** Bitcoin calls nothing final. */
  async finalized(): Promise<undefined> {
    return undefined;
  }

  async headers(from: number, count: number): Promise<ForeignHeader[]> {
    // A reorganisation between the pages shows as a break; it is seldom there twice.
    for (let tries = 0; tries < 2; tries++) {
      const wanted = Math.min(count, (await this.#tipHeight()) - from + 1);
      if (wanted <= 0) return [];
      const headers = await this.#reader.read(from, wanted);
      if (headers === undefined) continue;
      for (const header of headers) this.#heights.set(header.hash, header.height);
      return headers;
    }
    throw this.#changing();
  }

  async block(hash: Uint8Array): Promise<ForeignBlock> {
    const id = displayHash(hash);
    const raw = await this.#client.get(`block/${id}/raw`, MAX_BLOCK_BYTES);
    if (raw === undefined) throw this.#unavailable(`does not know block ${id}`);
    return this.#answers.block(this.chain, raw, hash, (of) => this.#heightOf(of));
  }

  async findTransaction(txid: Uint8Array): Promise<SourceTip | undefined> {
    const what = 'tx status';
    const bytes = await this.#client.get(`tx/${displayHash(txid)}/status`, JSON_BYTES);
    if (bytes === undefined) return undefined;
    const status = this.#answers.record(this.#answers.json(bytes, what), what);
    if (status.confirmed !== true) return undefined;
    const height = this.#answers.height(status.block_height, what);
    const hash = this.#answers.hash(status.block_hash, what);
    const best = await this.#hashAt(height);
    return best !== undefined && bytesEqual(best, hash) ? { height, hash } : undefined;
  }

  /**
   * A transaction's branch, checked against its block's header; `undefined` if the server has none.
   * @param txid internal byte order
   */
  async merkleProof(txid: Uint8Array): Promise<MerkleProof | undefined> {
    const what = 'merkle-proof';
    const bytes = await this.#client.get(`tx/${displayHash(txid)}/merkle-proof`, JSON_BYTES);
    if (bytes === undefined) return undefined;
    const proof = this.#answers.record(this.#answers.json(bytes, what), what);
    const height = this.#answers.height(proof.block_height, what);
    const { merkle } = proof;
    if (!Array.isArray(merkle) || merkle.length > MAX_DEPTH)
      throw this.#answers.fault(`${what} gave no branch`);
    const branch = merkle.map((one: unknown) => this.#answers.hash(one, what));
    const position = this.#answers.number(proof.pos, what, 2 ** merkle.length - 1, 'position');
    const [header] = await this.headers(height, 1);
    if (header === undefined) throw this.#changing();
    const root = branch.reduce(
      (node, beside, level) =>
        Math.floor(position / 2 ** level) % 2 === 0 ? parentOf(node, beside) : parentOf(beside, node),
      txid,
    );
    if (!bytesEqual(root, header.transactionsRoot))
      throw this.#answers.fault(`${what} does not lead to the Merkle root of block ${height}`, { height });
    return { height, branch, position };
  }

  /**
   * BIP37 `merkleblock` of a transaction: raw, for a reader that checks it; `undefined` if the server has none.
   * @param txid internal byte order
   */
  async merkleBlock(txid: Uint8Array): Promise<Uint8Array | undefined> {
    const what = 'merkleblock-proof';
    const bytes = await this.#client.get(`tx/${displayHash(txid)}/${what}`, JSON_BYTES);
    return bytes === undefined ? undefined : this.#answers.hex(text(bytes), what);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #tipHeight(): Promise<number> {
    const what = 'blocks/tip/height';
    const bytes = await this.#client.get(what, TEXT_BYTES);
    if (bytes === undefined) throw this.#unavailable('tells no tip');
    const digits = text(bytes);
    return this.#answers.height(/^\d{1,10}$/.test(digits) ? Number(digits) : undefined, what);
  }

  async #hashAt(height: number): Promise<Uint8Array | undefined> {
    const bytes = await this.#client.get(`block-height/${height}`, TEXT_BYTES);
    return bytes === undefined ? undefined : this.#answers.hash(text(bytes), 'block-height');
  }

  async #heightOf(hash: Uint8Array): Promise<number> {
    const known = this.#heights.get(hash);
    if (known !== undefined) return known;
    const id = displayHash(hash);
    const bytes = await this.#client.get(`block/${id}`, JSON_BYTES);
    if (bytes === undefined) throw this.#unavailable(`does not know block ${id}`);
    const block = this.#answers.record(this.#answers.json(bytes, 'block'), 'block');
    const height = this.#answers.height(block.height, 'block');
    this.#heights.set(hash, height);
    return height;
  }

  #changing(): SourceUnavailableError {
    return this.#unavailable('its best chain changes while we read it');
  }

  #unavailable(problem: string): SourceUnavailableError {
    return new SourceUnavailableError(this.name, problem);
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim();
}

import { bytesEqual } from '../../../proofs/bytes.js';
import { SourceUnavailableError } from '../../errors.js';
import { type HttpAnswer, type HttpLimits, HttpReader, parseServerUrl } from '../../http/reader.js';
import type { ForeignBlock, Source, SourceTip } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { MAX_BLOCK_BYTES } from '../proofs/build.js';
import { displayHash } from '../rules/checks.js';
import { HEADER_BYTES } from '../rules/header.js';
import { Answers, genesisOf } from './answers.js';
import { HeightMemo } from './heights.js';

export interface CoreRestOptions extends HttpLimits {
  /** Chain name, such as `bitcoin-regtest`. */
  readonly chain: string;
  /** `http://host:port` of the RPC port of a node that runs with `-rest`. */
  readonly url: string;
  /** For logs, metrics and errors, and told by the API. Default: chain and address. */
  readonly name?: string | undefined;
}

/** Bitcoin Core `MAX_REST_HEADERS_RESULTS`. */
const PAGE = 2000;
const SMALL_BYTES = 64 * 1024;
/** A block as JSON with its transactions' hashes alone. */
const BLOCK_JSON_BYTES = 4 * 2 ** 20;

/** Reads a Bitcoin chain from Bitcoin Core's REST interface (`doc/REST-interface.md`), which wants no credentials. */
export class CoreRestSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly #base: string;
  readonly #genesis: ReturnType<typeof genesisOf>;
  readonly #http: HttpReader;
  readonly #answers: Answers;
  readonly #heights = new HeightMemo();
  /** Before Bitcoin Core 24 the number of headers was a part of the path. */
  #countInPath = false;

  /** @throws UnknownNetworkError, MalformedInputError for an unusable URL */
  constructor(options: CoreRestOptions) {
    const { base, host } = parseServerUrl(options.url, 'Bitcoin REST URL');
    this.#genesis = genesisOf(options.chain);
    this.chain = options.chain;
    this.name = options.name ?? `${options.chain} REST node at ${host}`;
    this.#base = `${base}/rest/`;
    this.#http = new HttpReader(this.name, options);
    this.#answers = new Answers(this.name);
  }

  get clockSkew(): number | undefined {
    return this.#http.clock.seconds;
  }

  async check(): Promise<void> {
    const actual = await this.#hashAt(0);
    if (actual === undefined) throw this.#unavailable('does not serve block 0');
    this.#answers.sameNetwork(this.chain, actual, this.#genesis);
  }

  async tip(): Promise<SourceTip> {
    const what = 'chaininfo';
    const { bytes } = this.#found(await this.#get('chaininfo.json', SMALL_BYTES), what);
    const info = this.#answers.record(this.#answers.json(bytes, what), what);
    return {
      height: this.#answers.height(info.blocks, what),
      hash: this.#answers.hash(info.bestblockhash, what),
    };
  }

  /** Bitcoin calls nothing final. */
  async finalized(): Promise<undefined> {
    return undefined;
  }

  async headers(from: number, count: number): Promise<ForeignHeader[]> {
    // A reorganisation between the pages shows as one that is missing; it is seldom there twice.
    const headers = (await this.#readHeaders(from, count)) ?? (await this.#readHeaders(from, count));
    if (headers === undefined) throw this.#unavailable('its best chain changes while we read it');
    for (const header of headers) this.#heights.set(header.hash, header.height);
    return headers;
  }

  async block(hash: Uint8Array): Promise<ForeignBlock> {
    const id = displayHash(hash);
    const { status, bytes } = await this.#get(`block/${id}.bin`, MAX_BLOCK_BYTES);
    if (status !== 200) throw this.#unavailable(`does not know block ${id} (HTTP ${status})`);
    return this.#answers.block(this.chain, bytes, hash, (of) => this.#heightOf(of));
  }

  /** `undefined` too where the node has no transaction index. */
  async findTransaction(txid: Uint8Array): Promise<SourceTip | undefined> {
    const what = 'tx';
    const { status, bytes } = await this.#get(`tx/${displayHash(txid)}.json`);
    if (status !== 200) return undefined;
    const { blockhash } = this.#answers.record(this.#answers.json(bytes, what), what);
    if (blockhash === undefined) return undefined;
    const hash = this.#answers.hash(blockhash, what);
    const height = await this.#heightOf(hash);
    const best = await this.#hashAt(height);
    return best !== undefined && bytesEqual(best, hash) ? { height, hash } : undefined;
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  /** `undefined` if the best chain changed in between. */
  async #readHeaders(from: number, count: number): Promise<ForeignHeader[] | undefined> {
    const wanted = Math.min(count, (await this.tip()).height - from + 1);
    if (wanted <= 0) return [];
    let next = await this.#hashAt(from);
    const headers: ForeignHeader[] = [];
    while (next !== undefined && headers.length < wanted) {
      // Each page begins with the last header of the one before.
      const known = headers.length === 0 ? 0 : 1;
      const most = Math.min(PAGE, wanted - headers.length + known);
      const page = await this.#page(next, from + headers.length - known, most);
      if (page.length < most) return undefined;
      headers.push(...page.slice(known));
      next = headers.at(-1)?.hash;
    }
    return headers.length === wanted ? headers : undefined;
  }

  /** Linked headers from the one of `hash` on; none if the node does not have it in its best chain. */
  async #page(hash: Uint8Array, height: number, most: number): Promise<ForeignHeader[]> {
    const what = `headers from ${displayHash(hash)}`;
    const { bytes } = this.#found(await this.#getHeaders(hash, most), what);
    if (bytes.length % HEADER_BYTES !== 0) throw this.#answers.fault(`${what} end within a header`);
    if (bytes.length > most * HEADER_BYTES) throw this.#answers.fault(`${what} are more than ${most}`);
    const headers: ForeignHeader[] = [];
    for (let at = 0; at < bytes.length; at += HEADER_BYTES) {
      const raw = bytes.slice(at, at + HEADER_BYTES);
      const header = this.#answers.header(raw, height + headers.length, what);
      const before = headers.at(-1);
      const fits =
        before === undefined ? bytesEqual(header.hash, hash) : bytesEqual(header.parentHash, before.hash);
      if (!fits)
        throw this.#answers.fault(`${what} are other ones, or not linked`, { height: header.height });
      headers.push(header);
    }
    return headers;
  }

  async #getHeaders(hash: Uint8Array, count: number): Promise<HttpAnswer> {
    const id = displayHash(hash);
    const most = count * HEADER_BYTES + 1024;
    if (!this.#countInPath) {
      const answer = await this.#get(`headers/${id}.bin?count=${count}`, most);
      if (answer.status !== 400) return answer;
    }
    const answer = await this.#get(`headers/${count}/${id}.bin`, most);
    this.#countInPath ||= answer.ok;
    return answer;
  }

  /** Hash of a block of the best chain. */
  async #hashAt(height: number): Promise<Uint8Array | undefined> {
    const what = 'blockhashbyheight';
    const answer = await this.#get(`${what}/${height}.hex`, SMALL_BYTES);
    if (answer.status === 404) return undefined;
    const { bytes } = this.#found(answer, what);
    return this.#answers.hash(new TextDecoder().decode(bytes).trim(), what);
  }

  async #heightOf(hash: Uint8Array): Promise<number> {
    const known = this.#heights.get(hash);
    if (known !== undefined) return known;
    const what = 'block/notxdetails';
    const answer = await this.#get(`${what}/${displayHash(hash)}.json`, BLOCK_JSON_BYTES);
    const block = this.#answers.record(this.#answers.json(this.#found(answer, what).bytes, what), what);
    const height = this.#answers.height(block.height, what);
    this.#heights.set(hash, height);
    return height;
  }

  #found(answer: HttpAnswer, what: string): HttpAnswer {
    if (answer.ok) return answer;
    throw this.#unavailable(`answered ${what} with HTTP ${answer.status}`);
  }

  /** Answers that say something of the chain: 200, 400 and 404. */
  async #get(path: string, maxBytes?: number): Promise<HttpAnswer> {
    const answer = await this.#http.read(this.#base + path, maxBytes === undefined ? {} : { maxBytes });
    const { status } = answer;
    if (status === 200 || status === 400 || status === 404) return answer;
    throw this.#unavailable(`answered HTTP ${status}`);
  }

  #unavailable(problem: string): SourceUnavailableError {
    return new SourceUnavailableError(this.name, problem);
  }
}

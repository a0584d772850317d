import { bytesEqual, ZERO32 } from '../../../proofs/bytes.js';
import type { ForeignHeader } from '../../types.js';
import { displayHash } from '../rules/checks.js';
import { encodeHeader } from '../rules/header.js';
import type { Answers } from './answers.js';
import type { EsploraClient } from './esploraClient.js';

/** Requests under way at once. */
const CONCURRENCY = 4;
const PAGE_BYTES = 2 ** 20;
const HEADER_TEXT_BYTES = 4096;
/** Blocks of one page that are looked at. Servers give 10 or 15. */
const MOST_OF_A_PAGE = 1000;
const PAGE_PATHS: readonly string[] = ['blocks', 'v1/blocks'];

/**
 * Reads runs of headers from Esplora: by pages of newest blocks first, of whatever length the server gives, and one by one where
 * it has no pages. Each header is rebuilt, and is of the hash that it is said to have.
 */
export class EsploraHeaders {
  /** Which path has the pages; `undefined` once none did. */
  #pages: string | undefined = PAGE_PATHS[0];

  constructor(
    readonly client: EsploraClient,
    readonly answers: Answers,
    readonly hashAt: (height: number) => Promise<Uint8Array | undefined>,
  ) {}

  /** A linked run, or `undefined` if the best chain changed in between. @param count at least 1 */
  async read(from: number, count: number): Promise<ForeignHeader[] | undefined> {
    const found = new Map<number, ForeignHeader>();
    const last = from + count - 1;
    const first = await this.#page(last);
    if (first === undefined) return undefined;
    for (const header of first) found.set(header.height, header);
    const step = first.length;
    const starts: number[] = [];
    for (let height = last - step; height >= from; height -= step) starts.push(height);
    let gone = false;
    await inParallel(starts, async (start) => {
      const lowest = Math.max(from, start - step + 1);
      for (let height = start; height >= lowest && !gone; ) {
        const page = await this.#page(height);
        if (page === undefined) gone = true;
        else {
          for (const header of page) found.set(header.height, header);
          height -= page.length;
        }
      }
    });
    return gone ? undefined : link(found, from, count);
  }

  /** At least one header, the newest at `height`; `undefined` if there is none. */
  async #page(height: number): Promise<ForeignHeader[] | undefined> {
    while (this.#pages !== undefined) {
      const path = this.#pages;
      const bytes = await this.client.get(`${path}/${height}`, PAGE_BYTES);
      if (bytes !== undefined) return this.#decode(bytes, height);
      // A server without such pages, or without this block.
      if ((await this.hashAt(height)) === undefined) return undefined;
      if (this.#pages === path) this.#pages = PAGE_PATHS[PAGE_PATHS.indexOf(path) + 1];
    }
    const header = await this.#single(height);
    return header === undefined ? undefined : [header];
  }

  /**
   * `undefined` too where the page begins below: a mempool server answers from its own newest block down for heights that it
   * has not worked through yet, though its node tells them (mempool `backend/src/api/blocks.ts`, `$getBlocks`).
   */
  #decode(bytes: Uint8Array, top: number): ForeignHeader[] | undefined {
    const what = `blocks from ${top}`;
    const page = this.answers.json(bytes, what);
    if (!Array.isArray(page)) throw this.answers.fault(`${what} gave no list`);
    if (page.length > 0 && this.#heightOf(page[0], what) < top) return undefined;
    const headers = page.slice(0, MOST_OF_A_PAGE).map((one: unknown, i) => this.#rebuild(one, top - i, what));
    return headers.length === 0 ? undefined : headers;
  }

  #rebuild(value: unknown, height: number, what: string): ForeignHeader {
    const { answers } = this;
    const block = answers.record(value, what);
    if (this.#heightOf(block, what) !== height)
      throw answers.fault(`${what} are not of consecutive heights`, { height });
    const id = answers.hash(block.id, what);
    const previous = block.previousblockhash ?? undefined;
    const raw = encodeHeader({
      version: this.#version(block.version, what),
      parentHash: previous === undefined ? ZERO32 : answers.hash(previous, what),
      merkleRoot: answers.hash(block.merkle_root, what),
      time: answers.number(block.timestamp, what, 0xffffffff),
      bits: answers.number(block.bits, what, 0xffffffff),
      nonce: answers.number(block.nonce, what, 0xffffffff),
    });
    return this.#of(answers.header(raw, height, what), id, what);
  }

  #heightOf(block: unknown, what: string): number {
    return this.answers.height(this.answers.record(block, what).height, what);
  }

  /** Signed or not, as servers differ. */
  #version(value: unknown, what: string): number {
    if (typeof value === 'number' && Number.isInteger(value) && value < 0 && value >= -(2 ** 31))
      return value;
    return this.answers.number(value, what, 0xffffffff);
  }

  async #single(height: number): Promise<ForeignHeader | undefined> {
    const hash = await this.hashAt(height);
    if (hash === undefined) return undefined;
    const bytes = await this.client.get(`block/${displayHash(hash)}/header`, HEADER_TEXT_BYTES);
    if (bytes === undefined) return undefined;
    const raw = this.answers.hex(new TextDecoder().decode(bytes).trim(), 'block header');
    return this.#of(this.answers.header(raw, height, 'block header'), hash, 'block header');
  }

  #of(header: ForeignHeader, hash: Uint8Array, what: string): ForeignHeader {
    if (bytesEqual(header.hash, hash)) return header;
    throw this.answers.fault(`${what} gave another header than that of ${displayHash(hash)}`, {
      height: header.height,
    });
  }
}

function link(
  found: ReadonlyMap<number, ForeignHeader>,
  from: number,
  count: number,
): ForeignHeader[] | undefined {
  const headers: ForeignHeader[] = [];
  for (let height = from; height < from + count; height++) {
    const header = found.get(height);
    const before = headers.at(-1);
    if (header === undefined || (before !== undefined && !bytesEqual(header.parentHash, before.hash)))
      return undefined;
    headers.push(header);
  }
  return headers;
}

/** The first failure ends all. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    for (let item = items[next++]; item !== undefined && !failed; item = items[next++]) {
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}

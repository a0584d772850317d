import { type FileHandle, open } from 'node:fs/promises';
import { bytesEqual } from '../../../proofs/bytes.js';
import { SourceUnavailableError } from '../../errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { displayHash } from '../rules/checks.js';
import { foreignHeader, HEADER_BYTES } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { Answers } from './answers.js';

export interface HeadersFileOptions {
  /** Chain name, such as `bitcoin-mainnet`. */
  readonly chain: string;
  /** Raw 80-byte headers, one after another. */
  readonly path: string;
  /** Where the file may begin, with this block or with the one after it, instead of the genesis block. */
  readonly checkpoint?: { readonly height: number; readonly hash: Uint8Array } | undefined;
  /** Default 8 million: more than Bitcoin will have for a century. */
  readonly maxHeaders?: number;
  /** For logs, metrics and errors, and told by the API. Default: chain and path. */
  readonly name?: string | undefined;
}

/** Headers that are read at once: 640 kB. */
const CHUNK = 8192;

/** What is known of the file once its headers were linked. */
interface Content {
  /** Identity and state of the file when it was read. */
  readonly inode: number;
  readonly changed: number;
  readonly size: number;
  /** Height of the first header. */
  readonly base: number;
  readonly last: ForeignHeader;
}

/**
 * Reads headers from a file that may grow, or be replaced, while it is read. A last header that is not whole yet is left for later.
 * Headers name their parents by hash, so an unchanged last header means that none before it changed.
 */
export class HeadersFileSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly #options: HeadersFileOptions;
  readonly #answers: Answers;
  readonly #maxHeaders: number;
  #content: Content | undefined;
  /** One at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @throws UnknownNetworkError */
  constructor(options: HeadersFileOptions) {
    bitcoinNetwork(options.chain);
    this.chain = options.chain;
    this.name = options.name ?? `${options.chain} headers file ${options.path}`;
    this.#options = options;
    this.#answers = new Answers(this.name);
    this.#maxHeaders = options.maxHeaders ?? 8_000_000;
  }

  async check(): Promise<void> {
    await this.#withFile(async () => undefined);
  }

  tip(): Promise<SourceTip> {
    return this.#withFile(async (_, { last }) => ({ height: last.height, hash: last.hash }));
  }

  /** Bitcoin calls nothing final. */
  async finalized(): Promise<undefined> {
    return undefined;
  }

  headers(from: number, count: number): Promise<ForeignHeader[]> {
    return this.#withFile(async (file, { base, last }) => {
      if (from < base) throw this.#unavailable(`begins with block ${base}`);
      const wanted = Math.min(count, last.height - from + 1);
      if (wanted <= 0) return [];
      const headers: ForeignHeader[] = [];
      for await (const header of this.#read(file, base, from - base, wanted)) headers.push(header);
      const end = headers.at(-1);
      if (end?.height === last.height && !bytesEqual(end.hash, last.hash))
        throw this.#unavailable('changes while we read it');
      return headers;
    });
  }

  async block(hash: Uint8Array): Promise<ForeignBlock> {
    throw this.#unavailable(`a headers file has no blocks, nor block ${displayHash(hash)}`);
  }

  /** A headers file has no transactions. */
  async findTransaction(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #withFile<T>(work: (file: FileHandle, content: Content) => Promise<T>): Promise<T> {
    const run = this.#turn.then(async () => {
      if (this.#closed) throw this.#unavailable('is closed');
      const file = await this.#open();
      try {
        this.#content = await this.#refresh(file);
        return await work(file, this.#content);
      } finally {
        await file.close();
      }
    });
    // The caller sees the failure; the next one only waits for the end of this one.
    const done = () => undefined;
    this.#turn = run.then(done, done);
    return run;
  }

  async #open(): Promise<FileHandle> {
    try {
      return await open(this.#options.path, 'r');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new SourceUnavailableError(this.name, `cannot be read (${code})`, error);
    }
  }

  async #refresh(file: FileHandle): Promise<Content> {
    const { ino: inode, mtimeMs: changed, size } = await file.stat();
    const known = this.#content;
    if (known !== undefined && known.inode === inode && known.changed === changed && known.size === size)
      return known;
    const count = Math.floor(size / HEADER_BYTES);
    if (count === 0) throw this.#unavailable('has no header yet');
    if (count > this.#maxHeaders) throw this.#answers.fault(`has more than ${this.#maxHeaders} headers`);
    const [firstRaw] = await this.#bytes(file, 0, 1);
    const base = this.#baseOf(foreignHeader(firstRaw ?? new Uint8Array(0), 0));
    let last: ForeignHeader | undefined;
    const kept =
      known !== undefined && known.base === base ? await this.#stillThere(file, known, count) : undefined;
    const start = kept === undefined ? 0 : kept.height - base;
    for await (const header of this.#read(file, base, start, count - start)) last = header;
    if (last === undefined) throw this.#unavailable('changes while we read it');
    return { inode, changed, size, base, last };
  }

  /** The last known header, if it is where it was. */
  async #stillThere(
    file: FileHandle,
    { base, last }: Content,
    count: number,
  ): Promise<ForeignHeader | undefined> {
    if (last.height - base >= count) return undefined;
    const [raw] = await this.#bytes(file, last.height - base, 1);
    return raw !== undefined && bytesEqual(raw, last.raw) ? last : undefined;
  }

  /** Height of the file's first header. @throws SourceFaultError for another network */
  #baseOf(first: ForeignHeader): number {
    const { checkpoint } = this.#options;
    const { genesisHash } = bitcoinNetwork(this.chain);
    if (bytesEqual(first.hash, genesisHash)) return 0;
    if (checkpoint !== undefined) {
      if (bytesEqual(first.hash, checkpoint.hash)) return checkpoint.height;
      if (bytesEqual(first.parentHash, checkpoint.hash)) return checkpoint.height + 1;
    }
    const where = checkpoint === undefined ? '' : ` or checkpoint, block ${checkpoint.height}`;
    throw this.#answers.fault(`is not on ${this.chain}: it does not begin at its genesis block${where}`, {
      actual: displayHash(first.hash),
    });
  }

  /** Linked headers from place `at` in the file. @throws SourceFaultError where one does not link */
  async *#read(file: FileHandle, base: number, at: number, count: number): AsyncGenerator<ForeignHeader> {
    let before: ForeignHeader | undefined;
    for (let done = 0; done < count; ) {
      const raws = await this.#bytes(file, at + done, Math.min(CHUNK, count - done));
      for (const raw of raws) {
        const header = foreignHeader(raw, base + at + done);
        if (before !== undefined && !bytesEqual(header.parentHash, before.hash))
          throw this.#answers.fault(`its header ${header.height} does not follow the one before it`, {
            height: header.height,
          });
        yield header;
        before = header;
        done++;
      }
    }
  }

  /** Raw headers. @throws SourceUnavailableError if the file became shorter */
  async #bytes(file: FileHandle, at: number, count: number): Promise<Uint8Array[]> {
    const buffer = new Uint8Array(count * HEADER_BYTES);
    for (let done = 0; done < buffer.length; ) {
      const { bytesRead } = await file.read(buffer, done, buffer.length - done, at * HEADER_BYTES + done);
      if (bytesRead === 0) throw this.#unavailable('became shorter while we read it');
      done += bytesRead;
    }
    return Array.from({ length: count }, (_, i) => buffer.slice(i * HEADER_BYTES, (i + 1) * HEADER_BYTES));
  }

  #unavailable(problem: string): SourceUnavailableError {
    return new SourceUnavailableError(this.name, problem);
  }
}

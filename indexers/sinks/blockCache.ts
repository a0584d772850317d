import { keccak_256 } from '@noble/hashes/sha3.js';
import { SourceFaultError, SourceUnavailableError } from '../../adapters/errors.js';
import type { AccountNodes, ForeignBlock, Source, SourceTip } from '../../adapters/source.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { SourceTimeoutError } from '../follow/errors.js';
import { Lru } from '../lru.js';

export interface BlockCacheOptions {
  readonly sources: ReadonlyMap<string, readonly Source[]>;
  /** Default 64 MiB. */
  readonly maxBytes?: number;
  /** How long one source may take. Default 30 seconds. */
  readonly timeoutMs?: number;
  /** Told of each source that failed, whether another one answered or not. */
  readonly onFailure?: (chain: string, source: Source, error: unknown) => void;
}

/** Blocks by hash, from memory or from whichever source answers; bounded, and one fetch a block at a time. */
export class BlockCache {
  readonly #sources: ReadonlyMap<string, readonly Source[]>;
  readonly #timeoutMs: number;
  readonly #onFailure: BlockCacheOptions['onFailure'];
  readonly #blocks: Lru<string, ForeignBlock>;
  readonly #fetching = new Map<string, Promise<ForeignBlock>>();
  /** Which source answered last: it is asked first. */
  readonly #preferred = new Map<string, Source>();

  constructor(options: BlockCacheOptions) {
    this.#sources = options.sources;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#onFailure = options.onFailure;
    this.#blocks = new Lru(options.maxBytes ?? 64 * 2 ** 20, blockBytes);
  }

  /**
   * The whole block.
   * @param blockHash internal byte order
   * @throws SourceUnavailableError if no source has it
   */
  get(chain: string, blockHash: Uint8Array): Promise<ForeignBlock> {
    return this.#get(chain, blockHash, true);
  }

  /** As `get`, but does not keep it: for whoever reads many blocks once, and must not push out those that proofs need. */
  fetch(chain: string, blockHash: Uint8Array): Promise<ForeignBlock> {
    return this.#get(chain, blockHash, false);
  }

  async #get(chain: string, blockHash: Uint8Array, keep: boolean): Promise<ForeignBlock> {
    const key = `${chain}/${toBareHex(blockHash)}`;
    const cached = this.#blocks.get(key);
    if (cached !== undefined) return cached;
    const running = this.#fetching.get(key);
    if (running !== undefined) {
      const block = await running;
      if (keep) this.#blocks.set(key, block);
      return block;
    }
    const fetched = this.#ask(chain, 'block', async (source) => {
      const block = await source.block(blockHash);
      if (!bytesEqual(block.header.hash, blockHash))
        throw new SourceFaultError(source.name, 'answered with another block', {
          height: block.header.height,
        });
      return block;
    });
    this.#fetching.set(key, fetched);
    try {
      const block = await fetched;
      if (keep) this.#blocks.set(key, block);
      return block;
    } finally {
      this.#fetching.delete(key);
    }
  }

  /** An account and slots of it in one block's state, from whichever source has it. @throws SourceUnavailableError if none has */
  proof(
    chain: string,
    address: Uint8Array,
    slots: readonly Uint8Array[],
    blockHash: Uint8Array,
  ): Promise<AccountNodes> {
    return this.#ask(chain, 'proof', (source) => {
      if (source.proof === undefined) throw new SourceUnavailableError(source.name, 'tells no state');
      return source.proof(address, slots, blockHash);
    });
  }

  /**
   * A contract's code in one block's state, from whichever source gives the right one.
   * @param codeHash Keccak-256 of it, as the account has it
   * @throws SourceUnavailableError if none has it; SourceFaultError if the last one asked gave another
   */
  code(chain: string, address: Uint8Array, blockHash: Uint8Array, codeHash: Uint8Array): Promise<Uint8Array> {
    return this.#ask(chain, 'code', async (source) => {
      if (source.code === undefined) throw new SourceUnavailableError(source.name, 'tells no state');
      const code = await source.code(address, blockHash);
      if (!bytesEqual(keccak_256(code), codeHash))
        throw new SourceFaultError(source.name, 'answered code of another hash than the account has');
      return code;
    });
  }

  /** The best-chain block that a source says contains the transaction: not checked here. @throws if no source answers */
  async findTransaction(chain: string, transactionHash: Uint8Array): Promise<SourceTip | undefined> {
    let answered = false;
    let failure: unknown = new SourceUnavailableError(chain, 'has no source');
    for (const source of this.#ordered(chain)) {
      try {
        const found = await this.#limited(source, 'findTransaction', source.findTransaction(transactionHash));
        if (found !== undefined) return found;
        answered = true;
      } catch (error) {
        failure = error;
      }
    }
    if (answered) return undefined;
    throw failure;
  }

  async #ask<T>(chain: string, what: string, call: (source: Source) => T | Promise<T>): Promise<T> {
    let failure: unknown = new SourceUnavailableError(chain, 'has no source');
    for (const source of this.#ordered(chain)) {
      try {
        const answer = await this.#limited(source, what, Promise.resolve(source).then(call));
        this.#preferred.set(chain, source);
        return answer;
      } catch (error) {
        failure = error;
        this.#onFailure?.(chain, source, error);
      }
    }
    throw failure;
  }

  #ordered(chain: string): readonly Source[] {
    const sources = this.#sources.get(chain) ?? [];
    const preferred = this.#preferred.get(chain);
    return preferred === undefined ? sources : [preferred, ...sources.filter((one) => one !== preferred)];
  }

  async #limited<T>(source: Source, what: string, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      const error = new SourceTimeoutError(source.name, what, this.#timeoutMs);
      timer = setTimeout(() => reject(error), this.#timeoutMs);
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function blockBytes(block: ForeignBlock): number {
  const sum = (parts: readonly Uint8Array[] | undefined) =>
    (parts ?? []).reduce((total, part) => total + part.length, 0);
  const lists = sum(block.transactions) + sum(block.receipts) + sum(block.withdrawals);
  return 1024 + (block.rawBlock?.length ?? 0) + lists + 96 * block.transactionHashes.length;
}

import { bytesEqual } from '../../../proofs/bytes.js';
import type { Checkpoint } from '../../../proofs/containers/spec.js';
import { sha256d, sha256dMany } from '../../../proofs/hash/hasher.js';
import { HeaderRuleError } from '../../errors.js';
import { checkHeader, displayHash, type HeaderContext } from './checks.js';
import { assertWholeHeaders, bitsAt, HEADER_BYTES, timeAt } from './header.js';
import { RollingMedian } from './medianTime.js';
import type { BitcoinNetwork } from './networks.js';
import { periodStartHeight } from './parameters.js';
import { mayBeEasy } from './retarget.js';
import { workOfBits } from './target.js';

/** Headers hashed at once. */
const RUN_BYTES = 1024 * HEADER_BYTES;

/** Where a run of headers begins. */
export type RunStart =
  /** At the genesis block. */
  | { readonly kind: 'genesis' }
  /** With the checkpoint's own block, or the one after it. */
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  /** At a height, with a first header taken on trust; work counts from there. */
  | { readonly kind: 'trusted'; readonly height: number };

/**
 * Checks headers one after another by all rules, remembering only what the next one needs: eleven times, the
 * period's start, the last header. Same rule functions as `validateHeader`, for a whole run at a time.
 */
export class HeaderChainValidator implements HeaderContext {
  readonly #network: BitcoinNetwork;
  readonly #start: RunStart;
  #median: RollingMedian;
  #startHeight: number;
  #height: number;
  #parentHash: Uint8Array | undefined;
  #parentTime: number | undefined;
  #parentBits: number | undefined;
  #periodStartTime: number | undefined;
  #periodStartBits: number | undefined;
  #work = 0n;
  /** Blocks of `#parentBits` whose work is not in `#work` yet. */
  #uncounted = 0;
  #count = 0;

  constructor(network: BitcoinNetwork, start: RunStart) {
    this.#network = network;
    this.#start = start;
    this.#height =
      start.kind === 'genesis' ? 0 : start.kind === 'trusted' ? start.height : start.checkpoint.height;
    this.#startHeight = this.#height;
    this.#median = new RollingMedian(this.#height === 0);
  }

  /** Height of the next header. */
  get height(): number {
    return this.#height;
  }
  get parentHash(): Uint8Array | undefined {
    return this.#parentHash;
  }
  get parentTime(): number | undefined {
    return this.#parentTime;
  }
  get parentBits(): number | undefined {
    return this.#parentBits;
  }
  get periodStartTime(): number | undefined {
    return this.#periodStartTime;
  }
  get periodStartBits(): number | undefined {
    return this.#periodStartBits;
  }
  get medianTime(): number | undefined {
    return this.#median.value;
  }
  /** Headers accepted so far. */
  get count(): number {
    return this.#count;
  }
  /** Height of the first header of the run. */
  get startHeight(): number {
    return this.#startHeight;
  }
  /** Work of all accepted headers, on top of the checkpoint's. */
  get work(): bigint {
    return this.#work + BigInt(this.#uncounted) * workOfBits(this.#parentBits ?? 0);
  }
  /** Hash of the last accepted header, internal byte order. */
  get tipHash(): Uint8Array | undefined {
    return this.#count === 0 ? undefined : this.#parentHash;
  }

  /**
   * Checks and accepts the 80-byte header in `bytes` at `at`. A header that is refused changes nothing.
   * @param now Unix seconds
   * @throws HeaderRuleError, HeaderTooEarlyError
   */
  push(bytes: Uint8Array, at: number, now: number): void {
    this.#push(bytes, at, sha256d(bytes.subarray(at, at + HEADER_BYTES)), now);
  }

  /**
   * `push` for headers written one after another, hashed many at a time. Those before a refused one stay accepted.
   * @param bytes a multiple of 80 bytes
   * @param now Unix seconds
   * @throws HeaderRuleError, HeaderTooEarlyError, MalformedInputError on leftover bytes
   */
  pushMany(bytes: Uint8Array, now: number): void {
    assertWholeHeaders(bytes);
    for (let from = 0; from < bytes.length; from += RUN_BYTES) {
      const run = bytes.subarray(from, from + RUN_BYTES);
      const hashes = sha256dMany(run, HEADER_BYTES);
      for (let at = 0, hashAt = 0; at < run.length; at += HEADER_BYTES, hashAt += 32)
        this.#push(run, at, hashes.subarray(hashAt, hashAt + 32), now);
    }
  }

  #push(bytes: Uint8Array, at: number, hash: Uint8Array, now: number): void {
    if (this.#count === 0) this.#begin(hash);
    // The genesis block is valid by definition: its hash was compared.
    if (this.#height > 0) checkHeader(this.#network.rules, this, bytes, at, hash, now);
    this.#accept(hash, timeAt(bytes, at), bitsAt(bytes, at));
  }

  #begin(hash: Uint8Array): void {
    const { genesisHash, genesisHeader, name } = this.#network;
    if (this.#start.kind === 'checkpoint') {
      const { checkpoint } = this.#start;
      const isCheckpoint = bytesEqual(hash, checkpoint.hash);
      this.#height = isCheckpoint ? checkpoint.height : checkpoint.height + 1;
      this.#startHeight = this.#height;
      this.#work = checkpoint.work;
      this.#parentHash = isCheckpoint ? undefined : checkpoint.hash;
      // A first header that was refused may have been taken for the one after the genesis block.
      this.#parentTime = undefined;
      this.#parentBits = undefined;
      this.#median = new RollingMedian(this.#height === 0);
      this.#periodStartTime = checkpoint.periodStartTime || undefined;
      this.#periodStartBits = checkpoint.periodStartBits || undefined;
      if (this.#height === 1 && bytesEqual(checkpoint.hash, genesisHash)) {
        this.#median = new RollingMedian(true);
        this.#remember(0, genesisHash, timeAt(genesisHeader), bitsAt(genesisHeader));
      }
    }
    if (this.#height === 0 && !bytesEqual(hash, genesisHash)) {
      throw new HeaderRuleError(
        'bad-genesis',
        0,
        displayHash(hash),
        `first header is not the genesis of ${name}`,
      );
    }
  }

  #accept(hash: Uint8Array, time: number, bits: number): void {
    const start = this.#start;
    if (bits !== this.#parentBits) {
      this.#work = this.work;
      this.#uncounted = 0;
    }
    // The checkpoint's work already includes its own block.
    if (start.kind !== 'checkpoint' || this.#height !== start.checkpoint.height) this.#uncounted++;
    this.#remember(this.#height, hash, time, bits);
    this.#height++;
    this.#count++;
  }

  #remember(height: number, hash: Uint8Array, time: number, bits: number): void {
    const { rules } = this.#network;
    if (periodStartHeight(rules, height) === height) {
      this.#periodStartTime = time;
      this.#periodStartBits = bits;
    } else if (bits !== rules.powLimitBits || !mayBeEasy(rules, this.#parentTime, time)) {
      // Any block that is not of easiest target by the twenty-minute rule has its period's bits.
      this.#periodStartBits = bits;
    }
    this.#parentHash = hash;
    this.#parentTime = time;
    this.#parentBits = bits;
    this.#median.push(time);
  }
}

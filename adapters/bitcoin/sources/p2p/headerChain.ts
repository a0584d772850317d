import { bytesEqual } from '../../../../proofs/bytes.js';
import { MAX_LOCATOR } from '../../p2p/limits.js';

/** Hashes of one piece: 2 MiB. Pieces are added as the chain grows, none is copied. */
const PIECE = 65_536;
/** Hashes one below another at the head of a locator (Bitcoin Core `LocatorEntries`). */
const DENSE = 10;

export interface HeaderChainOptions {
  /** Height and hash of the first block, which is trusted. */
  readonly base: { readonly height: number; readonly hash: Uint8Array };
  /** Raw headers that are kept, the newest. */
  readonly cached: number;
}

/**
 * What a peer says its best chain is: 32 bytes a block, and the last raw headers. Hashes in internal byte order. It only
 * holds; whoever appends has checked the link.
 */
export class HeaderChain {
  readonly baseHeight: number;
  readonly #pieces: Uint32Array[] = [];
  readonly #raws = new Map<number, Uint8Array>();
  readonly #cached: number;
  #length = 0;

  constructor({ base, cached }: HeaderChainOptions) {
    this.baseHeight = base.height;
    this.#cached = cached;
    this.append(base.hash);
  }

  get tipHeight(): number {
    return this.baseHeight + this.#length - 1;
  }

  get tipHash(): Uint8Array {
    return this.#hashAt(this.#length - 1);
  }

  /** Memory of hashes and raw headers, in bytes. */
  get bytes(): number {
    return this.#pieces.length * PIECE * 32 + this.#raws.size * 80;
  }

  /** `undefined` below the base and above the tip. */
  hash(height: number): Uint8Array | undefined {
    const index = height - this.baseHeight;
    return index < 0 || index >= this.#length ? undefined : this.#hashAt(index);
  }

  /** The raw header at a height, where it is still held. */
  raw(height: number): Uint8Array | undefined {
    return this.#raws.get(height);
  }

  /** Holds a copy of a raw header of the chain, such as that of the base. */
  keep(height: number, raw: Uint8Array): void {
    this.#raws.set(height, raw.slice());
  }

  /** Adds the block after the tip. */
  append(hash: Uint8Array, raw?: Uint8Array): void {
    const within = this.#length % PIECE;
    const number = (this.#length - within) / PIECE;
    const piece = this.#pieces[number] ?? new Uint32Array(PIECE * 8);
    this.#pieces[number] = piece;
    new Uint8Array(piece.buffer, within * 32, 32).set(hash);
    const height = this.baseHeight + this.#length++;
    if (raw === undefined) return;
    this.keep(height, raw);
    // That of the base stays: no peer is asked for it again.
    if (height - this.#cached > this.baseHeight) this.#raws.delete(height - this.#cached);
  }

  /** Forgets everything above a height. @param height at least that of the base */
  truncate(height: number): void {
    for (let at = this.tipHeight; at > height && this.#raws.delete(at); at--);
    this.#length = Math.min(this.#length, Math.max(1, height - this.baseHeight + 1));
    this.#pieces.length = Math.ceil(this.#length / PIECE);
  }

  /**
   * Height of a hash, searched from the tip down: a few milliseconds for a million blocks.
   * @param depth how many blocks are looked at; by default all
   */
  find(hash: Uint8Array, depth = this.#length): number | undefined {
    const first = new DataView(hash.buffer, hash.byteOffset, 4).getUint32(0, LITTLE_ENDIAN);
    const end = Math.max(0, this.#length - depth);
    for (let index = this.#length - 1; index >= end; index--) {
      const piece = this.#pieces[Math.floor(index / PIECE)];
      if (piece?.[(index % PIECE) * 8] === first && bytesEqual(this.#hashAt(index), hash))
        return this.baseHeight + index;
    }
    return undefined;
  }

  /** Hashes from `height` down, ten one below another, then in doubling steps, the base last: at most 101. */
  locator(height = this.tipHeight): Uint8Array[] {
    const hashes: Uint8Array[] = [];
    let step = 1;
    for (let index = height - this.baseHeight; index > 0 && hashes.length < MAX_LOCATOR - 1; index -= step) {
      hashes.push(this.#hashAt(index));
      if (hashes.length >= DENSE) step *= 2;
    }
    hashes.push(this.#hashAt(0));
    return hashes;
  }

  #hashAt(index: number): Uint8Array {
    const piece = this.#pieces[Math.floor(index / PIECE)];
    if (piece === undefined) throw new RangeError(`no block ${index} above the base`);
    return new Uint8Array(piece.buffer, (index % PIECE) * 32, 32).slice();
  }
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

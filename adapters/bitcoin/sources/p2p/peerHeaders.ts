import { bytesEqual, concatBytes, toBareHex } from '../../../../proofs/bytes.js';
import { sha256d, sha256dMany } from '../../../../proofs/hash/hasher.js';
import { SourceFaultError } from '../../../errors.js';
import { displayHash, workProblem } from '../../rules/checks.js';
import { bitsAt, HEADER_BYTES, linksTo } from '../../rules/header.js';
import type { BitcoinNetwork } from '../../rules/networks.js';
import { HeightMemo } from '../heights.js';
import { HeaderChain, type HeaderChainOptions } from './headerChain.js';

export interface PeerHeadersOptions extends HeaderChainOptions {
  /** Of the source, for errors. */
  readonly name: string;
  readonly network: BitcoinNetwork;
  /** How many blocks above the base are believed at most, at this time. */
  readonly maxBlocks: () => number;
}

/** What a peer's headers changed. */
export interface Accepted {
  /** Height of the block that they build on. */
  readonly parentHeight: number;
  /** Internal byte order, one for each header. */
  readonly hashes: readonly Uint8Array[];
  /** How many were not known. */
  readonly added: number;
}

/**
 * A peer's best chain as it tells it. Each header must meet its own target, within the network's limit, and build on the
 * one before, so that bytes which cost nothing to make cost no memory. The other rules are whose who follow the chain.
 */
export class PeerHeaders {
  readonly chain: HeaderChain;
  readonly #options: PeerHeadersOptions;
  /** Of blocks that have left the chain. */
  readonly #left = new HeightMemo();

  constructor(options: PeerHeadersOptions) {
    this.#options = options;
    this.chain = new HeaderChain(options);
  }

  /** Height of a block that is, or not long ago was, in the chain. */
  heightOf(hash: Uint8Array): number | undefined {
    return this.chain.find(hash) ?? this.#left.get(hash);
  }

  /**
   * Height of the block that a header builds on. Looked for only if the header has its work: the search through a long chain
   * takes a thousand times as long as a header without work takes to make.
   * @throws SourceFaultError
   */
  parentHeight(raw: Uint8Array): number | undefined {
    this.#checkWork(raw, sha256d(raw));
    return this.chain.find(raw.subarray(4, 36));
  }

  /**
   * Takes headers that follow one another. Where they leave the known chain, that ends and they go on.
   * @param raws at least one
   * @returns `undefined` if the first builds on no known block: nothing was looked at then
   * @throws SourceFaultError
   */
  accept(raws: readonly Uint8Array[]): Accepted | undefined {
    const [first] = raws;
    const parentHeight = first === undefined ? undefined : this.parentHeight(first);
    if (parentHeight === undefined) return undefined;
    const hashes = this.#check(raws, parentHeight);
    const known = hashes.findIndex((hash, i) => !this.#isAt(parentHeight + 1 + i, hash));
    if (known === -1) return { parentHeight, hashes, added: 0 };
    this.truncate(parentHeight + known);
    for (let i = known; i < raws.length; i++) {
      const hash = hashes[i];
      if (hash !== undefined) this.chain.append(hash, raws[i]);
    }
    return { parentHeight, hashes, added: raws.length - known };
  }

  /** Forgets all above a height; the heights of the last blocks are remembered. */
  truncate(height: number): void {
    const { chain } = this;
    const from = Math.max(height, chain.baseHeight);
    for (let at = Math.max(from + 1, chain.tipHeight - 4000); at <= chain.tipHeight; at++) {
      const hash = chain.hash(at);
      if (hash !== undefined) this.#left.set(hash, at);
    }
    chain.truncate(from);
  }

  #isAt(height: number, hash: Uint8Array): boolean {
    const known = this.chain.hash(height);
    return known !== undefined && bytesEqual(known, hash);
  }

  #check(raws: readonly Uint8Array[], parentHeight: number): Uint8Array[] {
    const { name, network, maxBlocks } = this.#options;
    const digests = sha256dMany(concatBytes(...raws), HEADER_BYTES);
    const hashes: Uint8Array[] = [];
    for (const [i, raw] of raws.entries()) {
      const height = parentHeight + 1 + i;
      const hash = digests.slice(32 * i, 32 * i + 32);
      const before = hashes.at(-1);
      if (before !== undefined && !linksTo(raw, 0, before))
        throw this.#fault('sends headers that do not build on one another', height, hash);
      this.#checkWork(raw, hash, height);
      hashes.push(hash);
    }
    if (parentHeight + raws.length - this.chain.baseHeight > maxBlocks())
      throw new SourceFaultError(name, `names more blocks than ${network.name} can have by now`, {
        height: parentHeight + raws.length,
      });
    return hashes;
  }

  /** @param height where it is known */
  #checkWork(raw: Uint8Array, hash: Uint8Array, height?: number): void {
    const problem = workProblem(this.#options.network.rules, bitsAt(raw), hash);
    if (problem !== undefined)
      throw this.#fault(`sends a header without proof of work: ${problem}`, height, hash);
  }

  #fault(problem: string, height: number | undefined, hash: Uint8Array): SourceFaultError {
    const where = height === undefined ? '' : `height ${height}, `;
    return new SourceFaultError(this.#options.name, `${problem} (${where}${displayHash(hash)})`, {
      ...(height === undefined ? {} : { height }),
      hash: toBareHex(hash),
    });
  }
}

/** Blocks that a network may have above any number by now, whatever the clocks say. */
const SPARE_BLOCKS = 20_000;
/** The same where blocks may be of minimum difficulty: storms brought 190,000 in weeks, and two million in a year and a half. 64 MiB of hashes. */
const SPARE_EASY_BLOCKS = 2 ** 21;
/** Where targets do not move, time is no measure: 32 MiB of hashes. */
const MAX_UNMEASURED = 2 ** 20;

/**
 * How many blocks above a block of the given time there can be, so that headers of little work cannot fill the memory:
 * targets keep a network near its spacing; with minimum-difficulty blocks a public test network was seen at six times its rate.
 * @param time of the block, Unix seconds
 * @param now Unix seconds
 */
export function plausibleBlocks({ rules }: BitcoinNetwork, time: number, now: number): number {
  if (!rules.retargets) return MAX_UNMEASURED;
  const expected = Math.max(0, now - time) / rules.targetSpacing;
  return rules.minDifficulty
    ? Math.ceil(expected * 8) + SPARE_EASY_BLOCKS
    : Math.ceil(expected * 1.25) + SPARE_BLOCKS;
}

import { bytesEqual } from '../../../../proofs/bytes.js';
import { MalformedInputError } from '../../../../proofs/errors/input.js';
import { sha256d } from '../../../../proofs/hash/hasher.js';
import { SourceUnavailableError } from '../../../errors.js';
import type { SourceTip } from '../../../source.js';
import type { Peer } from '../../p2p/handshake.js';
import { MAX_HEADERS } from '../../p2p/limits.js';
import { displayHash } from '../../rules/checks.js';
import { linksTo, timeAt } from '../../rules/header.js';
import type { BitcoinNetwork } from '../../rules/networks.js';
import type { HeaderChain } from './headerChain.js';
import { HeaderReader } from './headerReader.js';
import { PeerHeaders, plausibleBlocks } from './peerHeaders.js';

export interface HeaderFeedOptions {
  /** Of the source, for errors. */
  readonly name: string;
  readonly network: BitcoinNetwork;
  readonly base: {
    readonly height: number;
    readonly hash: Uint8Array;
    readonly header?: Uint8Array | undefined;
  };
  /** Raw headers that are kept. */
  readonly cached: number;
  /** Blocks above the base that are believed; by default what the network can have by now. */
  readonly maxHeaders: number | undefined;
  readonly requestMs: number;
  /** The peer, connected. */
  readonly peer: () => Promise<Peer>;
  /** Called with each good answer. */
  readonly onAnswer: () => void;
}

/** How long a caller waits for more than the first headers. */
const PATIENCE_MS = 1000;
/** After so long without news the peer is asked. */
const REFRESH_MS = 10_000;
/** An `inv` for one of so many newest blocks is no news. */
const RECENT = 16;

/** Keeps a peer's header chain: asks for all of it, then follows what the peer announces. */
export class HeaderFeed {
  readonly #options: HeaderFeedOptions;
  readonly #headers: PeerHeaders;
  readonly #reader: HeaderReader;
  #peer: Peer | undefined;
  /** The peer has answered since it was met. */
  #answered = false;
  /** Height of the tip that was last told. */
  #toldHeight = -1;
  #askedAt = Number.NEGATIVE_INFINITY;
  #syncing: Promise<void> | undefined;
  #again = false;
  /** A fault seen when asking for nobody in particular: told to the next caller. */
  #trouble: unknown;
  /** Callers that wait for the first headers. */
  #waiting: (() => void)[] = [];

  constructor(options: HeaderFeedOptions) {
    const { network, base, name } = options;
    this.#options = options;
    if (base.header !== undefined && !bytesEqual(sha256d(base.header), base.hash))
      throw new MalformedInputError('checkpoint header', 'is not that of the hash');
    const time = timeAt(base.header ?? network.genesisHeader);
    this.#headers = new PeerHeaders({
      name,
      network,
      base,
      cached: options.cached,
      maxBlocks: () => options.maxHeaders ?? plausibleBlocks(network, time, Date.now() / 1000),
    });
    if (base.header !== undefined) this.chain.keep(base.height, base.header);
    this.#reader = new HeaderReader(name, network, this.#headers, options.requestMs);
  }

  get chain(): HeaderChain {
    return this.#headers.chain;
  }

  /** A new connection. What its node has lost is forgotten: it would not say so by itself. */
  meet(peer: Peer): void {
    this.#peer = peer;
    this.#answered = false;
    if (peer.version.startHeight < this.chain.tipHeight) this.#headers.truncate(peer.version.startHeight);
  }

  announced(headers: readonly Uint8Array[]): void {
    if (this.#reader.announced(headers)) this.#refresh();
  }

  announcedHashes(hashes: readonly Uint8Array[]): void {
    const last = hashes.at(-1);
    if (last !== undefined && this.chain.find(last, RECENT) === undefined) this.#refresh();
  }

  /**
   * Resolves once the peer is connected and its first headers are there: all of them, if they come soon.
   * @throws SourceUnavailableError, SourceFaultError
   */
  async ready(): Promise<void> {
    const trouble = this.#trouble;
    this.#trouble = undefined;
    if (trouble !== undefined) throw trouble;
    await this.#options.peer();
    if (!this.#answered) {
      await Promise.race([this.#sync(), new Promise<void>((resolve) => this.#waiting.push(resolve))]);
      return;
    }
    if (performance.now() - this.#askedAt > REFRESH_MS) this.#refresh();
  }

  /** The newest block, or how far the first headers have come. @throws SourceUnavailableError, SourceFaultError */
  async tip(): Promise<SourceTip> {
    await this.ready();
    const { tipHeight: height, tipHash: hash } = this.chain;
    this.#toldHeight = height;
    return { height, hash };
  }

  /**
   * Raw headers from a height on, up to `count`, fewer at the tip.
   * @throws SourceUnavailableError, SourceFaultError
   */
  async read(from: number, count: number): Promise<Uint8Array[]> {
    await this.ready();
    const { baseHeight } = this.chain;
    if (from < baseHeight)
      throw new SourceUnavailableError(this.#options.name, `reads nothing below block ${baseHeight}`);
    // A long branch comes in pieces: until it is whole, the tip is below the one that was told.
    if (from > this.chain.tipHeight && from <= this.#toldHeight) throw this.#changing();
    // A reorganisation between two answers shows as a break; it is seldom there twice.
    const raws = (await this.#run(from, count)) ?? (await this.#run(from, count));
    if (raws === undefined) throw this.#changing();
    return raws;
  }

  #changing(): SourceUnavailableError {
    return new SourceUnavailableError(this.#options.name, 'its best chain changes while we read it');
  }

  /** Height of a block of the chain, or of one that was in it. @throws SourceUnavailableError, SourceFaultError */
  async heightOf(hash: Uint8Array): Promise<number> {
    await this.ready();
    let height = this.#headers.heightOf(hash);
    if (height === undefined) {
      await this.#sync();
      height = this.#headers.heightOf(hash);
    }
    if (height !== undefined) return height;
    throw new SourceUnavailableError(this.#options.name, `does not know block ${displayHash(hash)}`);
  }

  /** `undefined` if the chain changed in between. */
  async #run(from: number, count: number): Promise<Uint8Array[] | undefined> {
    const raws: Uint8Array[] = [];
    const last = Math.min(from + count - 1, this.chain.tipHeight);
    for (let height = from; height <= last; height = from + raws.length) {
      const raw = this.chain.raw(height);
      const more = raw === undefined ? await this.#fetch(height, last) : [raw];
      const before = raws.at(-1);
      const first = more?.[0];
      if (more === undefined || first === undefined) return undefined;
      if (before !== undefined && !linksTo(first, 0, sha256d(before))) return undefined;
      raws.push(...more);
    }
    return raws;
  }

  async #fetch(height: number, last: number): Promise<Uint8Array[] | undefined> {
    const peer = await this.#options.peer();
    const { chain } = this;
    if (height === chain.baseHeight) {
      const raw = await this.#reader.byHash(peer, this.#options.base.hash);
      chain.keep(height, raw);
      return [raw];
    }
    if (height > chain.tipHeight) return undefined;
    const stop = chain.hash(Math.min(last, height + MAX_HEADERS - 1));
    const { parentHeight, raws } = await this.#reader.after(peer, chain.locator(height - 1), stop);
    this.#options.onAnswer();
    if (raws.length === 0) {
      // It has lost what it told.
      this.#headers.truncate(chain.baseHeight);
      this.#refresh();
      return undefined;
    }
    return parentHeight === height - 1 ? raws.slice(0, last - height + 1) : undefined;
  }

  /** Asks for news, for nobody in particular: what goes wrong is told to the next caller. */
  #refresh(): void {
    this.#again = this.#syncing !== undefined;
    this.#sync().catch((error: unknown) => {
      // That it does not answer shows again at the next question; a fault does not.
      if (!(error instanceof SourceUnavailableError)) this.#trouble = error;
    });
  }

  /** Asks until the peer has no more. */
  #sync(): Promise<void> {
    this.#syncing ??= this.#ask().finally(() => {
      this.#syncing = undefined;
      // They know by the end itself, and why.
      this.#waiting = [];
    });
    return this.#syncing;
  }

  async #ask(): Promise<void> {
    for (;;) {
      this.#again = false;
      this.#askedAt = performance.now();
      const peer = await this.#options.peer();
      const { raws } = await this.#reader.after(peer, this.chain.locator());
      if (this.#peer === peer) this.#answered = true;
      this.#options.onAnswer();
      const more = raws.length === MAX_HEADERS;
      if (more) setTimeout(() => this.#tellWaiting(), PATIENCE_MS).unref();
      else this.#tellWaiting();
      if (!more && !this.#again) return;
    }
  }

  #tellWaiting(): void {
    for (const tell of this.#waiting.splice(0)) tell();
  }
}

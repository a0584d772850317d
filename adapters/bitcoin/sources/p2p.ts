import { bytesEqual, toBareHex } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { ClockSkew } from '../../clock.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../source.js';
import type { ForeignHeader } from '../../types.js';
import { ChallengeNotSupportedError } from '../blocks/errors.js';
import { readBlock } from '../blocks/readBlock.js';
import type { FloodLimits } from '../p2p/flood.js';
import type { Peer } from '../p2p/handshake.js';
import { InventoryType } from '../p2p/inventory.js';
import type { Message } from '../p2p/messages.js';
import { PeerSession, type Resolve } from '../p2p/session.js';
import { PEER_TIMES, type PeerTimes } from '../p2p/times.js';
import { Services } from '../p2p/version.js';
import { displayHash } from '../rules/checks.js';
import { foreignHeader, HEADER_BYTES } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { searchBlocks } from './p2p/bloomSearch.js';
import { HeaderFeed } from './p2p/headerFeed.js';

export interface P2pOptions {
  /** Chain name, such as `bitcoin-mainnet`. */
  readonly chain: string;
  /** `host`, `host:port`, `[IPv6]:port`, or `seeds` for nodes that the network's DNS seeds name. */
  readonly address: string;
  /** Where its headers begin: nothing below it can be read. Default: the network's genesis block. */
  readonly checkpoint?: {
    readonly height: number;
    readonly hash: Uint8Array;
    readonly header?: Uint8Array | undefined;
  };
  readonly times?: Partial<PeerTimes>;
  readonly flood?: FloodLimits;
  /**
   * Blocks above the checkpoint that are believed at most. Default: as many as the network can have by now, so that headers
   * of little work cannot fill the memory.
   */
  readonly maxHeaders?: number;
  /** Raw headers that are kept. Default 4096. */
  readonly cachedHeaders?: number;
  /** Newest blocks in which `findTransaction` looks, where the peer has Bloom filters. Default 288. */
  readonly searchDepth?: number;
  /** First pause after failures, doubled by each one more up to `maxBackoffMs`. Defaults: 250 ms, 30 s. */
  readonly backoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** For logs and errors. */
  readonly name?: string;
}

/** Reads a Bitcoin chain from a node over Bitcoin's P2P protocol. It connects when it is first asked. */
export class P2pSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly #session: PeerSession;
  readonly #feed: HeaderFeed;
  readonly #times: PeerTimes;
  readonly #searchDepth: number;
  readonly #clock = new ClockSkew();
  /** Hashes of blocks that are asked for, in hex. */
  readonly #wanted = new Map<string, Promise<ForeignBlock>>();
  /** One filter at a time. */
  #searching: Promise<unknown> = Promise.resolve();

  /** @throws UnknownNetworkError, MalformedInputError for an unusable address */
  constructor(options: P2pOptions) {
    const network = bitcoinNetwork(options.chain);
    this.chain = options.chain;
    this.name = options.name ?? `${options.chain} peer ${options.address}`;
    this.#times = { ...PEER_TIMES, ...options.times };
    this.#searchDepth = options.searchDepth ?? 288;
    this.#feed = new HeaderFeed({
      name: this.name,
      network,
      base: options.checkpoint ?? { height: 0, hash: network.genesisHash, header: network.genesisHeader },
      cached: options.cachedHeaders ?? 4096,
      maxHeaders: options.maxHeaders,
      requestMs: this.#times.requestMs,
      peer: () => this.#session.peer(),
      onAnswer: () => this.#session.succeeded(),
    });
    this.#session = new PeerSession({
      name: this.name,
      chain: options.chain,
      address: options.address,
      times: this.#times,
      backoffMs: options.backoffMs ?? 250,
      maxBackoffMs: options.maxBackoffMs ?? 30_000,
      onPeer: (peer) => this.#meet(peer),
      ...(options.flood === undefined ? {} : { flood: options.flood }),
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    });
  }

  /** What is known of the connection, for people. */
  get peer(): { readonly userAgent: string; readonly latencyMs: number | undefined } | undefined {
    const peer = this.#session.current;
    return peer && { userAgent: peer.version.userAgent, latencyMs: peer.connection.latencyMs };
  }

  get clockSkew(): number | undefined {
    return this.#clock.seconds;
  }

  check(): Promise<void> {
    return this.#telling(() => this.#feed.ready());
  }

  /** While the first headers come, how far they have come. */
  tip(): Promise<SourceTip> {
    return this.#telling(() => this.#feed.tip());
  }

  /** Bitcoin calls nothing final. */
  async finalized(): Promise<undefined> {
    return undefined;
  }

  headers(from: number, count: number): Promise<ForeignHeader[]> {
    return this.#telling(async () => {
      const raws = await this.#feed.read(from, count);
      return raws.map((raw, i) => foreignHeader(raw, from + i));
    });
  }

  block(hash: Uint8Array): Promise<ForeignBlock> {
    const key = toBareHex(hash);
    const running = this.#wanted.get(key);
    if (running !== undefined) return running;
    const read = this.#telling(() => this.#readBlock(hash)).finally(() => this.#wanted.delete(key));
    this.#wanted.set(key, read);
    return read;
  }

  /** Peers have no index: looks in the newest blocks, if the peer offers Bloom filters. */
  findTransaction(txid: Uint8Array): Promise<SourceTip | undefined> {
    const search = this.#searching.then(() =>
      this.#telling(async () => {
        await this.#feed.ready();
        const peer = await this.#session.peer();
        if ((peer.version.services & Services.bloom) === 0n) return undefined;
        return searchBlocks(peer, this.#feed.chain, txid, this.#searchDepth, this.#times.blockMs);
      }),
    );
    // The caller sees the failure; the next search only waits for the end of this one.
    const done = () => undefined;
    this.#searching = search.then(done, done);
    return search;
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  #meet(peer: Peer): void {
    this.#feed.meet(peer);
    const { sent, received } = peer.met;
    this.#clock.observe(Number(peer.version.time) * 1000, 1000, sent, received);
    peer.connection.onMessage = (message) => this.#hear(peer, message);
  }

  #hear(peer: Peer, message: Message): void {
    if (message.command === 'headers') this.#feed.announced(message.headers);
    else if (message.command === 'inv') {
      const blocks = message.entries.filter(({ type }) => type === InventoryType.block);
      this.#feed.announcedHashes(blocks.map(({ hash }) => hash));
    } else if (message.command === 'getheaders') peer.connection.send({ command: 'headers', headers: [] });
  }

  async #readBlock(hash: Uint8Array): Promise<ForeignBlock> {
    const height = await this.#feed.heightOf(hash);
    const { connection } = await this.#session.peer();
    const entries = [{ type: InventoryType.witnessBlock, hash }];
    const raw = await connection.ask(
      `block ${displayHash(hash)}`,
      { command: 'getdata', entries },
      ['block', 'notfound'],
      this.#times.blockMs,
      (message) => {
        if (message.command === 'notfound')
          return message.entries.some((entry) => bytesEqual(entry.hash, hash)) ? NOTHING : undefined;
        if (message.command !== 'block') return undefined;
        const actual = sha256d(message.raw.subarray(0, HEADER_BYTES));
        if (bytesEqual(actual, hash)) return message.raw;
        if (this.#wanted.has(toBareHex(actual))) return undefined;
        throw new SourceFaultError(this.name, `sends another block than ${displayHash(hash)}`, { height });
      },
    );
    if (raw === undefined || raw === NOTHING)
      throw new SourceUnavailableError(this.name, `does not have block ${displayHash(hash)}`);
    try {
      const { header, txids } = readBlock(this.chain, raw, hash);
      return { header: foreignHeader(header, height), transactionHashes: txids, rawBlock: raw };
    } catch (error) {
      // A challenge that is not evaluated here is no fault of the peer's.
      if (!(error instanceof CrossrootError) || error instanceof ChallengeNotSupportedError) throw error;
      const problem = `sends a bad block ${displayHash(hash)}: ${error.message}`;
      const fault = new SourceFaultError(this.name, problem, { height });
      connection.end(fault);
      throw fault;
    }
  }

  /** Errors that a caller gets are not told again. */
  async #telling<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#session.told(error);
    }
  }
}

const NOTHING = new Uint8Array(0);

import { bytesEqual } from '../../../../proofs/bytes.js';
import { sha256d } from '../../../../proofs/hash/hasher.js';
import { SourceFaultError, SourceUnavailableError } from '../../../errors.js';
import type { Peer } from '../../p2p/handshake.js';
import { MAX_HEADERS } from '../../p2p/limits.js';
import type { Message } from '../../p2p/messages.js';
import { PROTOCOL_VERSION } from '../../p2p/version.js';
import type { BitcoinNetwork } from '../../rules/networks.js';
import type { Accepted, PeerHeaders } from './peerHeaders.js';

/** Headers that a node announces at once (Bitcoin Core `MAX_BLOCKS_TO_ANNOUNCE`). */
const MAX_ANNOUNCED = 8;
const NO_STOP = new Uint8Array(32);

/** Headers with what was learnt of them. */
export interface ReadHeaders extends Accepted {
  readonly raws: readonly Uint8Array[];
}

const NONE: ReadHeaders = { parentHeight: -1, hashes: [], raws: [], added: 0 };

/** Asks a peer for headers, one question at a time, and gives what comes to `PeerHeaders`. */
export class HeaderReader {
  readonly #name: string;
  readonly #network: BitcoinNetwork;
  readonly #headers: PeerHeaders;
  readonly #timeoutMs: number;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(name: string, network: BitcoinNetwork, headers: PeerHeaders, timeoutMs: number) {
    this.#name = name;
    this.#network = network;
    this.#headers = headers;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks for what follows the peer's last common block with `locator`. The answer is already accepted.
   * @returns no headers where the peer's chain ends at the locator
   * @throws SourceUnavailableError, SourceFaultError
   */
  after(peer: Peer, locator: readonly Uint8Array[], stop: Uint8Array = NO_STOP): Promise<ReadHeaders> {
    return this.#exclusive(async () => {
      let strange = false;
      const take = (message: Message): ReadHeaders | undefined => {
        if (message.command !== 'headers') return undefined;
        const { headers } = message;
        const [first] = headers;
        if (first === undefined) return NONE;
        const parent = first.subarray(4, 36);
        if (locator.some((hash) => bytesEqual(hash, parent))) {
          const accepted = this.#headers.accept(headers);
          if (accepted !== undefined) return { ...accepted, raws: headers.map((raw) => raw.slice()) };
        }
        // What was announced while we asked, or the answer of a node that knows none of our blocks.
        if (this.#headers.parentHeight(first) !== undefined) return undefined;
        this.#checkBranch(peer, first);
        if (headers.length > MAX_ANNOUNCED) throw this.#strange();
        strange = true;
        return undefined;
      };
      const request = { command: 'getheaders', version: PROTOCOL_VERSION, locator, stop } as const;
      const answer = await peer.connection.ask('headers', request, ['headers'], this.#timeoutMs, take);
      if (answer !== undefined) return answer;
      if (!strange)
        throw new SourceUnavailableError(
          this.#name,
          'does not answer a question for headers: it may still be loading the chain',
        );
      const fault = this.#strange();
      peer.connection.end(fault);
      throw fault;
    });
  }

  /** The one header with a hash that the peer need not have on its best chain. @throws SourceUnavailableError, SourceFaultError */
  byHash(peer: Peer, hash: Uint8Array): Promise<Uint8Array> {
    return this.#exclusive(async () => {
      const request = { command: 'getheaders', version: PROTOCOL_VERSION, locator: [], stop: hash } as const;
      const raw = await peer.connection.ask('header', request, ['headers'], this.#timeoutMs, (message) =>
        message.command === 'headers'
          ? message.headers.find((one) => bytesEqual(sha256d(one), hash))
          : undefined,
      );
      if (raw === undefined) throw new SourceUnavailableError(this.#name, 'does not know our checkpoint');
      return raw.slice();
    });
  }

  /** What came unasked: announced headers. @returns whether the peer's chain has to be asked for */
  announced(headers: readonly Uint8Array[]): boolean {
    if (headers.length === 0) return false;
    const accepted = this.#headers.accept(headers);
    return accepted === undefined || headers.length === MAX_HEADERS;
  }

  /** A node that knows none of the locator answers from its genesis block. */
  #checkBranch(peer: Peer, first: Uint8Array): void {
    const { baseHeight } = this.#headers.chain;
    if (!bytesEqual(first.subarray(4, 36), this.#network.genesisHash)) return;
    if (peer.version.startHeight < baseHeight)
      throw new SourceUnavailableError(this.#name, `has not got to block ${baseHeight}, our checkpoint`);
    throw new SourceFaultError(
      this.#name,
      `does not have our checkpoint, block ${baseHeight}, on its chain`,
      {
        height: baseHeight,
      },
    );
  }

  #strange(): SourceFaultError {
    return new SourceFaultError(
      this.#name,
      `sends headers that build on none of ours: it is not on ${this.#network.name}, or on another chain of that name`,
    );
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(work);
    // The caller sees the failure; the next question only waits for the end of this one.
    const done = () => undefined;
    this.#queue = run.then(done, done);
    return run;
  }
}

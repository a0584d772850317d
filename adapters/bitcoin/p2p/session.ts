import { randomInt } from 'node:crypto';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import { type PeerAddress, parseAddress, resolveAddress, showAddress } from './address.js';
import type { FloodLimits } from './flood.js';
import { connectPeer, type Peer } from './handshake.js';
import { p2pNetwork } from './networks.js';
import type { PeerTimes } from './times.js';

/** The IPs of an address. */
export type Resolve = (address: PeerAddress) => Promise<readonly PeerAddress[]>;

export interface SessionOptions {
  /** For logs and errors. */
  readonly name: string;
  /** Chain name, such as `bitcoin-mainnet`. */
  readonly chain: string;
  /** As `parseAddress` reads it, or `seeds` for the network's DNS seeds. */
  readonly address: string;
  readonly times: PeerTimes;
  readonly flood?: FloodLimits;
  /** Milliseconds of the first pause after a failure; doubled by each one more, up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** Called with each new peer before anyone uses it. */
  readonly onPeer: (peer: Peer) => void;
}

/** Stands for the network's DNS seeds. */
const SEEDS = 'seeds';

/** Where `address: seeds` looks. @throws MalformedInputError for an address that cannot be read or a network without seeds */
export function sessionAddresses(chain: string, address: string): PeerAddress[] {
  const { defaultPort, seeds } = p2pNetwork(chain);
  if (address === SEEDS && seeds.length > 0) return seeds.map((host) => ({ host, port: defaultPort }));
  return [parseAddress(address, defaultPort)];
}

/**
 * One peer at a time: connects when it is needed, tries the addresses of a name in turn, waits longer after each failure,
 * and connects again once a connection has ended.
 */
export class PeerSession {
  readonly #options: SessionOptions;
  readonly #addresses: readonly PeerAddress[];
  readonly #closed = new AbortController();
  #peer: Peer | undefined;
  #connecting: Promise<Peer> | undefined;
  /** Which of the resolved addresses is tried first. */
  #turn = 0;
  #failures = 0;
  #notBefore = 0;
  #lastError: Error | undefined;
  #told: unknown;

  /** @throws MalformedInputError, UnknownNetworkError */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.#addresses = sessionAddresses(options.chain, options.address);
    // Two sources that take their peers from the seeds are to have different ones.
    if (options.address === SEEDS) this.#turn = randomInt(2 ** 32);
  }

  /** The peer whose connection is open, if there is one. */
  get current(): Peer | undefined {
    return this.#peer?.connection.open === true ? this.#peer : undefined;
  }

  /** A peer whose connection is open. @throws SourceUnavailableError, SourceFaultError */
  async peer(): Promise<Peer> {
    if (this.#closed.signal.aborted) throw new SourceUnavailableError(this.#options.name, 'is closed');
    if (this.#peer !== undefined) {
      const { ended } = this.#peer.connection;
      if (ended === undefined) return this.#peer;
      this.#peer = undefined;
      this.#failed(ended);
      // A fault that came between two calls is told to the next caller.
      if (ended instanceof SourceFaultError && this.#told !== ended) throw this.told(ended);
    }
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Remembers that a caller was told of an error. @returns it */
  told<T>(error: T): T {
    this.#told = error;
    return error;
  }

  /** The peer has given a good answer: what was before is forgotten. */
  succeeded(): void {
    this.#failures = 0;
    this.#notBefore = 0;
  }

  /** Ends the connection for good. */
  close(): void {
    this.#closed.abort();
    this.#peer?.connection.end(new SourceUnavailableError(this.#options.name, 'is closed'));
  }

  async #connect(): Promise<Peer> {
    const { name } = this.#options;
    const wait = this.#notBefore - performance.now();
    if (wait > 0)
      throw new SourceUnavailableError(
        name,
        `failed and is tried again in ${Math.ceil(wait)} ms (${this.#lastError?.message ?? 'closed'})`,
        this.#lastError,
      );
    let failure: unknown;
    for (const address of await this.#resolve()) {
      try {
        const peer = await this.#try(address);
        this.#peer = peer;
        this.#options.onPeer(peer);
        return peer;
      } catch (error) {
        failure = error;
        this.#turn++;
        if (this.#closed.signal.aborted) break;
      }
    }
    const error =
      failure instanceof Error ? failure : new SourceUnavailableError(name, 'has no address', failure);
    this.#failed(error);
    throw error;
  }

  #try(address: PeerAddress): Promise<Peer> {
    const { name, chain, times, flood } = this.#options;
    const [configured] = this.#addresses;
    const shown = showAddress(address);
    return connectPeer({
      name: configured !== undefined && showAddress(configured) === shown ? name : `${name} (${shown})`,
      chain,
      times,
      address,
      signal: this.#closed.signal,
      ...(flood === undefined ? {} : { flood }),
    });
  }

  /** All addresses, beginning with the one whose turn it is. @throws SourceUnavailableError */
  async #resolve(): Promise<PeerAddress[]> {
    const found: PeerAddress[] = [];
    let failure: unknown;
    const resolve = this.#options.resolve ?? resolveAddress;
    for (const address of this.#addresses) {
      try {
        found.push(...(await resolve(address)));
      } catch (error) {
        failure = error;
      }
    }
    if (found.length === 0) {
      const error = new SourceUnavailableError(
        this.#options.name,
        'has a name that does not resolve',
        failure,
      );
      this.#failed(error);
      throw error;
    }
    const first = this.#turn % found.length;
    return [...found.slice(first), ...found.slice(0, first)];
  }

  #failed(error: Error): void {
    const { backoffMs, maxBackoffMs } = this.#options;
    this.#lastError = error;
    // A connection that ended after good answers is made again at once.
    if (this.#failures > 0)
      this.#notBefore = performance.now() + Math.min(maxBackoffMs, backoffMs * 2 ** (this.#failures - 1));
    this.#failures = Math.min(this.#failures + 1, 20);
  }
}

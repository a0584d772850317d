import { createConnection, createServer, isIP, type Server, type Socket } from 'node:net';
import { compareBytes, toBareHex } from '../../proofs/bytes.js';
import type { Logger } from '../node/logger.js';
import { ListenError } from './errors.js';
import { encodeFrame } from './frames.js';
import { encodeMessage, type Hello, type Message, type MessageBody, type MessageName } from './messages.js';
import { DEFAULT_PEER_LIMITS, Peer, type PeerLimits } from './peer.js';

export interface Address {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface NetworkOptions {
  readonly listen: Address;
  readonly peers: readonly Address[];
  /** Default 64. As many of them as are configured are kept for those. */
  readonly maxPeers?: number;
  readonly limits?: PeerLimits;
  readonly logger: Logger;
  /** Our hello, as of now. */
  readonly hello: () => Hello;
  readonly onPeer: (peer: Peer) => void;
  readonly onMessage: (peer: Peer, message: Message) => void;
  readonly onGone?: (peer: Peer) => void;
  /** First and longest pause between attempts to reach a configured peer, milliseconds. */
  readonly backoff?: readonly [first: number, longest: number];
}

/** Listens, keeps connections to the configured peers, and sends to all. */
export class PeerNetwork {
  readonly #options: NetworkOptions;
  readonly #server: Server;
  /** Ready peers by node id. */
  readonly #peers = new Map<string, Peer>();
  /** Open connections, and whether each is from or to a configured peer's address. */
  readonly #open = new Map<Peer, boolean>();
  /** IP addresses of the configured peers, as far as they are known. */
  readonly #known = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  private constructor(options: NetworkOptions) {
    this.#options = options;
    this.#server = createServer((socket) => {
      // Strangers and configured peers have places of their own: however many strangers come, the others get in.
      const known = this.#known.has(plainAddress(socket.remoteAddress));
      if (this.#count(this.#open.keys(), known) >= 2 * this.#maxPeers) socket.destroy();
      else this.#adopt(socket, undefined, known, () => undefined);
    });
  }

  /** @throws ListenError */
  static async start(options: NetworkOptions): Promise<PeerNetwork> {
    const network = new PeerNetwork(options);
    const { host, port } = options.listen;
    await new Promise<void>((resolve, reject) => {
      network.#server.once('error', (error) => reject(new ListenError(`${host}:${port}`, error)));
      network.#server.listen(port, host, resolve);
    });
    for (const address of options.peers) network.#dial(address, network.#backoff[0]);
    return network;
  }

  /** Where it listens, with the real port. */
  get address(): Address {
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null
      ? { host: this.#options.listen.host, port: bound.port }
      : this.#options.listen;
  }

  get peers(): Peer[] {
    return [...this.#peers.values()];
  }

  /** Sends to every ready peer but `except`. */
  broadcast<N extends MessageName>(name: N, body: MessageBody[N], except?: Peer): void {
    if (this.#peers.size === 0) return;
    const { code, bytes } = encodeMessage(name, body);
    const frame = encodeFrame(code, bytes);
    for (const peer of this.#peers.values()) if (peer !== except) peer.sendFrame(frame);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const peer of [...this.#open.keys()]) peer.disconnect('stopping');
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  get #maxPeers(): number {
    return this.#options.maxPeers ?? 64;
  }
  get #backoff(): readonly [number, number] {
    return this.#options.backoff ?? [100, 5000];
  }

  #dial(address: Address, pause: number): void {
    if (this.#stopped) return;
    const again = (next: number) => {
      if (this.#stopped) return;
      // A random part, so that peers that started together do not dial together for ever.
      const timer = setTimeout(
        () => {
          this.#timers.delete(timer);
          this.#dial(address, Math.min(next * 2, this.#backoff[1]));
        },
        next * (0.5 + Math.random()),
      );
      this.#timers.add(timer);
    };
    if (isIP(address.host) !== 0) this.#known.add(plainAddress(address.host));
    const socket = createConnection(address.port, address.host);
    const failed = () => again(pause);
    socket.on('lookup', (error, found) => {
      if (!error) this.#known.add(plainAddress(found));
    });
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      this.#known.add(plainAddress(socket.remoteAddress));
      this.#adopt(socket, address, true, (wasReady) => again(wasReady ? this.#backoff[0] : pause));
    });
  }

  /** How many of these are of configured peers, or of strangers. */
  #count(peers: Iterable<Peer>, known: boolean): number {
    let count = 0;
    for (const peer of peers) if (this.#open.get(peer) === known) count++;
    return count;
  }

  #adopt(
    socket: Socket,
    dialled: Address | undefined,
    known: boolean,
    gone: (wasReady: boolean) => void,
  ): void {
    if (this.#stopped) {
      socket.destroy();
      return;
    }
    let ready = false;
    const { logger } = this.#options;
    const peer = new Peer(
      socket,
      dialled !== undefined,
      this.#options.hello(),
      {
        ready: (p) => {
          const refusal = this.#register(p);
          if (refusal !== undefined) return refusal;
          ready = true;
          logger.info({ peer: p.address }, 'peer connected');
          this.#options.onPeer(p);
          return undefined;
        },
        message: (p, message) => this.#options.onMessage(p, message),
        closed: (p, reason) => {
          this.#open.delete(p);
          const id = p.hello === undefined ? undefined : toBareHex(p.hello.nodeId);
          if (id !== undefined && this.#peers.get(id) === p) {
            this.#peers.delete(id);
            this.#options.onGone?.(p);
          }
          if (!this.#stopped && reason !== 'second connection')
            logger.info({ peer: p.address, reason }, 'peer gone');
          gone(ready);
        },
      },
      this.#options.limits ?? DEFAULT_PEER_LIMITS,
    );
    this.#open.set(peer, known);
  }

  /** Of two connections between the same nodes, the one that the node with the lower id dialled stays. */
  #register(peer: Peer): string | undefined {
    const hello = peer.hello;
    if (hello === undefined) return 'no hello';
    const id = toBareHex(hello.nodeId);
    const other = this.#peers.get(id);
    if (other !== undefined) {
      const lower = compareBytes(peer.ownHello.nodeId, hello.nodeId) < 0;
      if (peer.outgoing !== lower) return 'second connection';
      this.#peers.set(id, peer);
      other.disconnect('second connection');
      return undefined;
    }
    const places = Math.max(1, this.#maxPeers - this.#options.peers.length);
    if (this.#open.get(peer) === false && this.#count(this.#peers.values(), false) >= places)
      return 'too many peers';
    this.#peers.set(id, peer);
    return undefined;
  }
}

/** An IPv4 address as such also where the socket has it as IPv6. */
function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}

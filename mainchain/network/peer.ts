import type { Socket } from 'node:net';
import { bytesEqual, toHex, utf8 } from '../../proofs/bytes.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { PeerTimeoutError } from './errors.js';
import { encodeFrame, FrameDecoder } from './frames.js';
import { TokenBucket } from './limits.js';
import {
  decodeMessage,
  encodeMessage,
  type GetBlocks,
  type Hello,
  type Message,
  type MessageBody,
  type MessageName,
  PROTOCOL_VERSION,
} from './messages.js';

export interface PeerLimits {
  /** Messages a second, and at once. */
  readonly messages: readonly [rate: number, burst: number];
  /** Bytes a second, and at once. */
  readonly bytes: readonly [rate: number, burst: number];
  /** Bytes waiting to be sent before a slow reader is dropped. */
  readonly backlog: number;
  readonly helloMilliseconds: number;
  readonly requestMilliseconds: number;
}

export const DEFAULT_PEER_LIMITS: PeerLimits = {
  messages: [1000, 4000],
  bytes: [16 * 2 ** 20, 64 * 2 ** 20],
  backlog: 64 * 2 ** 20,
  helloMilliseconds: 5000,
  requestMilliseconds: 10_000,
};

export interface PeerEvents {
  /** Both hellos are through. @returns why not to go on with this peer, if so */
  ready(peer: Peer): string | undefined;
  message(peer: Peer, message: Message): void;
  /** @param reason one line for the log */
  closed(peer: Peer, reason: string): void;
}

type Blocks = MessageBody['blocks']['blocks'];

interface Pending {
  readonly resolve: (blocks: Blocks) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** One connection: frames, hello, limits, requests with answers. */
export class Peer {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #events: PeerEvents;
  readonly #limits: PeerLimits;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #pending = new Map<number, Pending>();
  readonly #timer: NodeJS.Timeout;
  #hello: Hello | undefined;
  #requests = 0;
  #closed = false;
  /** `host:port` of the other side. */
  readonly address: string;

  constructor(
    socket: Socket,
    /** Whether we dialled. */
    readonly outgoing: boolean,
    readonly ownHello: Hello,
    events: PeerEvents,
    limits: PeerLimits = DEFAULT_PEER_LIMITS,
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#limits = limits;
    this.address = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    const now = Date.now();
    this.#messages = new TokenBucket(...limits.messages, now);
    this.#bytes = new TokenBucket(...limits.bytes, now);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(`connection failed: ${error.message}`));
    socket.on('close', () => this.#end('connection closed'));
    this.#timer = setTimeout(() => this.disconnect('no hello in time'), limits.helloMilliseconds);
    this.send('hello', ownHello);
  }

  /** The other side's hello. */
  get hello(): Hello | undefined {
    return this.#hello;
  }
  get closed(): boolean {
    return this.#closed;
  }

  send<N extends MessageName>(name: N, body: MessageBody[N]): void {
    if (this.#closed) return;
    const { code, bytes } = encodeMessage(name, body);
    this.sendFrame(encodeFrame(code, bytes));
  }

  /** Sends a frame that was encoded before (the same for many peers). */
  sendFrame(frame: Uint8Array): void {
    if (this.#closed) return;
    if (this.#socket.writableLength > this.#limits.backlog) {
      this.disconnect('reads too slowly');
      return;
    }
    this.#socket.write(frame);
  }

  /** Asks for blocks. @throws PeerTimeoutError */
  getBlocks(request: Omit<GetBlocks, 'id'>): Promise<Blocks> {
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new PeerTimeoutError(`${this.address} is gone`));
        return;
      }
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new PeerTimeoutError(`${this.address} did not answer a request for blocks`));
      }, this.#limits.requestMilliseconds);
      this.#pending.set(id, { resolve, reject, timer });
      this.send('getBlocks', { id, ...request });
    });
  }

  /** Says why and hangs up. */
  disconnect(reason: string): void {
    if (this.#closed) return;
    this.send('goodbye', { reason: utf8(reason).subarray(0, 256) });
    this.#socket.end();
    this.#end(reason);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    const now = Date.now();
    if (!this.#bytes.take(chunk.length, now)) {
      this.disconnect('sends too many bytes');
      return;
    }
    try {
      for (const { code, payload } of this.#decoder.push(chunk)) {
        if (this.#closed) return;
        if (!this.#messages.take(1, now)) {
          this.disconnect('sends too many messages');
          return;
        }
        const message = this.#decode(code, payload);
        if (message === undefined) return;
        this.#handle(message);
      }
    } catch (error) {
      if (!(error instanceof CrossrootError)) throw error;
      this.disconnect(error.message);
    }
  }

  #decode(code: number, payload: Uint8Array): Message | undefined {
    let message: Message | undefined;
    try {
      message = decodeMessage(code, payload);
    } catch (error) {
      // The SSZ library throws plain errors: whatever it throws, the bytes are not a message.
      this.disconnect(`malformed message ${code}: ${error instanceof Error ? error.message : 'unreadable'}`);
      return undefined;
    }
    if (message === undefined) this.disconnect(`unknown message ${code}`);
    return message;
  }

  #handle(message: Message): void {
    if (message.name === 'goodbye') {
      this.#socket.end();
      this.#end(`the peer says: ${new TextDecoder().decode(message.body.reason)}`);
    } else if (message.name === 'hello') {
      this.#greet(message.body);
    } else if (this.#hello === undefined) {
      this.disconnect('speaks before its hello');
    } else if (message.name === 'blocks') {
      const pending = this.#pending.get(message.body.id);
      if (pending === undefined) return;
      this.#pending.delete(message.body.id);
      clearTimeout(pending.timer);
      pending.resolve(message.body.blocks);
    } else {
      this.#events.message(this, message);
    }
  }

  #greet(hello: Hello): void {
    const refusal = this.#refusal(hello);
    if (refusal !== undefined) {
      this.disconnect(refusal);
      return;
    }
    this.#hello = hello;
    clearTimeout(this.#timer);
    const unwanted = this.#events.ready(this);
    if (unwanted !== undefined) this.disconnect(unwanted);
  }

  /** Why not to talk with a peer that says this. */
  #refusal(hello: Hello): string | undefined {
    const own = this.ownHello;
    if (this.#hello !== undefined) return 'says hello twice';
    if (hello.version !== PROTOCOL_VERSION)
      return `protocol version ${hello.version}, not ${PROTOCOL_VERSION}`;
    if (!bytesEqual(hello.genesisRoot, own.genesisRoot)) {
      return `wrong genesis ${toHex(hello.genesisRoot)}, ours is ${toHex(own.genesisRoot)}`;
    }
    return bytesEqual(hello.nodeId, own.nodeId) ? 'connected to itself' : undefined;
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new PeerTimeoutError(`${this.address} is gone`));
    }
    this.#pending.clear();
    // What is queued (a goodbye) may still leave; after that the socket dies even if the other side stays silent.
    setTimeout(() => this.#socket.destroy(), 200).unref();
    this.#events.closed(this, reason);
  }
}

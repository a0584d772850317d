import {
  type Client,
  createClient,
  type HttpTransport,
  http,
  TimeoutError,
  type WebSocketTransport,
  webSocket,
} from 'viem';
import { ClockSkew } from '../../clock.js';
import { batchingFetch } from './batchingFetch.js';
import { boundedFetch } from './boundedFetch.js';

/** Calls in one batch. */
export const BATCH = 100;
const KEEP_ALIVE_MS = 30_000;

export interface RpcTransportOptions {
  /** http, https, ws or wss; a user and password in it are sent as basic authentication. */
  readonly url: string;
  /** For one request, its answer included. */
  readonly timeoutMs: number;
  /** Over HTTP; over a WebSocket the library's own limit holds. */
  readonly maxResponseBytes: number;
}

/** What a node does not answer over HTTP alone. */
export type Unsubscribe = () => void;

/** How calls get to a node and back. */
export interface RpcTransport {
  /** @throws viem's errors */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  /** Calls `onHead` at each `newHeads` notice, `onEnd` once when they end. Left out where only polling tells. */
  subscribe?(onHead: () => void, onEnd: () => void): Promise<Unsubscribe>;
  /** By what the node says of the time; left out where it says nothing. */
  readonly clock?: ClockSkew;
  close(): void;
}

export function openTransport(options: RpcTransportOptions): RpcTransport {
  return /^wss?:/i.test(options.url) ? new WebSocketRpc(options) : new HttpRpc(options);
}

/** Calls made together travel together, as far as the node takes them so; no redirect is followed. */
class HttpRpc implements RpcTransport {
  readonly clock = new ClockSkew();
  readonly #client: Client<HttpTransport>;

  constructor({ url, timeoutMs, maxResponseBytes }: RpcTransportOptions) {
    this.#client = createClient({
      transport: http(url, {
        batch: { batchSize: BATCH },
        retryCount: 0,
        timeout: timeoutMs,
        fetchOptions: { redirect: 'manual' },
        fetchFn: batchingFetch(boundedFetch(maxResponseBytes, this.clock)),
        maxResponseBodySize: false,
      }),
    });
  }

  request(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.#client.request({ method, params } as never);
  }

  close(): void {
    // Requests end by themselves; there is no connection of our own to close.
  }
}

/** How many sockets there have been: the library shares sockets of equal settings, and each source wants its own. */
let sockets = 0;

/** One socket at a time, opened when it is needed, and again after it closed. */
class WebSocketRpc implements RpcTransport {
  readonly #client: Client<WebSocketTransport>;
  #closed = false;

  constructor({ url, timeoutMs }: RpcTransportOptions) {
    this.#client = createClient({
      transport: webSocket(url, {
        retryCount: 0,
        timeout: timeoutMs,
        keepAlive: { interval: KEEP_ALIVE_MS + (sockets++ % 10_000) },
        reconnect: false,
      }),
    });
  }

  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    const rpc = await this.#connect();
    try {
      return await this.#client.request({ method, params } as never);
    } catch (error) {
      // The library fails all later requests of a socket that once sent what is no JSON-RPC.
      if (!isAnswer(error) && !(error instanceof TimeoutError)) rpc.close();
      throw error;
    }
  }

  async subscribe(onHead: () => void, onEnd: () => void): Promise<Unsubscribe> {
    await this.#connect();
    let begun = false;
    const { unsubscribe } = await this.#client.transport.subscribe({
      params: ['newHeads'],
      onData: onHead,
      // Before it has begun, the error is thrown.
      onError: () => {
        if (begun) onEnd();
      },
    });
    begun = true;
    return () => {
      // A socket that is closed by now has ended it already.
      if (!this.#closed) unsubscribe().catch(onEnd);
    };
  }

  close(): void {
    this.#closed = true;
    // A socket that never opened has nothing to close.
    this.#client.transport
      .getRpcClient()
      .then((rpc) => rpc.close())
      .catch(() => undefined);
  }

  /** Drops a socket that was closed by the other side, so that the next use opens another. */
  async #connect(): Promise<{ close(): void }> {
    if (this.#closed) throw new Error('the source is closed');
    const rpc = await this.#client.transport.getRpcClient();
    const { socket } = rpc;
    if (socket.readyState !== socket.CLOSING && socket.readyState !== socket.CLOSED) return rpc;
    rpc.close();
    return this.#client.transport.getRpcClient();
  }
}

/** Whether a node answered, if only with a JSON-RPC error. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && error.code !== -1;
}

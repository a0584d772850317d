import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CrossrootError } from '../../proofs/errors/base.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import { ListenError } from '../network/errors.js';
import { TokenBucket } from '../network/limits.js';
import { type Logger, silentLogger } from '../node/logger.js';
import type { Json } from './codec.js';
import { BadRequestError } from './errors.js';
import { isServedHost } from './hosts.js';
import type { NodeClient } from './local.js';
import { isMethod, methodOf } from './methods.js';

export interface RpcServerOptions {
  readonly client: NodeClient;
  /** Default 127.0.0.1: whoever reaches the port may ask this delegate for attestations. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** Longest request, bytes. Default 6 MiB: a transaction of the largest size as hex. */
  readonly maxBody?: number;
  /** Requests a second of one address, and at once. */
  readonly rate?: readonly [rate: number, burst: number];
  readonly logger?: Logger;
  /** Numbers of this node in the Prometheus text format, served at `GET /metrics`. */
  readonly metrics?: () => Promise<string>;
}

/** Bytes of all requests that are read or answered at once; one whose length is not told counts as the longest. */
const MAX_HELD = 64 * 2 ** 20;
/** Longest request, bytes. */
const MAX_BODY = 6 * 2 ** 20;
const LOOPBACK = '127.0.0.1';
/** Addresses whose rates are remembered. */
const MAX_ADDRESSES = 4096;

/** JSON-RPC 2.0 over HTTP POST, one request a call. */
export class RpcServer {
  readonly #server: Server;
  readonly #options: RpcServerOptions;
  readonly #buckets = new Map<string, TokenBucket>();
  #held = 0;

  private constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.requestTimeout = 30_000;
    this.#server.headersTimeout = 10_000;
    this.#server.maxConnections = 256;
  }

  /** @throws ListenError */
  static async start(options: RpcServerOptions): Promise<RpcServer> {
    const server = new RpcServer(options);
    const host = options.host ?? LOOPBACK;
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (error) => reject(new ListenError(`${host}:${options.port}`, error)));
      server.#server.listen(options.port, host, resolve);
    });
    return server;
  }

  get url(): string {
    const bound = this.#server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : this.#options.port;
    const host = this.#options.host ?? LOOPBACK;
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeIdleConnections();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    setTimeout(() => this.#server.closeAllConnections(), 500).unref();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (code: number, body: Json) => {
      response.writeHead(code, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
      response.end(JSON.stringify(body));
    };
    const tooLong = (error: LimitExceededError) => {
      // What is left of the body is not read: the connection ends with the answer.
      response.setHeader('connection', 'close');
      answer(413, failure(null, -32600, error));
    };
    try {
      if (!isServedHost(this.#options.host ?? LOOPBACK, request.headers.host))
        return answer(400, failure(null, -32600, new BadRequestError('this host is not served here')));
      if (request.method === 'GET' && request.url === '/healthz') return answer(200, { status: 'ok' });
      if (!this.#allow(request.socket.remoteAddress ?? '')) {
        return answer(429, failure(null, -32005, new RateError()));
      }
      if (request.method === 'GET' && request.url === '/metrics' && this.#options.metrics !== undefined) {
        const text = await this.#options.metrics();
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
        response.end(text);
        return;
      }
      if (request.method !== 'POST')
        return answer(405, failure(null, -32600, new BadRequestError('POST only')));
      // A web page cannot send this type to another site without asking first: keeps browsers off a delegate's port.
      if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/json') {
        return answer(
          415,
          failure(null, -32600, new BadRequestError('content-type must be application/json')),
        );
      }
      const limit = this.#options.maxBody ?? MAX_BODY;
      const length = toldLength(request) ?? limit;
      if (length > limit) return tooLong(new LimitExceededError('request body', length, limit));
      if (this.#held + length > MAX_HELD) return answer(503, failure(null, -32005, new RateError()));
      this.#held += length;
      response.once('close', () => {
        this.#held -= length;
      });
      const body = await readBody(request, limit);
      if (body === undefined) return tooLong(new LimitExceededError('request body', limit + 1, limit));
      answer(200, await this.#answer(body));
    } catch (error) {
      // Whoever hung up in the middle of a request hears nothing.
      if (!response.headersSent && !response.destroyed) answer(500, failure(null, -32603, error));
    }
  }

  async #answer(body: string): Promise<Json> {
    let request: unknown;
    try {
      request = JSON.parse(body);
    } catch (error) {
      return failure(null, -32700, new BadRequestError('the body is not JSON', { cause: error }));
    }
    if (typeof request !== 'object' || request === null || Array.isArray(request)) {
      return failure(null, -32600, new BadRequestError('one request object is needed'));
    }
    const { id, method, params } = request as { id?: unknown; method?: unknown; params?: unknown };
    const requestId = typeof id === 'string' || typeof id === 'number' ? id : null;
    if (!isMethod(method)) return failure(requestId, -32601, new BadRequestError('unknown method'));
    const { params: codecs, result } = methodOf(method);
    try {
      const given = Array.isArray(params) ? (params as readonly Json[]) : [];
      if (given.length > codecs.length)
        throw new BadRequestError(`${method} takes ${codecs.length} parameters`);
      const values = given.map((json, i) => (json === null ? undefined : codecs[i]?.decode(json)));
      const call = this.#options.client[method].bind(this.#options.client) as (
        ...values: unknown[]
      ) => Promise<unknown>;
      return { jsonrpc: '2.0', id: requestId, result: result.encode(await call(...values)) };
    } catch (error) {
      const bad = error instanceof BadRequestError || error instanceof MalformedInputError;
      if (!(error instanceof CrossrootError)) {
        const logger = this.#options.logger ?? silentLogger;
        logger.error(
          { method, error: error instanceof Error ? error.message : String(error) },
          'request failed',
        );
      }
      return failure(requestId, bad ? -32602 : error instanceof CrossrootError ? -32000 : -32603, error);
    }
  }

  #allow(address: string): boolean {
    const [rate, burst] = this.#options.rate ?? [500, 1000];
    let bucket = this.#buckets.get(address);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_ADDRESSES) this.#buckets.clear();
      bucket = new TokenBucket(rate, burst, Date.now());
      this.#buckets.set(address, bucket);
    }
    return bucket.take(1, Date.now());
  }
}

/** More requests than the server allows. */
class RateError extends CrossrootError {
  override readonly name = 'RateLimitedError';
  override readonly retryable = true;
  constructor() {
    super('too many requests');
  }
}

/** Errors of ours travel with their name; of anything else only that it happened. */
function failure(id: string | number | null, code: number, error: unknown): Json {
  if (!(error instanceof CrossrootError)) {
    const data = { name: 'InternalError', retryable: false };
    return { jsonrpc: '2.0', id, error: { code, message: 'internal error', data } };
  }
  const { name, message, retryable, details } = error;
  return { jsonrpc: '2.0', id, error: { code, message, data: { name, retryable, details: plain(details) } } };
}

/** Details as JSON: big numbers as decimal strings. */
function plain(details: Readonly<Record<string, unknown>>): Json {
  return JSON.parse(
    JSON.stringify(details, (_, value) => (typeof value === 'bigint' ? value.toString() : value)),
  );
}

/** What the request says of its body's length. */
function toldLength(request: IncomingMessage): number | undefined {
  const told = request.headers['content-length'];
  return told !== undefined && /^\d{1,15}$/.test(told) ? Number(told) : undefined;
}

/** @returns `undefined` for a body longer than `limit`, of which no more is read */
function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const read = (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      request.off('data', read).pause();
      resolve(undefined);
    };
    request.on('data', read);
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.once('error', reject);
  });
}

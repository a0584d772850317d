import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { listen } from '../bitcoin/rpc/server.js';

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  /** Servers behind it, `http://host:port`. */
  readonly targets: readonly string[];
  /** Pause between looks at each server. Default 500 ms. */
  readonly checkMs?: number;
  /** Told when a server is taken out, and when it is back. */
  readonly onChange?: (target: string, healthy: boolean) => void;
}

interface Target {
  readonly url: URL;
  healthy: boolean;
  /** Looks in a row that found it unwell. */
  failures: number;
}

/** Headers that are between two neighbours only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const CHECK_MS = 500;
/** Longest time of a look, and without a byte of an answer. */
const CHECK_TIMEOUT_MS = 2000;
const ANSWER_TIMEOUT_MS = 60_000;
/** Looks without an answer in time after which a server is taken out. */
const SLOW_LOOKS = 3;

/**
 * One address for several HTTP servers: takes turns among those that are well. A question that reached none of them is asked of
 * the next, as long as asking twice does no harm.
 */
export class Gateway {
  readonly #targets: readonly Target[];
  readonly #options: GatewayOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #server: Server;
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;

  private constructor(options: GatewayOptions) {
    this.#options = options;
    this.#targets = options.targets.map((url) => ({ url: new URL(url), healthy: true, failures: 0 }));
    this.#server = createServer((request, response) => this.#serve(request, response, this.#order()));
    this.#server.requestTimeout = 30_000;
    this.#server.headersTimeout = 10_000;
    this.#server.maxConnections = 256;
  }

  /** @throws PortInUseError */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(options);
    await listen(gateway.#server, options.host, options.port);
    gateway.#timer = setInterval(() => void gateway.check(), options.checkMs ?? CHECK_MS);
    await gateway.check();
    return gateway;
  }

  get url(): string {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : this.#options.port;
    return `http://${this.#options.host}:${port}`;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed;
  }

  /** Looks at every server once. */
  async check(): Promise<void> {
    await Promise.all(
      this.#targets.map(async (target) => {
        const { well, gone } = await lookAt(target.url);
        target.failures = well ? 0 : target.failures + 1;
        // One that is slow once may be busy; one that is gone is gone.
        const healthy = well || (!gone && target.healthy && target.failures < SLOW_LOOKS);
        if (healthy === target.healthy) return;
        target.healthy = healthy;
        this.#options.onChange?.(target.url.origin, healthy);
      }),
    );
  }

  /** Whose turn it is, and who comes after; those that are not well only if nobody is. */
  #order(): Target[] {
    const well = this.#targets.filter(({ healthy }) => healthy);
    const list = well.length > 0 ? well : [...this.#targets];
    const first = this.#turn++ % Math.max(1, list.length);
    return [...list.slice(first), ...list.slice(0, first)];
  }

  #serve(request: IncomingMessage, response: ServerResponse, [target, ...others]: Target[]): void {
    if (target === undefined) {
      refuse(response, 503, 'no server is there to answer');
      return;
    }
    const repeatable = request.method === 'GET' || request.method === 'HEAD';
    // Never a URL made of what a client sent: `//elsewhere/` would be one.
    const { hostname, port } = target.url;
    const to = { hostname, port, path: request.url ?? '/', ...method(request) };
    const forwarded = httpRequest(
      { ...to, agent: this.#agent, headers: forwardedHeaders(request), timeout: ANSWER_TIMEOUT_MS },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      },
    );
    forwarded.once('timeout', () => forwarded.destroy(new Error('no answer in time')));
    forwarded.once('error', (error) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else if (repeatable && others.length > 0) this.#serve(request, response, others);
      else refuse(response, 502, `the server did not answer: ${error.message}`);
    });
    response.once('close', () => {
      if (!response.writableFinished) forwarded.destroy();
    });
    if (repeatable) forwarded.end();
    else request.pipe(forwarded);
  }
}

function method({ method: name }: IncomingMessage): { method?: string } {
  return name === undefined ? {} : { method: name };
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function forwardedHeaders(request: IncomingMessage): IncomingHttpHeaders {
  return { ...endToEnd(request.headers), 'x-forwarded-for': request.socket.remoteAddress ?? '' };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '1' });
  response.end(JSON.stringify({ error: { name: 'GatewayError', message, retryable: true } }));
}

async function lookAt(url: URL): Promise<{ readonly well: boolean; readonly gone: boolean }> {
  try {
    const answer = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
    await answer.body?.cancel();
    return { well: answer.ok, gone: !answer.ok };
  } catch (error) {
    return { well: false, gone: !(error instanceof Error && error.name === 'TimeoutError') };
  }
}

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { isServedHost } from '../../mainchain/rpc/hosts.js';
import { ListenError } from '../../relay/api/errors.js';
import { publicText } from '../../relay/publicText.js';
import { version } from '../version.js';

export interface StatusOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly registry: Registry;
  /** For `/readyz`, by name: resolves, or rejects with what is wrong. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
}

/** How a process without an API is: `/healthz`, `/readyz`, `/metrics`. */
export class StatusServer {
  readonly #server: Server;

  private constructor(
    server: Server,
    /** Where it answers. */
    readonly url: string,
  ) {
    this.#server = server;
  }

  /** @throws ListenError */
  static async start(options: StatusOptions): Promise<StatusServer> {
    const { host, port } = options;
    const server = createServer((request, response) => {
      // A page of somebody else's, whose name points here, learns nothing.
      if (isServedHost(host, request.headers.host)) void answer(options, request.url ?? '', response);
      else response.writeHead(400, { 'content-type': 'text/plain' }).end('this host is not served here\n');
    });
    server.requestTimeout = 10_000;
    server.headersTimeout = 10_000;
    server.maxConnections = 64;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new ListenError(host, port, error)));
      server.listen(port, host, resolve);
    });
    const address = server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    return new StatusServer(server, `http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    setTimeout(() => this.#server.closeAllConnections(), 500).unref();
    await closed;
  }
}

async function answer(options: StatusOptions, url: string, response: ServerResponse): Promise<void> {
  const send = (code: number, type: string, body: string) => {
    response.writeHead(code, { 'content-type': type, 'x-content-type-options': 'nosniff' });
    response.end(body);
  };
  const json = (code: number, body: object) => send(code, 'application/json', JSON.stringify(body));
  try {
    const [path] = url.split('?');
    if (path === '/healthz') return json(200, { status: 'ok', version });
    if (path === '/metrics') return send(200, options.registry.contentType, await options.registry.metrics());
    if (path !== '/readyz')
      return json(404, { error: { name: 'NotFoundError', message: 'only /healthz, /readyz and /metrics' } });
    const checks = await Promise.all(
      Object.entries(options.checks).map(async ([name, check]) => [name, await outcome(check)] as const),
    );
    const ready = checks.every(([, { ok }]) => ok);
    json(ready ? 200 : 503, { ready, checks: Object.fromEntries(checks) });
  } catch (error) {
    const message = publicText(error instanceof Error ? error.message : String(error));
    if (!response.headersSent) json(500, { error: { name: 'Error', message } });
  }
}

async function outcome(
  check: () => Promise<void>,
): Promise<{ readonly ok: boolean; readonly message: string }> {
  try {
    await check();
    return { ok: true, message: 'ok' };
  } catch (error) {
    return { ok: false, message: publicText(error instanceof Error ? error.message : String(error)) };
  }
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PortInUseError } from '../../errors.js';
import type { RestAnswer } from '../rest/handle.js';
import { handleBody } from './handle.js';
import type { RpcMethods } from './method.js';

/** Longest request body: a block in hex and some room. */
const MAX_BODY = 32 * 1024 * 1024;
/** Longest REST path and query that is looked at. */
const MAX_TARGET = 400;

export interface RpcCredentials {
  readonly user: string;
  readonly password: string;
}

export interface RpcServerOptions {
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Any one of them is let in. */
  readonly credentials: readonly RpcCredentials[];
  readonly methods: RpcMethods;
  /** Answers GET requests below `/rest/`, without credentials, as Bitcoin Core does with `-rest`. */
  readonly rest?: ((target: string) => RestAnswer) | undefined;
}

export interface RpcServer {
  readonly port: number;
  /** Without credentials. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves Bitcoin Core's JSON-RPC over HTTP with basic authentication. @throws PortInUseError */
export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const host = options.host ?? '127.0.0.1';
  const allowed = options.credentials.map(({ user, password }) => digest(`${user}:${password}`));
  const server = createServer((request, response) => {
    void answer(request, response, allowed, options);
  });
  await listen(server, host, options.port);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    port,
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @throws PortInUseError */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(port, error) : error),
    );
    server.listen(port, host, () => resolve());
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  allowed: readonly Buffer[],
  { methods, rest }: RpcServerOptions,
): Promise<void> {
  const { url = '' } = request;
  if (rest !== undefined && request.method === 'GET' && url.startsWith('/rest/')) {
    if (url.length > MAX_TARGET) {
      response.writeHead(414).end();
      return;
    }
    const { status, type, body } = rest(url);
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length }).end(body);
    return;
  }
  if (!isAllowed(request.headers.authorization, allowed)) {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="jsonrpc"' }).end();
    return;
  }
  if (request.method !== 'POST') {
    response.writeHead(405).end('JSONRPC server handles only POST requests');
    return;
  }
  const body = await readBody(request, MAX_BODY);
  if (body === undefined) {
    response.writeHead(413).end();
    return;
  }
  const { status, body: text } = await handleBody(methods, body);
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
}

function isAllowed(header: string | undefined, allowed: readonly Buffer[]): boolean {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header ?? '')?.[1];
  if (encoded === undefined) return false;
  const given = digest(Buffer.from(encoded, 'base64').toString('utf8'));
  return allowed.map((known) => timingSafeEqual(known, given)).includes(true);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The body as text; `undefined` if it is longer than `limit` or was cut off. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > limit) return undefined;
      parts.push(part);
    }
  } catch (error) {
    if (request.destroyed) return undefined;
    throw error;
  }
  return Buffer.concat(parts).toString('utf8');
}

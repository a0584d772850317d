import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a route answers. */
export type Reply =
  | { readonly json: unknown; readonly version?: string }
  | { readonly ssz: Uint8Array; readonly version?: string }
  | { readonly status: number; readonly message: string };

export interface Request {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Whether SSZ is wanted rather than JSON. */
  readonly ssz: boolean;
  /** Read only where a route asks for it. */
  readonly body: () => Promise<string>;
}

export const notFound = (what: string): Reply => ({ status: 404, message: `${what} not found` });
export const badRequest = (problem: string): Reply => ({ status: 400, message: problem });

const MAX_BODY = 4096;

export function readRequest(request: IncomingMessage): Request {
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    path: url.pathname.split('/').filter((part) => part !== ''),
    query: url.searchParams,
    ssz: /^application\/octet-stream/.test(request.headers.accept ?? ''),
    body: () => readBody(request),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY) return '';
  }
  return text;
}

export function sendReply(response: ServerResponse, reply: Reply): void {
  if ('status' in reply) {
    const { status, message } = reply;
    send(response, status, 'application/json', JSON.stringify({ code: status, message }));
    return;
  }
  if (reply.version !== undefined) response.setHeader('eth-consensus-version', reply.version);
  if ('ssz' in reply) send(response, 200, 'application/octet-stream', Buffer.from(reply.ssz));
  else send(response, 200, 'application/json', JSON.stringify(reply.json));
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

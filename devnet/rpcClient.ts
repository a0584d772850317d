import type { RpcCredentials } from './bitcoin/rpc/server.js';
import { NodeCallError } from './errors.js';

export interface RpcEndpoint {
  readonly url: string;
  readonly auth?: RpcCredentials | undefined;
}

/**
 * One JSON-RPC call to a local node.
 * @throws NodeCallError with the node's code, or without one if it did not answer
 */
export async function callNode(
  endpoint: RpcEndpoint,
  method: string,
  params: readonly unknown[] = [],
): Promise<unknown> {
  const { url, auth } = endpoint;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (auth !== undefined)
    headers.authorization = `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(30_000),
    });
    text = await response.text();
  } catch (error) {
    throw new NodeCallError(url, method, undefined, 'no answer', error);
  }
  const reply = parse(text);
  if (reply === undefined)
    throw new NodeCallError(url, method, undefined, `HTTP ${response.status} without a JSON-RPC answer`);
  if (reply.error !== undefined && reply.error !== null)
    throw new NodeCallError(url, method, Number(reply.error.code), String(reply.error.message));
  return reply.result;
}

interface Reply {
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown } | null;
}

function parse(text: string): Reply | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

import { z } from 'zod';
import type { Json } from './codec.js';
import { NodeUnavailableError, RemoteError } from './errors.js';
import type { NodeClient } from './local.js';
import { METHODS, type MethodName, methodOf } from './methods.js';

const AnswerSchema = z.union([
  z.object({ jsonrpc: z.literal('2.0'), result: z.json() }),
  z.object({
    jsonrpc: z.literal('2.0'),
    error: z.object({
      code: z.number(),
      message: z.string(),
      data: z.object({
        name: z.string().max(64),
        retryable: z.boolean(),
        details: z.record(z.string(), z.unknown()).optional(),
      }),
    }),
  }),
]);

export interface HttpClientOptions {
  /** Such as `http://127.0.0.1:7301`. */
  readonly url: string;
  /** Default 10 s. */
  readonly timeoutMilliseconds?: number;
}

type Calls = { [N in MethodName]: (...values: Parameters<NodeClient[N]>) => ReturnType<NodeClient[N]> };

/**
 * The client of a node over JSON-RPC. A node that cannot be reached gives NodeUnavailableError (retryable); what the
 * node itself refuses gives RemoteError under the node's own error name and with its own word on retrying.
 */
export function httpClient(options: HttpClientOptions): NodeClient {
  let requests = 0;
  const call = async (method: MethodName, values: readonly unknown[]): Promise<unknown> => {
    const { params: codecs, result } = methodOf(method);
    const params = values.map((value, i) =>
      value === undefined ? null : (codecs[i]?.encode(value) ?? null),
    );
    const answer = await post(options, { jsonrpc: '2.0', id: ++requests, method, params });
    try {
      return result.decode(answer);
    } catch (error) {
      throw new NodeUnavailableError(options.url, `gives an unreadable answer to ${method}`, error);
    }
  };
  const calls = Object.fromEntries(
    (Object.keys(METHODS) as MethodName[]).map((method) => [
      method,
      (...values: readonly unknown[]) => call(method, values),
    ]),
  );
  // Each entry has the type of its method: `METHODS` is checked against the same interface.
  return calls as unknown as Calls;
}

async function post({ url, timeoutMilliseconds }: HttpClientOptions, request: Json): Promise<Json> {
  let body: unknown;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(timeoutMilliseconds ?? 10_000),
    });
    body = await response.json();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new NodeUnavailableError(url, `does not answer${cause}`, error);
  }
  const answer = AnswerSchema.safeParse(body);
  if (!answer.success) throw new NodeUnavailableError(url, 'does not answer as a node', answer.error);
  if ('result' in answer.data) return answer.data.result;
  const { message, data } = answer.data.error;
  throw new RemoteError({
    name: data.name,
    message,
    retryable: data.retryable,
    ...(data.details === undefined ? {} : { details: data.details }),
  });
}

import { z } from 'zod';
import { LimitExceededError } from '../../proofs/errors/input.js';
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

/** Largest answer read, bytes: a list of a chain's truncations is the longest that an honest node gives. */
const MAX_ANSWER = 64 * 2 ** 20;

export interface HttpClientOptions {
  /** Such as `http://127.0.0.1:7301`. */
  readonly url: string;
  /** For errors, which then tell no address. Default: the URL. */
  readonly name?: string;
  /** Default 10 s. */
  readonly timeoutMilliseconds?: number;
  /** Largest answer read, bytes. Default 64 MiB. */
  readonly maxAnswer?: number;
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
      throw new NodeUnavailableError(
        options.name ?? options.url,
        `gives an unreadable answer to ${method}`,
        error,
      );
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

async function post(options: HttpClientOptions, request: Json): Promise<Json> {
  const { url, name = url, timeoutMilliseconds, maxAnswer = MAX_ANSWER } = options;
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(timeoutMilliseconds ?? 10_000),
      // A node answers itself: nobody sends our transactions and questions elsewhere.
      redirect: 'error',
    });
    text = await readText(response, maxAnswer);
  } catch (error) {
    const code = error instanceof Error ? codeOf(error.cause) : undefined;
    const problem =
      error instanceof LimitExceededError
        ? `gives ${error.message}`
        : code === undefined
          ? 'does not answer'
          : `does not answer: ${code}`;
    throw new NodeUnavailableError(name, problem, error);
  }
  const answer = readAnswer(name, text);
  if ('result' in answer) return answer.result;
  const { message, data } = answer.error;
  throw new RemoteError({
    name: data.name,
    message,
    retryable: data.retryable,
    ...(data.details === undefined ? {} : { details: data.details }),
  });
}

/** @throws NodeUnavailableError; nesting that ends the schema's stack is no answer either */
function readAnswer(name: string, text: string): z.output<typeof AnswerSchema> {
  try {
    return AnswerSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new NodeUnavailableError(name, 'does not answer as a node', error);
  }
}

/** Such as `ECONNREFUSED`: what else is said repeats the address. */
function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}

/** @throws LimitExceededError as soon as there is more */
async function readText(response: Response, limit: number): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    const bytes: Uint8Array = chunk;
    length += bytes.length;
    if (length > limit) throw new LimitExceededError('an answer in bytes', length, limit);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

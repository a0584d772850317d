import { type Client, createClient, type HttpTransport, http } from 'viem';
import { SourceUnavailableError } from '../../errors.js';
import { boundedFetch } from './boundedFetch.js';

export interface RpcClientOptions {
  readonly url: string;
  /** For one request, its answer included. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

/** What a node answers: a result (`null` for none), or that it will not. */
export type RpcAnswer =
  | { readonly result: unknown }
  | { readonly refusal: { readonly code: number; readonly message: string } };

/** Calls in one batch. */
export const BATCH = 100;
/** viem gives this code to what never was a JSON-RPC error: no connection, no JSON, no time. */
const NO_RPC_ERROR = -1;

/** JSON-RPC over HTTP; calls made together travel together. It never tries again: that is the caller's to decide. */
export class EthereumRpcClient {
  readonly #name: string;
  readonly #client: Client<HttpTransport>;

  /** @param name of the source, for errors; without secrets */
  constructor(name: string, options: RpcClientOptions) {
    this.#name = name;
    this.#client = createClient({
      transport: http(options.url, {
        batch: { batchSize: BATCH },
        retryCount: 0,
        timeout: options.timeoutMs,
        fetchFn: boundedFetch(options.maxResponseBytes),
        maxResponseBodySize: false,
      }),
    });
  }

  /** @throws SourceUnavailableError */
  async call(method: string, params: readonly unknown[]): Promise<unknown> {
    const answer = await this.ask(method, params);
    if ('result' in answer) return answer.result;
    throw new SourceUnavailableError(
      this.#name,
      `${method}: ${answer.refusal.message} (${answer.refusal.code})`,
    );
  }

  /** As `call`, with a JSON-RPC error as an answer. @throws SourceUnavailableError if there is no answer at all */
  async ask(method: string, params: readonly unknown[]): Promise<RpcAnswer> {
    try {
      const result: unknown = await this.#client.request({ method, params } as never);
      return { result: result ?? null };
    } catch (error) {
      const message = messageOf(error);
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (typeof code === 'number' && code !== NO_RPC_ERROR) return { refusal: { code, message } };
      throw new SourceUnavailableError(this.#name, `${method}: ${message}`);
    }
  }
}

/** The library's own words without the request that it repeats, and with it the URL and what is secret in it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return firstLine(String(error));
  const short = 'shortMessage' in error ? String(error.shortMessage) : error.message;
  const details = 'details' in error ? String(error.details) : '';
  return [firstLine(short), firstLine(details)].filter((part) => part !== '').join(' ');
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/https?:\/\/\S+/g, 'the node').slice(0, 200);
}

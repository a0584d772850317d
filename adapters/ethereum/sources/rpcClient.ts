import { HttpRequestError } from 'viem';
import { SourceUnavailableError } from '../../errors.js';
import { RequestBudget } from '../../http/requestBudget.js';
import { isBusy, isUnsupported, type RpcRefusal } from './refusals.js';
import {
  openTransport,
  type RpcTransport,
  type RpcTransportOptions,
  type Unsubscribe,
} from './rpcTransport.js';

export interface RpcClientOptions extends RpcTransportOptions {
  /** Calls a second, each of a batch counted. Default: no limit of our own. */
  readonly requestsPerSecond?: number | undefined;
  /** Longest pause that is waited for when the node asks for one. Default 10 s. */
  readonly patienceMs?: number | undefined;
  /** First pause after a refusal that names none, doubled each time. Default 1 s. */
  readonly busyMs?: number | undefined;
}

/** What a node answers: a result (`null` for none), or that it will not. */
export type RpcAnswer = { readonly result: unknown } | { readonly refusal: RpcRefusal };

/** viem gives this code to what never was a JSON-RPC error: no connection, no JSON, no time. */
const NO_RPC_ERROR = -1;
const RETRIES = 3;

/** JSON-RPC with the pauses that a node asks for. It tries again after those alone: all else is the caller's to decide. */
export class EthereumRpcClient {
  readonly #name: string;
  readonly #transport: RpcTransport;
  readonly #budget: RequestBudget;
  readonly #busyMs: number;
  readonly #timeoutMs: number;
  readonly #closed = new AbortController();

  /** @param name of the source, for errors; without secrets */
  constructor(name: string, options: RpcClientOptions) {
    this.#name = name;
    this.#transport = openTransport(options);
    this.#busyMs = options.busyMs ?? 1000;
    this.#timeoutMs = options.timeoutMs;
    this.#budget = new RequestBudget(
      name,
      options.requestsPerSecond ?? Number.POSITIVE_INFINITY,
      options.patienceMs ?? 10_000,
    );
  }

  /** @throws SourceUnavailableError */
  async call(method: string, params: readonly unknown[]): Promise<unknown> {
    const answer = await this.ask(method, params);
    if ('result' in answer) return answer.result;
    throw this.refused(method, answer.refusal);
  }

  /** As `call`, with a JSON-RPC error as an answer. @throws SourceUnavailableError if there is no answer at all */
  async ask(method: string, params: readonly unknown[]): Promise<RpcAnswer> {
    for (let tries = 0; ; tries++) {
      await this.#budget.take(this.#closed.signal);
      const answer = await this.#once(method, params);
      if (!('busy' in answer)) return answer;
      this.#budget.pause(answer.busy.retryAfter, this.#busyMs * 2 ** tries);
      if (tries >= RETRIES) throw new SourceUnavailableError(this.#name, `${method}: ${answer.busy.message}`);
    }
  }

  /** The error for a refusal that the caller cannot do with. */
  refused(method: string, { code, message }: RpcRefusal): SourceUnavailableError {
    return new SourceUnavailableError(this.#name, `${method}: ${message} (${code})`);
  }

  /** `undefined` where only polling tells of new heads. @throws SourceUnavailableError */
  async subscribe(onHead: () => void, onEnd: () => void): Promise<Unsubscribe | undefined> {
    if (this.#transport.subscribe === undefined) return undefined;
    try {
      return await this.#limited(this.#transport.subscribe(onHead, onEnd));
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== undefined && isUnsupported(refusal)) return undefined;
      throw new SourceUnavailableError(this.#name, `eth_subscribe: ${messageOf(error)}`);
    }
  }

  get clockSkew(): number | undefined {
    return this.#transport.clock?.seconds;
  }

  /** Ends what waits for a pause; later calls fail. */
  close(): void {
    this.#closed.abort();
    this.#transport.close();
  }

  async #once(
    method: string,
    params: readonly unknown[],
  ): Promise<RpcAnswer | { busy: { retryAfter: string | undefined; message: string } }> {
    try {
      const result = await this.#limited(this.#transport.request(method, params));
      return { result: result ?? null };
    } catch (error) {
      const message = messageOf(error);
      const refusal = refusalOf(error);
      const http = httpErrorOf(error);
      if (http?.status === 429 || http?.status === 503)
        return { busy: { retryAfter: http.headers?.get('retry-after') ?? undefined, message } };
      if (refusal !== undefined && isBusy(refusal)) {
        const text = `${refusal.message} (${refusal.code})`;
        return { busy: { retryAfter: undefined, message: text } };
      }
      if (refusal !== undefined) return { refusal };
      throw new SourceUnavailableError(this.#name, `${method}: ${message}`);
    }
  }

  /** The library's own limit does not cover opening a socket. */
  async #limited<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`no answer within ${this.#timeoutMs} ms`);
      timer = setTimeout(() => reject(error), this.#timeoutMs + 500);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function refusalOf(error: unknown): RpcRefusal | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  if (typeof code !== 'number' || code === NO_RPC_ERROR || httpErrorOf(error) !== undefined) return undefined;
  return { code, message: messageOf(error) };
}

function httpErrorOf(error: unknown): HttpRequestError | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++)
    if (at instanceof HttpRequestError) return at;
  return undefined;
}

/** The library's own words without the request that it repeats, and with it the URL and what is secret in it. */
function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return firstLine(String(error));
  const own = 'message' in error ? String(error.message) : 'the connection failed';
  const short = 'shortMessage' in error ? String(error.shortMessage) : own;
  const details = 'details' in error ? String(error.details) : '';
  return [firstLine(short), firstLine(details)].filter((part) => part !== '').join(' ');
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/(https?|wss?):\/\/\S+/g, 'the node').slice(0, 200);
}

import { concatBytes } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { ClockSkew } from '../clock.js';
import { SourceFaultError, SourceUnavailableError } from '../errors.js';

export interface HttpLimits {
  /** For one request, its answer's body included. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** For bodies of which the caller sets no smaller limit. Default 16 MiB: the largest block in hex is 8 MB. */
  readonly maxResponseBytes?: number | undefined;
  /** A body must bring `progressBytes` in each such period. Defaults: 10 s, 1024 bytes. */
  readonly progressMs?: number | undefined;
  readonly progressBytes?: number | undefined;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly maxBytes?: number;
}

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly bytes: Uint8Array;
  /** As the server gave it. */
  readonly retryAfter: string | undefined;
}

/**
 * Reads bounded answers over kept-alive connections: no body is longer, slower or later than its limits, no redirect is followed, and
 * no error tells a URL's path, credentials or a header.
 */
export class HttpReader {
  /** By what servers say of the time. */
  readonly clock = new ClockSkew();
  readonly #closed = new AbortController();
  readonly #timeoutMs: number;
  readonly #maxBytes: number;
  readonly #progressMs: number;
  readonly #progressBytes: number;

  /** @param name of the source, for errors; must hold no secret */
  constructor(
    readonly name: string,
    limits: HttpLimits = {},
  ) {
    this.#timeoutMs = limits.timeoutMs ?? 30_000;
    this.#maxBytes = limits.maxResponseBytes ?? 2 ** 24;
    this.#progressMs = limits.progressMs ?? 10_000;
    this.#progressBytes = limits.progressBytes ?? 1024;
  }

  /** Aborts when the reader is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** @throws SourceUnavailableError without a whole answer or for a redirect; SourceFaultError for one that is too long */
  async read(url: string, request: HttpRequest = {}): Promise<HttpAnswer> {
    const slow = new AbortController();
    const signal = AbortSignal.any([this.#closed.signal, slow.signal, AbortSignal.timeout(this.#timeoutMs)]);
    try {
      const sent = Date.now();
      const response = await fetch(url, {
        method: request.method ?? 'GET',
        ...(request.headers === undefined ? {} : { headers: request.headers }),
        ...(request.body === undefined ? {} : { body: request.body }),
        redirect: 'manual',
        signal,
      });
      const { status, ok, headers } = response;
      this.clock.observeHttp(headers, sent, Date.now());
      if (status >= 300 && status < 400) {
        await response.body?.cancel();
        throw this.#unavailable(`redirects elsewhere (HTTP ${status}), which is not followed`);
      }
      const bytes = await this.#readBody(response, request.maxBytes ?? this.#maxBytes, slow);
      return { status, ok, bytes, retryAfter: headers.get('retry-after') ?? undefined };
    } catch (error) {
      if (error instanceof SourceFaultError || error instanceof SourceUnavailableError) throw error;
      throw this.#explain(error, slow.signal);
    }
  }

  /** Ends requests under way; later ones fail. */
  close(): void {
    this.#closed.abort();
  }

  async #readBody(response: Response, maxBytes: number, slow: AbortController): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let size = 0;
    let before = 0;
    const watch = setInterval(() => {
      if (size - before < this.#progressBytes) slow.abort();
      before = size;
    }, this.#progressMs);
    try {
      // Leaving the loop by an error cancels the rest of the answer.
      for await (const part of response.body ?? []) {
        size += part.length;
        if (size > maxBytes)
          throw new SourceFaultError(this.name, `answered with more than ${maxBytes} bytes`);
        parts.push(part);
      }
    } finally {
      clearInterval(watch);
    }
    return concatBytes(...parts);
  }

  #explain(error: unknown, slow: AbortSignal): SourceUnavailableError {
    if (this.#closed.signal.aborted) return this.#unavailable('is closed', error);
    if (slow.aborted)
      return this.#unavailable(
        `sends its answer too slowly: less than ${this.#progressBytes} bytes in ${this.#progressMs} ms`,
        error,
      );
    if (error instanceof Error && error.name === 'TimeoutError')
      return this.#unavailable(`gave no answer within ${this.#timeoutMs} ms`, error);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : nameOf(cause);
    return this.#unavailable(`cannot be reached (${code})`, error);
  }

  #unavailable(problem: string, cause?: unknown): SourceUnavailableError {
    return new SourceUnavailableError(this.name, problem, cause);
  }
}

/** Its message where that is plain words, such as `bad port`: others may repeat the URL. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return /^[a-z]+( [a-z]+){0,5}$/i.test(error.message) ? error.message : error.name;
}

export interface ServerUrl {
  /** Without user, password, query and closing slashes. */
  readonly base: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly host: string;
  readonly auth: { readonly user: string; readonly password: string } | undefined;
}

/**
 * An http or https URL, with user and password taken out of it so that they are in no log.
 * @param what names it in errors
 * @throws MalformedInputError, which does not repeat the text: it may hold a password
 */
export function parseServerUrl(text: string, what: string): ServerUrl {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new MalformedInputError(what, 'is not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new MalformedInputError(what, 'is not http or https');
  const { username, password } = url;
  const auth =
    username === '' && password === ''
      ? undefined
      : { user: decode(username, what), password: decode(password, what) };
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    search: url.search,
    host: url.host,
    auth,
  };
}

/** Value of an `Authorization` header. */
export function basicAuthorization(pair: string): string {
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new MalformedInputError(what, 'has a broken percent code in its user or password');
  }
}

import { SourceUnavailableError } from '../../errors.js';
import {
  basicAuthorization,
  type HttpAnswer,
  type HttpLimits,
  HttpReader,
  parseServerUrl,
} from '../../http/reader.js';
import { RequestBudget } from '../../http/requestBudget.js';

export interface EsploraClientOptions extends HttpLimits {
  /** With the base path, such as `https://host/testnet/api`. */
  readonly url: string;
  /** For logs, metrics and errors, and told by the API. Default: chain and address. */
  readonly name?: string | undefined;
  /** Default 10. */
  readonly requestsPerSecond?: number | undefined;
  /** Longest pause that is waited for when the server asks for one. Default 10 s. */
  readonly patienceMs?: number | undefined;
}

/** Requests again after 429 or 503. */
const RETRIES = 3;
const FIRST_PAUSE_MS = 1000;

/** Asks a server of Esplora's HTTP API, within a budget of requests. */
export class EsploraClient {
  readonly name: string;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #http: HttpReader;
  readonly #budget: RequestBudget;

  /** @param chain for the default name alone @throws MalformedInputError for an unusable URL */
  constructor(chain: string, options: EsploraClientOptions) {
    const { base, host, auth } = parseServerUrl(options.url, 'Esplora URL');
    this.name = options.name ?? `${chain} Esplora server at ${host}`;
    this.#base = `${base}/`;
    this.#headers =
      auth === undefined ? {} : { authorization: basicAuthorization(`${auth.user}:${auth.password}`) };
    this.#http = new HttpReader(this.name, options);
    this.#budget = new RequestBudget(
      this.name,
      options.requestsPerSecond ?? 10,
      options.patienceMs ?? 10_000,
    );
  }

  get clockSkew(): number | undefined {
    return this.#http.clock.seconds;
  }

  /** A body, or `undefined` for what is not there (404, and 400 for a path that it does not know). @throws SourceUnavailableError, SourceFaultError */
  async get(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    for (let tries = 0; ; tries++) {
      await this.#budget.take(this.#http.closed);
      const answer = await this.#http.read(this.#base + path, { headers: this.#headers, maxBytes });
      const { status, bytes } = answer;
      if (status === 200) return bytes;
      if (status === 404 || status === 400) return undefined;
      if (!this.#isBusy(answer, tries) || tries >= RETRIES)
        throw new SourceUnavailableError(this.name, `answered HTTP ${status}`);
    }
  }

  close(): void {
    this.#http.close();
  }

  #isBusy({ status, retryAfter }: HttpAnswer, tries: number): boolean {
    if (status !== 429 && status !== 503) return false;
    this.#budget.pause(retryAfter, FIRST_PAUSE_MS * 2 ** tries);
    return true;
  }
}

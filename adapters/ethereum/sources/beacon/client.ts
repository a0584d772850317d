import { SourceUnavailableError } from '../../../errors.js';
import {
  basicAuthorization,
  type HttpAnswer,
  type HttpLimits,
  HttpReader,
  parseServerUrl,
} from '../../../http/reader.js';
import { RequestBudget } from '../../../http/requestBudget.js';
import { isRecord } from '../../../sourceAnswers.js';
import { BeaconReading } from './reading.js';

export interface BeaconClientOptions extends HttpLimits {
  /** http or https, with a path where the server wants one; a user and password in it are sent as basic authentication. */
  readonly url: string;
  /** For logs, metrics and errors, and told by the API. Default: chain and address. */
  readonly name?: string | undefined;
  /** Default 10. */
  readonly requestsPerSecond?: number | undefined;
  /** Longest pause that is waited for when the server asks for one. Default 10 s. */
  readonly patienceMs?: number | undefined;
}

/** Requests again after 429, and after a 503 that names a time. */
const RETRIES = 3;
const FIRST_PAUSE_MS = 1000;
/** How much of a server's own words goes into an error. */
const LONGEST_MESSAGE = 160;

/** Asks one server of the Beacon API (ethereum/beacon-APIs), within a budget of requests, for JSON. */
export class BeaconClient {
  readonly name: string;
  readonly reading: BeaconReading;
  readonly #base: string;
  readonly #search: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #http: HttpReader;
  readonly #budget: RequestBudget;

  /** @param chain for the default name alone @throws MalformedInputError for an unusable URL */
  constructor(chain: string, options: BeaconClientOptions) {
    const { base, search, host, auth } = parseServerUrl(options.url, 'Beacon API URL');
    // Host only: path and query may hold a key.
    this.name = options.name ?? `${chain} beacon node at ${host}`;
    this.reading = new BeaconReading(this.name);
    this.#base = base;
    this.#search = search;
    this.#headers = {
      accept: 'application/json',
      ...(auth === undefined ? {} : { authorization: basicAuthorization(`${auth.user}:${auth.password}`) }),
    };
    this.#http = new HttpReader(this.name, options);
    this.#budget = new RequestBudget(
      this.name,
      options.requestsPerSecond ?? 10,
      options.patienceMs ?? 10_000,
    );
  }

  /**
   * @param path with its query, from `/eth` on
   * @returns `undefined` for what is not there (404)
   * @throws SourceUnavailableError without an answer; SourceFaultError for one that is no JSON or longer than `maxBytes`
   */
  async get(path: string, maxBytes: number): Promise<unknown> {
    for (let tries = 0; ; tries++) {
      await this.#budget.take(this.#http.closed);
      const answer = await this.#http.read(this.#url(path), { headers: this.#headers, maxBytes });
      const { status, bytes } = answer;
      if (status === 200) return this.reading.json(bytes, path);
      if (status === 404) return undefined;
      if (!this.#isBusy(answer, tries) || tries >= RETRIES)
        throw new SourceUnavailableError(this.name, `answered HTTP ${status}${messageOf(bytes)}`);
    }
  }

  close(): void {
    this.#http.close();
  }

  #url(path: string): string {
    if (this.#search === '') return this.#base + path;
    return `${this.#base}${path}${path.includes('?') ? '&' : '?'}${this.#search.slice(1)}`;
  }

  /** A 503 alone says that the node is syncing: that takes longer than any pause. */
  #isBusy({ status, retryAfter }: HttpAnswer, tries: number): boolean {
    if (status !== 429 && (status !== 503 || retryAfter === undefined)) return false;
    this.#budget.pause(retryAfter, FIRST_PAUSE_MS * 2 ** tries);
    return true;
  }
}

/** The server's own words in its error's body, if it is short and printable. */
function messageOf(bytes: Uint8Array): string {
  if (bytes.length > 4096) return '';
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const text = isRecord(body) && typeof body.message === 'string' ? body.message : '';
    return text === '' ? '' : ` (${text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, LONGEST_MESSAGE)})`;
  } catch (error) {
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}

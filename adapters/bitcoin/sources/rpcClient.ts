import { readFile } from 'node:fs/promises';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import { basicAuthorization, type HttpAnswer, type HttpLimits, HttpReader } from '../../http/reader.js';
import { isRecord } from '../../sourceAnswers.js';
import { CoreRpcError } from './rpcErrors.js';

/** How the node knows us. A cookie file is read again when the node has restarted and written a new one. */
export type RpcAuth = { readonly user: string; readonly password: string } | { readonly cookieFile: string };

/** Limits are those of one request or batch. */
export interface RpcClientOptions extends HttpLimits {
  /** For logs and errors; must hold no secret. */
  readonly name: string;
  /** `http://host:port`, without user and password. */
  readonly url: string;
  readonly auth?: RpcAuth | undefined;
}

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Speaks Bitcoin Core's JSON-RPC over one kept-alive connection pool. No answer's shape is trusted. */
export class CoreRpcClient {
  readonly #options: RpcClientOptions;
  readonly #http: HttpReader;
  #authorization: string | undefined;
  #nextId = 1;

  constructor(options: RpcClientOptions) {
    this.#options = options;
    this.#http = new HttpReader(options.name, options);
  }

  /**
   * The result of one call.
   * @throws CoreRpcError if the node refuses it; SourceUnavailableError, SourceFaultError
   */
  async call(method: string, ...params: unknown[]): Promise<unknown> {
    const [result] = await this.batch([{ method, params }]);
    if (result instanceof CoreRpcError) throw result;
    return result;
  }

  /**
   * Results in the order of the calls; a refused call's place holds its error.
   * @throws SourceUnavailableError, SourceFaultError
   */
  async batch(calls: readonly RpcCall[]): Promise<unknown[]> {
    if (calls.length === 0) return [];
    const first = this.#nextId;
    this.#nextId += calls.length;
    const requests = calls.map(({ method, params }, i) => ({
      jsonrpc: '1.0',
      id: first + i,
      method,
      params,
    }));
    const answer = await this.#post(JSON.stringify(requests.length === 1 ? requests[0] : requests));
    const answers = Array.isArray(answer) ? answer : [answer];
    const byId = new Map<unknown, Readonly<Record<string, unknown>>>();
    for (const one of answers) if (isRecord(one)) byId.set(one.id, one);
    return calls.map(({ method }, i) => {
      // A batch that was refused as a whole, while the node starts, has one answer without id.
      const one = byId.get(first + i) ?? (answers.length === 1 ? byId.get(null) : undefined);
      if (one === undefined) throw this.#fault(`gave no answer to ${method}`);
      return this.#refusalOf(method, one.error) ?? one.result;
    });
  }

  get clockSkew(): number | undefined {
    return this.#http.clock.seconds;
  }

  /** Ends requests under way; later ones fail. */
  close(): void {
    this.#http.close();
  }

  async #post(body: string): Promise<unknown> {
    let answer = await this.#send(body);
    if (answer.status === 401 && this.#options.auth !== undefined && 'cookieFile' in this.#options.auth) {
      this.#authorization = undefined;
      answer = await this.#send(body);
    }
    const { status, ok, bytes } = answer;
    if (status === 401 || status === 403)
      throw this.#unavailable(`does not accept our credentials or address (HTTP ${status})`);
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (error) {
      // A full work queue or a proxy answers in plain text.
      if (!ok) throw this.#unavailable(`answered HTTP ${status}`, error);
      throw this.#fault('answered with something that is not JSON');
    }
  }

  async #send(body: string): Promise<HttpAnswer> {
    const authorization = await this.#authorize();
    return this.#http.read(this.#options.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body,
    });
  }

  async #authorize(): Promise<string | undefined> {
    const { auth } = this.#options;
    if (auth === undefined) return undefined;
    if (this.#authorization === undefined) {
      const pair = 'user' in auth ? `${auth.user}:${auth.password}` : await this.#readCookie(auth.cookieFile);
      this.#authorization = basicAuthorization(pair);
    }
    return this.#authorization;
  }

  async #readCookie(file: string): Promise<string> {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      throw this.#unavailable(`cannot read the cookie file ${file}`, error);
    }
  }

  /** `undefined` where the call was not refused. @throws SourceFaultError for an error of another shape than JSON-RPC's */
  #refusalOf(method: string, error: unknown): CoreRpcError | undefined {
    if (error === null || error === undefined) return undefined;
    const { code = 0, message = '' } = isRecord(error) ? error : { code: error };
    // Not made into a number or a text: for some objects and deep lists that fails in itself.
    if (typeof code !== 'number' || typeof message !== 'string')
      throw this.#fault(`answered ${method} with an unreadable error`);
    return new CoreRpcError(this.#options.name, method, code, message.slice(0, 200));
  }

  #unavailable(problem: string, cause?: unknown): SourceUnavailableError {
    return new SourceUnavailableError(this.#options.name, problem, cause);
  }

  #fault(problem: string): SourceFaultError {
    return new SourceFaultError(this.#options.name, problem);
  }
}

import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { listen } from '../bitcoin/rpc/server.js';
import { sendException, sendOutcome } from './answer.js';
import { type Body, openBody } from './body.js';
import { Engine, type EngineLimits, type Order, type Outcome } from './engine.js';
import { asException, Exceptions, ServerException } from './exception.js';
import { Gate } from './gate.js';
import { escapeLiteral } from './literal.js';
import { parseMultipart } from './multipart.js';
import { type Asked, authenticate, type Credentials, readRequest } from './request.js';
import { parseStatement } from './statement.js';

/** Longest statement: ClickHouse's default of `max_query_size`, and the most that a request may set it to. Rows behind it do not count. */
const MAX_STATEMENT = 262_144;
const MAX_STATEMENT_SET = 16 * 2 ** 20;
/** Longest value in a URL: ClickHouse's default of `http_max_field_value_size`. */
const MAX_FIELD = 131_072;
/** Longest form of parameters. */
const MAX_FORM = 16 * 1024 * 1024;
/** Longest URL and headers: ClickHouse's `http_max_uri_size`. */
const MAX_HEADERS = 1024 * 1024;
/** A refused request may go on sending for so long before its connection is cut. */
const DRAIN_MS = 5000;
const MAX_CONNECTIONS = 200;
/** Statements that wait for their turn. */
const WAITING = 100;

export interface ClickHouseFrontOptions {
  /** Holds chDB's folder and bodies that are being read. */
  readonly dataDir: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly credentials: Credentials;
  readonly limits: EngineLimits & {
    /** Of a request's body, unpacked. */
    readonly bodyBytes: number;
    /** Statements at once. */
    readonly running: number;
  };
}

export interface ClickHouseFront {
  readonly url: string;
  /** Of the ClickHouse inside. */
  readonly version: string;
  /** Lets running statements end. */
  close(): Promise<void>;
}

/**
 * Serves a chDB by as much of ClickHouse's HTTP interface as its JavaScript client and curl need; on loopback only.
 * @throws PortInUseError
 * @throws ServerException if another process owns the folder
 */
export async function serveClickHouse(options: ClickHouseFrontOptions): Promise<ClickHouseFront> {
  const { dataDir, limits } = options;
  const bodies = join(dataDir, 'bodies');
  const engine = await Engine.open(join(dataDir, 'chdb'), limits);
  // Left by a process that was killed.
  await rm(bodies, { recursive: true, force: true });
  await mkdir(bodies, { recursive: true });
  const front = new Front(engine, new Gate(limits.running, WAITING), bodies, options);
  const server = createServer({ maxHeaderSize: MAX_HEADERS, keepAliveTimeout: 10_000 }, (request, response) =>
    front.handle(request, response),
  );
  server.requestTimeout = limits.seconds * 1000;
  server.maxConnections = MAX_CONNECTIONS;
  try {
    await listen(server, '127.0.0.1', options.port);
  } catch (error) {
    engine.close();
    throw error;
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    version: engine.version,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]);
      server.closeAllConnections();
      engine.close();
    },
  };
}

class Front {
  constructor(
    readonly engine: Engine,
    readonly gate: Gate,
    readonly bodies: string,
    readonly options: ClickHouseFrontOptions,
  ) {}

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { version, timeZone } = this.engine;
    const answered = { queryId: randomUUID() as string, version, timeZone };
    response.on('error', () => response.destroy());
    this.#route(request, response, answered).catch(async (error: unknown) => {
      await drain(request);
      sendException(response, answered, asException(error));
    });
  }

  async #route(
    request: IncomingMessage,
    response: ServerResponse,
    answered: { queryId: string; readonly version: string; readonly timeZone: string },
  ): Promise<void> {
    const { method = '' } = request;
    const url = readUrl(request.url ?? '/');
    const reply = (status: number, text: string) =>
      response.writeHead(status, { 'Content-Type': 'text/html; charset=UTF-8' }).end(text);
    if (url.pathname === '/ping' || url.pathname === '/replicas_status') reply(200, 'Ok.\n');
    else if (url.pathname !== '/')
      reply(404, 'Nothing is here. Statements go to /, and /ping says whether it is up.\n');
    else if (!['GET', 'HEAD', 'POST'].includes(method)) {
      response.setHeader('Allow', 'GET, HEAD, POST');
      reply(405, `${method} is not for statements.\n`);
    } else {
      authenticate(url, request.headers, this.options.credentials);
      if ([...url.searchParams.values()].some((value) => value.length > MAX_FIELD))
        throw new ServerException(Exceptions.BAD_ARGUMENTS, 'HTML Form Exception: Field value too long');
      const asked = readRequest(url, request.headers);
      answered.queryId = asked.queryId;
      if (method !== 'POST' && asked.query === '') reply(200, 'Ok.\n');
      else await this.#statement(request, response, answered, asked);
    }
  }

  async #statement(
    request: IncomingMessage,
    response: ServerResponse,
    answered: { readonly queryId: string; readonly version: string; readonly timeZone: string },
    asked: Asked,
  ): Promise<void> {
    const deadline = Date.now() + this.options.limits.seconds * 1000;
    const { text, body } = await this.#text(request, asked);
    const statement = parseStatement(text);
    const id = randomUUID();
    const order = (sql: string): Order => ({
      text: sql,
      format: asked.format,
      settings: asked.settings,
      parameters: asked.parameters,
      database: asked.database,
      readonly: request.method === 'POST' ? 0 : 2,
      id,
      patience: Math.max(1, deadline - Date.now()),
    });
    const run = (sql: string): Promise<Outcome> =>
      this.gate.run(
        () => {
          if (response.destroyed)
            throw new ServerException(Exceptions.QUERY_WAS_CANCELLED, 'The client has gone');
          return this.engine.run(order(sql));
        },
        Math.max(1, deadline - Date.now()),
      );
    const answer = { gzip: asked.gzip, head: request.method === 'HEAD' };
    if (statement.type === 'plain') {
      if (body !== undefined && !body.complete)
        throw new ServerException(
          Exceptions.QUERY_IS_TOO_LARGE,
          `The statement is larger than ${longest(asked)} bytes`,
        );
      response.once('close', () => {
        // Nobody waits for it any more. That it cannot be cancelled costs no more than its time.
        if (!response.writableFinished) this.engine.cancel(id).catch(() => undefined);
      });
      const outcome = await run(Buffer.from(text, 'latin1').toString('utf8'));
      const format = statement.format ?? asked.format;
      await sendOutcome(response, answered, outcome, { ...answer, format, inserted: false });
      return;
    }
    if (request.method !== 'POST' || body === undefined)
      throw new ServerException(Exceptions.NOT_IMPLEMENTED, 'Rows are taken from the body of a POST');
    const at = statement.dataAt - (text.length - body.head.length);
    const inUrl =
      at < 0
        ? Buffer.from(text.slice(statement.dataAt, text.length - body.head.length), 'latin1')
        : undefined;
    const file = await body.save(this.bodies, Math.max(0, at), inUrl);
    const { target, settings, format } = statement;
    const sql = `${target} FROM INFILE ${escapeLiteral(file)} ${settings} FORMAT ${format}`;
    const outcome = await run(sql).finally(() => rm(file, { force: true }));
    await sendOutcome(response, answered, outcome, { ...answer, format, inserted: true });
  }

  /** The statement's text with the body's first bytes behind it, as latin1. */
  async #text(request: IncomingMessage, asked: Asked): Promise<{ text: string; body: Body | undefined }> {
    const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
    if (request.method !== 'POST') return { text: latin1(asked.query), body: undefined };
    const { bodyBytes } = this.options.limits;
    const type = request.headers['content-type'] ?? '';
    if (/^multipart\/form-data\b/i.test(type)) {
      const form = await openBody(request, MAX_STATEMENT, Math.min(MAX_FORM, bodyBytes));
      const fields = parseMultipart(type, await form.rest());
      for (const [name, value] of fields)
        if (name.startsWith('param_')) asked.parameters.set(name.slice(6), value);
      return { text: latin1(asked.query + (fields.get('query') ?? '')), body: undefined };
    }
    const body = await openBody(request, longest(asked), bodyBytes);
    const first = asked.query === '' ? '' : `${latin1(asked.query)}\n`;
    return { text: first + body.head.toString('latin1'), body };
  }
}

/** Bytes of a statement that are read. */
function longest({ settings }: Asked): number {
  const set = Number(settings.get('max_query_size') ?? Number.NaN);
  return set > 0 ? Math.min(set, MAX_STATEMENT_SET) : MAX_STATEMENT;
}

function readUrl(target: string): URL {
  try {
    return new URL(target, 'http://localhost');
  } catch {
    throw new ServerException(Exceptions.BAD_ARGUMENTS, 'The URL cannot be read');
  }
}

/** Reads what is left of a refused request, for a while: a client that is cut off while it sends sees no answer. */
async function drain(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MS);
    request.once('close', resolve).once('end', resolve);
    request.unpipe();
    request.resume();
    request.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer));
  });
}

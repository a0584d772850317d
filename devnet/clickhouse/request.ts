import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Exceptions, ServerException } from './exception.js';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What the URL and the headers of a request say. */
export interface Asked {
  readonly queryId: string;
  /** Statement, or its beginning, from the URL. */
  readonly query: string;
  readonly format: string;
  readonly database: string | undefined;
  readonly settings: Map<string, string>;
  readonly parameters: Map<string, string>;
  /** Whether the answer may be packed. */
  readonly gzip: boolean;
}

/** Names in the URL that are no settings. ClickHouse: `src/Server/HTTPHandler.cpp`. */
const RESERVED = new Set([
  ...['query', 'query_id', 'database', 'default_format', 'user', 'password', 'quota_key'],
  ...['wait_end_of_query', 'buffer_size', 'http_write_exception_in_output_format', 'stacktrace'],
  ...['session_check', 'session_timeout', 'client_protocol_version', 'close_session'],
]);
/** Ones that change what an answer means and cannot be followed here. */
const REFUSED = new Set(['session_id', 'compress', 'decompress', 'role']);

/** @throws ServerException */
export function readRequest(url: URL, headers: IncomingMessage['headers']): Asked {
  const { searchParams } = url;
  const settings = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const [name, value] of searchParams) {
    if (REFUSED.has(name) && value !== '' && value !== '0')
      throw new ServerException(Exceptions.NOT_IMPLEMENTED, `'${name}' is not supported`);
    if (name.startsWith('param_')) parameters.set(name.slice(6), value);
    else if (!RESERVED.has(name) && !REFUSED.has(name)) settings.set(name, value);
  }
  const id = searchParams.get('query_id') ?? '';
  const database = searchParams.get('database') ?? one(headers['x-clickhouse-database']) ?? '';
  return {
    queryId: /^[\x21-\x7e]{1,200}$/.test(id) ? id : randomUUID(),
    query: searchParams.get('query') ?? '',
    format: searchParams.get('default_format') ?? one(headers['x-clickhouse-format']) ?? 'TabSeparated',
    database: database === '' ? undefined : database,
    settings,
    parameters,
    gzip:
      settings.get('enable_http_compression') === '1' &&
      /\bgzip\b/.test(one(headers['accept-encoding']) ?? ''),
  };
}

/**
 * Who asks, as ClickHouse reads it: from its own headers, from Basic authentication, or from the URL.
 * @throws ServerException if it is not `wanted`
 */
export function authenticate(url: URL, headers: IncomingMessage['headers'], wanted: Credentials): void {
  const given = credentials(url, headers);
  if (same(given?.user ?? 'default', wanted.user) && same(given?.password ?? '', wanted.password)) return;
  const sentence = `${given?.user ?? 'default'}: Authentication failed: password is incorrect, or there is no user with such name`;
  throw new ServerException(
    given === undefined ? Exceptions.REQUIRED_PASSWORD : Exceptions.AUTHENTICATION_FAILED,
    sentence,
  );
}

function credentials(url: URL, headers: IncomingMessage['headers']): Credentials | undefined {
  const [user, key] = [one(headers['x-clickhouse-user']), one(headers['x-clickhouse-key'])];
  if (user !== undefined || key !== undefined) return { user: user ?? 'default', password: key ?? '' };
  const { authorization } = headers;
  if (authorization !== undefined) {
    const [, basic] = /^Basic ([A-Za-z0-9+/=]{0,4096})$/i.exec(authorization) ?? [];
    if (basic === undefined)
      throw new ServerException(Exceptions.AUTHENTICATION_FAILED, 'Only Basic authentication is supported');
    const text = Buffer.from(basic, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    return colon === -1
      ? { user: text, password: '' }
      : { user: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  const { searchParams } = url;
  if (!searchParams.has('user') && !searchParams.has('password')) return undefined;
  return {
    user: searchParams.get('user') ?? 'default',
    password: searchParams.get('password') ?? '',
  };
}

/** Takes as long whatever they are. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

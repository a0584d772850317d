import { HttpSqlClient, type HttpSqlOptions } from '../../../indexers/store/sql/http/client.js';

/** A server to ask, and as whom. */
export interface ClickHouseTarget {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export function basic({ username, password }: ClickHouseTarget): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Posts a statement or rows as curl would. */
export function say(
  target: ClickHouseTarget,
  body: string | Buffer,
  search = '',
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${target.url}/${search}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers: { authorization: basic(target), ...headers },
  });
}

/** What it answers to a statement. */
export async function answerTo(...asked: Parameters<typeof say>): Promise<string> {
  return (await say(...asked)).text();
}

/** The index's own client of it. */
export function clientOf(
  target: ClickHouseTarget,
  options: Partial<HttpSqlOptions> = {},
): Promise<HttpSqlClient> {
  return HttpSqlClient.open({
    ...target,
    requestTimeoutMs: 20_000,
    compression: 'none',
    maxConnections: 4,
    ...options,
  });
}

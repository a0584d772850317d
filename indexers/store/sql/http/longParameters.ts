import type { Parameter, Parameters } from '../client.js';

/** Longest value that goes into the URL: proxies take 8 kB of one and more, ClickHouse 128 KiB of a value. */
const LONGEST_IN_URL = 2048;
/** ClickHouse's default of `max_query_size`, bytes. */
const MAX_QUERY_SIZE = 262_144;

/** A statement with what it is bound to in two places: in its text and beside it. */
export interface Bound {
  readonly sql: string;
  /** Those that go into the URL. */
  readonly parameters: Parameters;
  /** What a text of this length needs. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Writes long values into the statement, which is the request's body and may be of any length: lists of numbers, and texts of
 * letters and digits alone, such as bytes in hex. All others stay beside it.
 */
export function bindLong(sql: string, parameters: Parameters): Bound {
  const literals = new Map<string, string>();
  for (const [name, value] of Object.entries(parameters)) {
    const literal = literalOf(value);
    if (literal !== undefined && literal.length > LONGEST_IN_URL) literals.set(name, literal);
  }
  if (literals.size === 0) return { sql, parameters, settings: {} };
  const text = sql.replace(/\{(\w+):([\w()]+)\}/g, (whole, name: string, type: string) => {
    const literal = literals.get(name);
    return literal === undefined ? whole : `CAST(${literal}, '${type}')`;
  });
  const size = text.length + 1024;
  return {
    sql: text,
    parameters: Object.fromEntries(Object.entries(parameters).filter(([name]) => !literals.has(name))),
    settings: size > MAX_QUERY_SIZE ? { max_query_size: String(size) } : {},
  };
}

/** `undefined` for what is no plain number, list of such, or text of letters and digits. */
function literalOf(value: Parameter): string | undefined {
  if (typeof value === 'string') return /^[0-9A-Za-z]*$/.test(value) ? `'${value}'` : undefined;
  if (!Array.isArray(value)) return undefined;
  const numbers = value.every((one) => typeof one === 'bigint' || Number.isSafeInteger(one));
  return numbers ? `[${value.join(',')}]` : undefined;
}

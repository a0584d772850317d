import { IndexQueryError } from '../../errors.js';

/**
 * ClickHouse's codes (`src/Common/ErrorCodes.cpp`) of what the same statement brings about again, until somebody changes it,
 * the server or the account: texts and values that cannot be read, names that are not known, rights and passwords.
 */
const LASTING = new Set([
  ...[6, 8, 20, 25, 26, 27, 36, 38, 41, 42, 43, 46, 47, 48, 50, 53, 56, 62, 63, 70, 72, 73, 78, 115, 131],
  ...[164, 192, 193, 194, 229, 291, 321, 344, 396, 446, 456, 457, 497, 516],
]);
/** Statuses of a server, or of a proxy before it, that is not up for now. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** An answer that tells of a failure, or is none of ClickHouse's. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As much of it as was read. */
  readonly text: string;
}

/** The server refused a statement. */
export class ServerRefusal extends Error {
  constructor(
    /** ClickHouse's code; absent where a proxy answered. */
    readonly code: number | undefined,
    readonly status: number,
    text: string,
  ) {
    super(text);
  }
}

/** Whether an answer is an exception, or comes from something else than a ClickHouse. */
export function isFailure({ status, headers }: Omit<FailedAnswer, 'text'>): boolean {
  if (status !== 200 || headers['x-clickhouse-exception-code'] !== undefined) return true;
  return headers['x-clickhouse-query-id'] === undefined && headers['x-clickhouse-summary'] === undefined;
}

/** What an answer for which `isFailure` holds means. */
export function failureOf(what: string, answer: FailedAnswer): IndexQueryError {
  const { status, headers } = answer;
  const named = Number(headers['x-clickhouse-exception-code'] ?? Number.NaN);
  const said = Number(/^Code: (\d{1,6})\. DB::Exception: /.exec(answer.text)?.[1] ?? Number.NaN);
  const code = [named, said].find((one) => Number.isSafeInteger(one) && one > 0);
  const text = printable(answer.text.slice(0, 2000)).slice(0, 400);
  if (code !== undefined)
    return new IndexQueryError(what, new ServerRefusal(code, status, text), !LASTING.has(code));
  const problem =
    status === 200
      ? 'something that is no ClickHouse answered'
      : `the server answered with HTTP status ${status}${text === '' ? '' : `: ${text}`}`;
  return new IndexQueryError(what, new ServerRefusal(undefined, status, problem), PASSING.has(status));
}

/** One line without control characters: it goes into logs. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
}

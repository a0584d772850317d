import { IndexQueryError } from '../../errors.js';

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
    /** ClickHouse's code, in digits as its client gives it; absent where a proxy answered. */
    readonly code: string | undefined,
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
  const code = [
    headers['x-clickhouse-exception-code'],
    /^Code: (\d+)\. DB::Exception: /.exec(answer.text)?.[1],
  ]
    .flat()
    .find((one) => one !== undefined && /^[1-9]\d{0,3}$/.test(one));
  const text = printable(answer.text.slice(0, 2000)).slice(0, 400);
  if (code !== undefined) return new IndexQueryError(what, new ServerRefusal(code, status, text));
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

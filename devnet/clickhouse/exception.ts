import { CrossrootError } from '../../proofs/errors/base.js';

/** Exceptions that the front itself raises: ClickHouse's codes, `src/Common/ErrorCodes.cpp`. */
export const Exceptions = {
  UNSUPPORTED_METHOD: 1,
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  CANNOT_OPEN_FILE: 76,
  UNKNOWN_SETTING: 115,
  UNKNOWN_FORMAT: 73,
  CANNOT_READ_ALL_DATA: 33,
  TIMEOUT_EXCEEDED: 159,
  QUERY_IS_TOO_LARGE: 229,
  REQUIRED_PASSWORD: 194,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  SOCKET_TIMEOUT: 209,
  INTO_OUTFILE_NOT_ALLOWED: 358,
  QUERY_WAS_CANCELLED: 394,
  AUTHENTICATION_FAILED: 516,
  UNKNOWN_EXCEPTION: 1002,
} as const;

const NAMES = new Map<number, string>(Object.entries(Exceptions).map(([name, code]) => [code, name]));

/** Something that ClickHouse answers with one of its exceptions. */
export class ServerException extends CrossrootError {
  override readonly name = 'ServerException';
  constructor(
    /** ClickHouse's number of it. */
    readonly exceptionCode: number,
    /** ClickHouse's sentence, without its number and name. */
    readonly sentence: string,
    /** ClickHouse's name of it. */
    readonly exceptionName: string = NAMES.get(exceptionCode) ?? 'UNKNOWN_EXCEPTION',
  ) {
    super(`Code: ${exceptionCode}. DB::Exception: ${sentence} (${exceptionName})`, {
      details: { code: exceptionCode },
    });
  }
}

/** It repeats its number, name and version where an exception has passed from one part of it to another. */
const ENGINE_ERROR =
  /^(?:Code: (\d{1,6})\. DB::Exception: )+([\s\S]*?)(?: *\(([A-Z][A-Z0-9_]{2,})\)(?: \(version [^()]*\)\.?)?)+\s*$/;
/** Where the rows of a request lay while they were read. */
const BODY_FILE = /:? \(in file\/uri [^()\n]*\)/g;

/** The engine's own error in the same shape. */
export function asException(error: unknown): ServerException {
  if (error instanceof ServerException) return error;
  const text = (error instanceof Error ? error.message : String(error)).slice(0, 20_000);
  const [, code, sentence, name] = ENGINE_ERROR.exec(text) ?? [];
  if (code === undefined || sentence === undefined)
    return new ServerException(Exceptions.UNKNOWN_EXCEPTION, text);
  return new ServerException(Number(code), sentence.replace(BODY_FILE, '').trim(), name);
}

/**
 * HTTP status of an exception: ClickHouse's `src/Server/HTTP/exceptionCodeToHTTPStatus.cpp`; what it does not name
 * is 500.
 */
export function statusOf(code: number): number {
  return STATUS.get(code) ?? 500;
}

const STATUS = new Map<number, number>(
  (
    [
      [401, [194]],
      [403, [192, 193, 497, 512, 516]],
      // Arguments, values and texts that cannot be read, columns, types, syntax.
      [
        400,
        [
          6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441,
          675, 676,
        ],
      ],
      // Functions, identifiers, types, engines, tables, aggregates, formats, queries, databases, directions, settings, roles.
      [404, [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511]],
      [408, [159]],
      [411, [381]],
      [413, [229]],
      [501, [48]],
      [503, [76, 209, 439]],
    ] as const
  ).flatMap(([status, codes]) => codes.map((code) => [code, status] as const)),
);

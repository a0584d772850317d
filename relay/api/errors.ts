import { CrossrootError } from '../../proofs/errors/base.js';

/** A question that the API cannot read. */
export class BadRequestError extends CrossrootError {
  override readonly name = 'BadRequestError';
}

/** No such path, header, block or proof. */
export class NotFoundError extends CrossrootError {
  override readonly name = 'NotFoundError';
}

/** Too many requests from one address. */
export class RateLimitedError extends CrossrootError {
  override readonly name = 'RateLimitedError';
  override readonly retryable = true;
  constructor(readonly retryAfter: number) {
    super('too many requests', { hint: `Ask again in ${retryAfter} s.`, details: { retryAfter } });
  }
}

/** The answer took too long. */
export class RequestTimeoutError extends CrossrootError {
  override readonly name = 'RequestTimeoutError';
  override readonly retryable = true;
}

/** More of what costs time or memory than this server does at once. */
export class ServerBusyError extends CrossrootError {
  override readonly name = 'ServerBusyError';
  override readonly retryable = true;
  constructor(what = 'requests with a body') {
    super(`too many ${what} at once`, { hint: 'Ask again in a moment.' });
  }
}

/** A fault of this service. What went wrong is in its log, not in the answer. */
export class InternalError extends CrossrootError {
  override readonly name = 'InternalError';
}

/** The HTTP port is in use or not allowed. */
export class ListenError extends CrossrootError {
  override readonly name = 'ListenError';
  constructor(host: string, port: number, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    super(`cannot listen on ${host}:${port}: ${code === 'EADDRINUSE' ? 'the port is in use' : code}`, {
      hint: 'Choose another port in the configuration.',
      cause,
    });
  }
}

const STATUS: Readonly<Record<string, number>> = {
  BadRequestError: 400,
  MalformedInputError: 400,
  ProofKindError: 400,
  PolicyError: 400,
  NotFoundError: 404,
  ChainNotConfiguredError: 404,
  UnknownChainError: 404,
  UnknownTransactionError: 404,
  UnknownBlockError: 404,
  UnknownReorganisationError: 404,
  UnknownViewError: 404,
  UnknownRecordsError: 404,
  IndexUnavailableError: 503,
  RequestTimeoutError: 503,
  ServerBusyError: 503,
  DisputedBlockError: 409,
  LimitExceededError: 413,
  BelowHistoryError: 422,
  BelowStartError: 422,
  ProofError: 422,
  Eip1186Error: 422,
  NotProvableYetError: 425,
  NotCommittedError: 425,
  NotFinalError: 425,
  UnknownReorgError: 425,
  RateLimitedError: 429,
};

/** HTTP status of an error: by its class; what may heal is 503, everything else a fault of ours. */
export function statusOf(error: CrossrootError): number {
  return STATUS[error.name] ?? (error.retryable ? 503 : 500);
}

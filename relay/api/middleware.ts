import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { isServedHost } from '../../mainchain/rpc/hosts.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import type { RelayMetrics } from '../metrics.js';
import { publicData, publicText } from '../publicText.js';
import {
  BadRequestError,
  InternalError,
  NotFoundError,
  RateLimitedError,
  RequestTimeoutError,
  statusOf,
} from './errors.js';
import { plain } from './json.js';

/** Security headers for every answer; the page's own policy is set where it is served. */
export const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    'cache-control': 'no-store',
  });
  next();
};

/** Keeps other web sites from reaching a service on `listen` by a name of their own. @param names what it answers to besides loopback's */
export function hostGuard(listen: string, names: readonly string[]): RequestHandler {
  const allowed = new Set(names);
  return (request, _response, next) => {
    // As the header has it: a trusted proxy is believed about addresses, not about names.
    const { host = '' } = request.headers;
    if (isServedHost(listen, host, allowed)) return next();
    const hint = 'Whoever runs this server lists its public names in api.hosts of the configuration.';
    next(new BadRequestError(`host ${host.slice(0, 80)} is not served here`, { hint }));
  };
}

/** At most `limit` requests a minute from one address; of IPv6, from one block of 2^72. */
export function limiter(limit: number): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    // A header that is not believed is no fault.
    validate: { xForwardedForHeader: false },
    handler: (_request, response, next) => {
      const retryAfter = Number(response.getHeader('retry-after') ?? 60);
      next(new RateLimitedError(Number.isFinite(retryAfter) ? retryAfter : 60));
    },
  });
}

/** Answers 503 when a request takes longer than `ms`; whatever ends later is dropped. */
export function timeout(ms: number): RequestHandler {
  return (_request, response, next) => {
    const timer = setTimeout(() => {
      // Not by `next`: the router would then take what the handler still throws for nobody's.
      if (!response.headersSent) sendError(response, new RequestTimeoutError(`no answer within ${ms} ms`));
    }, ms);
    response.on('close', () => clearTimeout(timer));
    next();
  };
}

export function observe(metrics: RelayMetrics): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    response.on('finish', () => {
      const route: unknown = request.route?.path;
      const labels = {
        method: request.method,
        route: typeof route === 'string' ? route : 'other',
        status: String(response.statusCode),
      };
      metrics.http.observe(labels, (performance.now() - began) / 1000);
    });
    next();
  };
}

export const notFound: RequestHandler = (request, _response, next) => {
  next(
    new NotFoundError(`no such path: ${request.method} ${request.path.slice(0, 200)}`, {
      hint: 'See /openapi.json.',
    }),
  );
};

/** Every error as `{error: {name, message, retryable, hint, …}}`. Faults of ours are logged and not told. */
export function errorHandler(onFault: (error: unknown) => void): ErrorRequestHandler {
  return (thrown: unknown, _request, response, _next) => {
    if (response.headersSent) return tooLate(thrown, response, onFault);
    sendError(response, toCrossroot(thrown, onFault));
  };
}

function sendError(response: Response, error: CrossrootError): void {
  const status = statusOf(error);
  const retryAfter = 'retryAfter' in error ? Number(error.retryAfter) : status === 503 ? 2 : undefined;
  if (retryAfter !== undefined) response.set('retry-after', String(retryAfter));
  response.status(status).json({ error: errorView(error, ownWords(status)) });
}

/**
 * Somebody has been answered already. A whole answer, such as that it took too long, is left as it is, and so is the
 * connection; one that breaks off in the middle must not look whole.
 */
function tooLate(thrown: unknown, response: Response, onFault: (error: unknown) => void): void {
  const answersTwice = thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_HTTP_HEADERS_SENT';
  if (!answersTwice) toCrossroot(thrown, onFault);
  if (!response.writableEnded) response.destroy();
}

/** Like every answer: bytes as hex, integers that may need 64 bits as decimal strings. */
function errorView(error: CrossrootError, own: boolean): Record<string, unknown> {
  const { name, retryable, details } = error;
  const text = (words: string) => (own ? words : publicText(words));
  const message = text(error.message);
  const hint = error.hint === undefined ? undefined : text(error.hint);
  const facts = (own ? plain(details) : publicData(plain(details))) as Record<string, unknown>;
  return {
    ...facts,
    ...('retryAfter' in details ? { retryAfter: details.retryAfter } : {}),
    name,
    message,
    retryable,
    hint,
  };
}

/** Whether an answer is about nothing but the question itself: all others may repeat what sources, nodes and stores have said. */
function ownWords(status: number): boolean {
  return status === 400 || status === 404 || status === 413 || status === 429;
}

function toCrossroot(thrown: unknown, onFault: (error: unknown) => void): CrossrootError {
  if (thrown instanceof CrossrootError) {
    if (statusOf(thrown) === 500) onFault(thrown);
    return thrown;
  }
  // body-parser and the router mark what the client did wrong with a 4xx status.
  const status = thrown instanceof Error && 'status' in thrown ? Number(thrown.status) : 500;
  if (thrown instanceof Error && status >= 400 && status < 500) {
    return status === 413 ? new TooLargeError(thrown.message) : new BadRequestError(thrown.message);
  }
  onFault(thrown);
  return new InternalError('the relay could not answer', { hint: 'See the log of the relay.' });
}

class TooLargeError extends CrossrootError {
  override readonly name = 'LimitExceededError';
}

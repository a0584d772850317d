import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type * as z from 'zod';

/** Seconds that an answer about a past state of a chain may be kept. Short: a development chain may begin anew. */
const KEEP_SECONDS = 300;

/**
 * Sends an answer with an `ETag`, or 304 where whoever asks has it already.
 * @param fixed whether the same question always has this answer: it names an earlier event, or goes on from a page
 */
export function reply<T extends z.ZodType>(
  _schema: T,
  request: Request,
  response: Response,
  value: z.output<T>,
  fixed: boolean,
): void {
  const text = JSON.stringify(value);
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  response.set({
    etag: tag,
    'cache-control': fixed ? `public, max-age=${KEEP_SECONDS}` : 'no-cache',
    // The same path answers pages and lines.
    vary: 'Accept',
  });
  const known = request.headers['if-none-match'] ?? '';
  if (known.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)) response.status(304).end();
  else response.status(200).type('application/json').send(text);
}

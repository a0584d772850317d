import type { Readable } from 'node:stream';
import type * as z from 'zod';
import { IndexQueryError } from '../../errors.js';
import { readAnswer as readRows } from '../answer.js';
import type { QueryCost } from '../client.js';

/** The answer was longer than anything that is asked for here. */
export class AnswerTooLong extends Error {}
/** The answer did not come to its end in time. */
export class AnswerTooSlow extends Error {}
/** The answer ended in its midst. */
export class AnswerCutOff extends Error {}

/**
 * Reads an answer to its end, and lets go of its connection if that fails.
 * @param limits most bytes, and milliseconds until the end
 * @throws AnswerTooLong, AnswerTooSlow, AnswerCutOff
 */
export async function readAnswer(
  stream: Readable,
  limits: { readonly bytes: number; readonly milliseconds: number },
): Promise<Buffer> {
  const timer = setTimeout(
    () => stream.destroy(new AnswerTooSlow('the answer did not end in time')),
    Math.max(1, limits.milliseconds),
  );
  try {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of stream as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > limits.bytes) throw new AnswerTooLong(`the answer is longer than ${limits.bytes} bytes`);
      parts.push(part);
    }
    // A connection that ends too early is no error to every stream.
    if (!stream.readableEnded) throw new AnswerCutOff('the answer was cut off');
    return Buffer.concat(parts);
  } catch (error) {
    if (error instanceof AnswerTooLong || error instanceof AnswerTooSlow) throw error;
    throw new AnswerCutOff('the answer was cut off', { cause: error });
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}

/**
 * Rows and cost of an answer in FORMAT JSON.
 * @param what names the statement
 * @throws IndexQueryError, retryable where the answer does not end as such an answer does
 */
export function rowsOf<T>(
  what: string,
  answer: Buffer,
  row: z.ZodType<T>,
): { readonly rows: T[]; readonly cost: QueryCost } {
  const text = answer.toString('utf8').trimEnd();
  if (!text.endsWith('}')) throw new IndexQueryError(what, new AnswerCutOff('the answer does not end'), true);
  try {
    return readRows(JSON.parse(text), row);
  } catch (error) {
    throw new IndexQueryError(what, error, false);
  }
}

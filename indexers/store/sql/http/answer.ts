import type { Readable } from 'node:stream';

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
 * Rows of an answer in JSONEachRow.
 * @throws AnswerCutOff if the last line does not end
 * @throws SyntaxError if a line is no JSON
 */
export function parseRows(answer: Buffer): unknown[] {
  const text = answer.toString('utf8');
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new AnswerCutOff('the last row does not end');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

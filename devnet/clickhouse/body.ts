import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Exceptions, ServerException } from './exception.js';

/** A request's body, unpacked and limited. */
export interface Body {
  /** Its first bytes, at most as many as a statement may have. */
  readonly head: Buffer;
  /** Whether `head` is all. */
  readonly complete: boolean;
  /**
   * Writes everything from byte `at` on into a file of `folder`.
   * @param at no greater than the length of `head`
   * @param before bytes to put in front
   * @returns the file's path
   */
  save(folder: string, at: number, before?: Buffer): Promise<string>;
  /** The whole of it. Only for bodies that are read whole into memory. */
  rest(): Promise<Buffer>;
}

/**
 * Opens the body of a request.
 * @param headBytes how much of it to read before anything else
 * @param maxBytes the most that it may be, packed or not
 * @throws ServerException for packings that are not known, broken ones, and too large bodies
 */
export async function openBody(request: IncomingMessage, headBytes: number, maxBytes: number): Promise<Body> {
  const parts = unpacked(request, maxBytes)[Symbol.asyncIterator]();
  const heads: Buffer[] = [];
  let size = 0;
  let complete = false;
  while (size < headBytes) {
    const part = await next(parts);
    if (part === undefined) {
      complete = true;
      break;
    }
    heads.push(part);
    size += part.length;
  }
  const head = Buffer.concat(heads);
  async function* from(at: number): AsyncGenerator<Buffer> {
    yield head.subarray(at);
    if (complete) return;
    for (let part = await next(parts); part !== undefined; part = await next(parts)) yield part;
  }
  return {
    head,
    complete,
    async save(folder, at, before) {
      const path = join(folder, randomUUID());
      async function* all(): AsyncGenerator<Buffer> {
        if (before !== undefined) yield before;
        yield* from(at);
      }
      try {
        await pipeline(Readable.from(all()), createWriteStream(path));
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      return path;
    },
    async rest() {
      const all: Buffer[] = [];
      for await (const part of from(0)) all.push(part);
      return Buffer.concat(all);
    },
  };
}

async function next(parts: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  try {
    const { value, done } = await parts.next();
    return done === true ? undefined : value;
  } catch (error) {
    if (error instanceof ServerException) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new ServerException(Exceptions.CANNOT_READ_ALL_DATA, `Cannot read the request's body: ${problem}`);
  }
}

function unpacked(request: IncomingMessage, maxBytes: number): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const count = new Transform({
    transform(part: Buffer, _encoding, done) {
      total += part.length;
      if (total > maxBytes)
        done(new ServerException(Exceptions.QUERY_IS_TOO_LARGE, `The body is larger than ${maxBytes} bytes`));
      else done(null, part);
    },
  });
  let total = 0;
  const unpack = UNPACK[encoding];
  if (unpack === undefined)
    throw new ServerException(Exceptions.NOT_IMPLEMENTED, `Unknown compression method: ${encoding}`);
  // Piped, not in a pipeline: that would destroy the request, and with it the connection of the answer.
  const fail = (error: Error) => count.destroy(error);
  let last: Readable = request;
  for (const step of unpack()) last = last.pipe(step.on('error', fail));
  last.pipe(count);
  request.once('error', fail);
  request.once('close', () => {
    if (!request.complete) fail(new Error('the connection was closed'));
  });
  return count;
}

const UNPACK: Readonly<Record<string, (() => Transform[]) | undefined>> = {
  identity: () => [],
  gzip: () => [createGunzip()],
  deflate: () => [createInflate()],
  br: () => [createBrotliDecompress()],
};

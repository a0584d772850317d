import * as z from 'zod';
import { fromHex, toBareHex, utf8 } from '../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import { MAX_PAGE, type PageKey, type View } from './view.js';

/** Longest cursor that is read. */
const MAX_CURSOR = 1000;
/** Longest name of a question in a cursor. */
export const MAX_QUESTION = 64;
/** Bytes of the view's hash that a cursor keeps: enough to notice that the log is another one. */
const HASH_BYTES = 8;

const count = z.number().int().nonnegative();
const Cursor = z.tuple([
  z.string().max(MAX_QUESTION),
  count,
  z.string().regex(/^[0-9a-f]{16}$/),
  z.array(z.union([count, z.string().max(200)])).max(8),
]);
const ListCursor = z.tuple([
  z.string().max(MAX_QUESTION),
  count,
  z.string().regex(/^([0-9a-f]{16})?$/),
  z.array(z.union([count, z.string().max(200)])).max(8),
]);

/** Where a page ended, and the view that it was of. */
export interface PageCursor {
  readonly number: number;
  /** First bytes of the view's hash. */
  readonly hash: Uint8Array;
  readonly key: PageKey;
}

/** @param what the question, so that another one does not take its cursor */
export function encodeCursor(what: string, view: View, key: PageKey): string {
  return pack([what, view.number, toBareHex(view.hash.subarray(0, HASH_BYTES)), key]);
}

/** @throws MalformedInputError */
export function decodeCursor(what: string, text: string): PageCursor {
  const [of, number, hash, key] = unpack(text, Cursor);
  if (of !== what) throw new MalformedInputError('cursor', `is of another question: ${of}`);
  return { number, hash: fromHex(hash, 'cursor'), key };
}

/** Where a page of records ended, and the view that it was of. */
export interface ListCursor {
  /** Height, position or time. */
  readonly at: number;
  /** First bytes of what is there, as bare hex, where that tells one chain from another; else empty. */
  readonly mark: string;
  readonly key: PageKey;
}

/** What a cursor keeps of a root. */
export function markOf(root: Uint8Array): string {
  return toBareHex(root.subarray(0, HASH_BYTES));
}

/** Of records: their views are no views of a foreign chain. */
export function encodeListCursor(what: string, { at, mark, key }: ListCursor): string {
  return pack([what, at, mark, key]);
}

/** @throws MalformedInputError */
export function decodeListCursor(what: string, text: string): ListCursor {
  const [of, at, mark, key] = unpack(text, ListCursor);
  if (of !== what) throw new MalformedInputError('cursor', `is of another question: ${of}`);
  return { at, mark, key };
}

/** @throws LimitExceededError, MalformedInputError */
export function checkLimit(limit: number): void {
  if (limit > MAX_PAGE) throw new LimitExceededError('rows of one page', limit, MAX_PAGE);
  if (!Number.isInteger(limit) || limit < 1)
    throw new MalformedInputError('rows of one page', 'must be 1 or more');
}

function pack(value: unknown): string {
  return Buffer.from(utf8(JSON.stringify(value))).toString('base64url');
}

function unpack<T>(text: string, shape: z.ZodType<T>): T {
  if (text.length > MAX_CURSOR) throw new MalformedInputError('cursor', 'is too long');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (error) {
    throw new MalformedInputError('cursor', 'cannot be read', error);
  }
  const read = shape.safeParse(value);
  if (!read.success) throw new MalformedInputError('cursor', 'is none of this index');
  return read.data;
}

import type { Request, Response } from 'express';
import type * as z from 'zod';
import { toHex } from '../../proofs/bytes.js';
import { BadRequestError } from './errors.js';

/** Checks a question. @throws BadRequestError naming each field that is wrong */
export function ask<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`);
  throw new BadRequestError(problems.join('; '));
}

/** An answer whose shape TypeScript checks against the documented one. */
export function answer<T extends z.ZodType>(
  _schema: T,
  response: Response,
  value: z.output<T>,
  status = 200,
): void {
  response.status(status).json(value);
}

export function param(request: Request, name: string): string {
  const value = request.params[name];
  if (typeof value !== 'string' || value.length > 200) throw new BadRequestError(`${name}: not readable`);
  return value;
}

/** Plain data for people: bytes as hex, numbers of 53 bits and bigints as decimal strings. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return value;
}

import express, { type RequestHandler } from 'express';
import { LimitExceededError } from '../../proofs/errors/input.js';
import { ServerBusyError } from './errors.js';

export interface BodyLimits {
  /** Bytes of one body. */
  readonly each: number;
  /** Bytes of all bodies that are being read or worked on. */
  readonly together: number;
  /** Bodies of one address at once. */
  readonly perAddress: number;
}

/**
 * Reads request bodies as bytes, whatever their type, within limits that are checked before a byte of one is read. A body
 * whose length is not told counts as the longest.
 */
export function readBodies({ each, together, perAddress }: BodyLimits): RequestHandler {
  const read = express.raw({ type: () => true, limit: each });
  const addresses = new Map<string, number>();
  let held = 0;
  return (request, response, next) => {
    const told = request.headers['content-length'];
    const length = told !== undefined && /^\d{1,15}$/.test(told) ? Number(told) : each;
    if (length > each) return next(new LimitExceededError('request body', length, each));
    const address = request.ip ?? '';
    const own = addresses.get(address) ?? 0;
    if (held + length > together || own >= perAddress) return next(new ServerBusyError());
    held += length;
    addresses.set(address, own + 1);
    response.once('close', () => {
      held -= length;
      const left = (addresses.get(address) ?? 1) - 1;
      if (left > 0) addresses.set(address, left);
      else addresses.delete(address);
    });
    read(request, response, next);
  };
}

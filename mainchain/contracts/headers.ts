import { HeaderRuleError, HeaderTooEarlyError } from '../../adapters/errors.js';
import type { Ancestors, ChainKind, ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import {
  BadHeaderError,
  HeaderTooEarlyCallError,
  MalformedHeadersError,
  TooManyHeadersError,
  UnlinkedHeadersError,
} from './indexErrors.js';

/** @throws MalformedHeadersError */
export function decodeHeader(kind: ChainKind, raw: Uint8Array, height: number): ForeignHeader {
  return refusing(() => kind.decode(raw, height));
}

/**
 * At most `limit` headers written one after another, the first at height `from`.
 * @throws MalformedHeadersError, TooManyHeadersError (before any is hashed)
 */
export function decodeHeaders(
  kind: ChainKind,
  bytes: Uint8Array,
  from: number,
  limit: number,
): ForeignHeader[] {
  return refusing(() => {
    const raws = kind.split(bytes);
    if (raws.length > limit) throw new TooManyHeadersError(`${raws.length} headers, at most ${limit}`);
    return raws.map((raw, i) => kind.decode(raw, from + i));
  });
}

/** How many headers there are; 0 if they cannot be read. */
export function countHeaders(kind: ChainKind, bytes: Uint8Array): number {
  try {
    return kind.split(bytes).length;
  } catch (error) {
    // Unreadable headers cost nothing here: the call itself refuses them.
    if (error instanceof MalformedInputError) return 0;
    throw error;
  }
}

/**
 * Validates a run by its chain's own rules. The link to a known parent is demanded here once more: a kind's rules may let
 * a header pass whose parent they cannot see.
 * @throws BadHeaderError, UnlinkedHeadersError; HeaderTooEarlyCallError (retryable)
 */
export function validateRun(
  kind: ChainKind,
  network: string,
  run: readonly ForeignHeader[],
  ancestors: Ancestors,
  now: number,
): void {
  for (const header of run) {
    try {
      kind.validate(network, header, ancestors, now);
    } catch (error) {
      if (error instanceof HeaderTooEarlyError) {
        throw new HeaderTooEarlyCallError(error.message, { cause: error });
      }
      if (error instanceof HeaderRuleError) throw new BadHeaderError(error);
      throw error;
    }
    const parent = ancestors.header(header.height - 1);
    if (parent === undefined || !bytesEqual(parent.hash, header.parentHash)) {
      throw new UnlinkedHeadersError(`the header at height ${header.height} is not linked to its parent`);
    }
  }
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedInputError)
      throw new MalformedHeadersError(error.message, { cause: error });
    throw error;
  }
}

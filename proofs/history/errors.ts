import { toHex } from '../bytes.js';
import { CrossrootError } from '../errors/base.js';

/** An inner node that the history needs is not in the node store. */
export class MissingNodeError extends CrossrootError {
  override readonly name = 'MissingNodeError';
  constructor(readonly hash: Uint8Array) {
    super(`history node ${toHex(hash)} is missing`);
  }
}

/** An index, size or path that does not fit the history. */
export class HistoryError extends CrossrootError {
  override readonly name = 'HistoryError';
}

import { toHex } from '../../proofs/bytes.js';
import { CrossrootError } from '../../proofs/errors/base.js';

/** A node or value that a state root leads to is not in the store, or is not what it should be. */
export class StateCorruptError extends CrossrootError {
  override readonly name = 'StateCorruptError';
  constructor(
    readonly hash: Uint8Array,
    problem: string,
  ) {
    super(`state node ${toHex(hash)} ${problem}`, {
      hint: 'The data folder is damaged: restore a backup, or start from an empty one.',
    });
  }
}

import { toHex } from '../../proofs/bytes.js';
import type { BlockRef } from '../../proofs/containers/consensus.js';
import { CrossrootError } from '../../proofs/errors/base.js';

/** Two conflicting blocks have finalising certificates: a third or more of the delegates are faulty. */
export class ConflictingFinalityError extends CrossrootError {
  override readonly name = 'ConflictingFinalityError';
  constructor(
    readonly finalized: BlockRef,
    readonly other: BlockRef,
  ) {
    super(
      `main height ${other.height} is final on a branch that conflicts with final height ${finalized.height}`,
      {
        details: {
          finalized: { height: finalized.height, root: toHex(finalized.root) },
          other: { height: other.height, root: toHex(other.root) },
        },
        hint: 'A third or more of the delegates signed both branches. The evidence is kept; people have to decide.',
      },
    );
  }
}

/** A vote or block that this delegate must not sign, given what it signed before. */
export class JournalError extends CrossrootError {
  override readonly name = 'JournalError';
  constructor(readonly reason: string) {
    super(`not signed: ${reason}`, { details: { reason } });
  }
}

/** A block whose parent the engine does not know. */
export class DetachedBlockError extends CrossrootError {
  override readonly name = 'DetachedBlockError';
  constructor(block: BlockRef) {
    super(`the parent of the block at main height ${block.height} is not in the open tree`);
  }
}

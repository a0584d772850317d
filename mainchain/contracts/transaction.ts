import { bytesEqual, toHex, utf8 } from '../../proofs/bytes.js';
import type { Receipt, SignedTransaction } from '../../proofs/containers/transaction.js';
import { TransactionInvalidError } from '../chain/errors.js';
import { StateDraft, type StateWriter } from '../state/overlay.js';
import { callFee, isSignedBySender, transactionRoot } from '../transactions.js';
import { prepareCall } from './call.js';
import { BLOCK_HEADER_BUDGET, type BlockContext } from './context.js';
import { CallRefusedError } from './errors.js';
import { credit, readAccount, writeAccount } from './token.js';

/** What one block has spent so far, and what its transactions may refer to. */
export interface BlockLimits {
  /** Foreign headers validated so far. */
  headers: number;
  /** First 8 bytes of the roots of the last 64 blocks of this branch. */
  readonly marks: readonly Uint8Array[];
  /** Producer's account: it earns the fees. */
  readonly producer: Uint8Array;
}

/** Number of recent blocks whose roots a transaction may carry as its mark. */
export const MARK_BLOCKS = 64;

/**
 * Applies one transaction. A call that is refused pays its fee and uses its nonce, and has no other effect.
 * @throws TransactionInvalidError if it cannot be in this block at all; nothing is changed then
 */
export function applyTransaction(
  state: StateWriter,
  context: BlockContext,
  limits: BlockLimits,
  signed: SignedTransaction,
): Receipt {
  const { transaction } = signed;
  const { sender, fee } = transaction;
  checkMark(transaction.mark, limits.marks);
  const account = readAccount(state, sender);
  if (transaction.nonce < account.nonce) {
    throw new TransactionInvalidError(
      'nonce-too-low',
      `nonce ${transaction.nonce} is used, the next one is ${account.nonce}`,
    );
  }
  if (transaction.nonce > account.nonce) {
    throw new TransactionInvalidError(
      'nonce-too-high',
      `nonce ${transaction.nonce} where ${account.nonce} is next`,
      true,
    );
  }
  const least = callFee(context.genesis, transaction.call);
  if (fee < least) throw new TransactionInvalidError('fee-too-low', `fee ${fee}, at least ${least} needed`);
  if (account.balance < fee) {
    throw new TransactionInvalidError(
      'cannot-pay-fee',
      `the sender has ${account.balance}, the fee is ${fee}`,
      true,
    );
  }
  const call = prepareCall(transaction.call, state, context.kinds);
  if (limits.headers + call.cost > BLOCK_HEADER_BUDGET) {
    throw new TransactionInvalidError(
      'over-budget',
      `${call.cost} headers do not fit this block any more`,
      true,
    );
  }
  if (!isSignedBySender(signed, context.genesisRoot)) {
    throw new TransactionInvalidError('bad-signature', `not signed by ${toHex(sender)} for this chain`);
  }
  limits.headers += call.cost;
  writeAccount(state, sender, { nonce: account.nonce + 1, balance: account.balance - fee });
  credit(state, limits.producer, fee);
  const draft = new StateDraft(state);
  const receipt = { transactionRoot: transactionRoot(transaction), fee };
  try {
    call.run(draft, context, sender);
  } catch (error) {
    if (!(error instanceof CallRefusedError)) throw error;
    return { ...receipt, applied: 0, error: utf8(error.code) };
  }
  draft.apply();
  return { ...receipt, applied: 1, error: new Uint8Array(0) };
}

/** @throws TransactionInvalidError `bad-mark` */
function checkMark(mark: Uint8Array, marks: readonly Uint8Array[]): void {
  if (!marks.some((known) => bytesEqual(known, mark))) {
    throw new TransactionInvalidError('bad-mark', 'the mark is of none of the last 64 blocks of this branch');
  }
}

import { CrossrootError } from '../../proofs/errors/base.js';

/** The main chain took the transaction into a block and refused its call. */
export class CallRefusedError extends CrossrootError {
  override readonly name = 'CallRefusedError';
  constructor(
    /** The main chain's name of the refusal. */
    readonly refusal: string,
    override readonly retryable: boolean,
  ) {
    super(`the main chain refused the call: ${refusal}`, { details: { refusal } });
  }
}

/** A transaction that left the pool without being in a block, or whose nonce another one took. */
export class TransactionLostError extends CrossrootError {
  override readonly name = 'TransactionLostError';
  override readonly retryable = true;
  constructor(reason: string) {
    super(`transaction not included: ${reason}`);
  }
}

/** A configured node is of another main chain than the one whose genesis is trusted here. */
export class WrongMainChainError extends CrossrootError {
  override readonly name = 'WrongMainChainError';
  override readonly retryable = true;
  constructor(node: string, theirs: string, ours: string) {
    super(`${node} is of another main chain: its genesis is ${theirs}, ours is ${ours}`, {
      hint: 'Give the addresses of this chain’s nodes (main.nodes), or the data folder with their genesis.json.',
      details: { node, theirs, ours },
    });
  }
}

/** The operator's account cannot pay. */
export class OperatorBalanceError extends CrossrootError {
  override readonly name = 'OperatorBalanceError';
  override readonly retryable = true;
  constructor(account: string, balance: bigint, fee: bigint) {
    super(`operator account ${account} holds ${balance}, the fee is ${fee}`, {
      hint: `Transfer funds to ${account}.`,
      details: { account, balance: balance.toString(), fee: fee.toString() },
    });
  }
}

/** Too few delegates signed. The chain waits; trying again later may help. */
export class NoQuorumError extends CrossrootError {
  override readonly name = 'NoQuorumError';
  override readonly retryable = true;
  constructor(
    what: string,
    readonly have: number,
    readonly needed: number,
    /** What each refusing delegate said, by node name. */
    readonly refusals: Readonly<Record<string, string>>,
    /** At least one delegate's answer was final for this message: the same one must not be asked again. */
    readonly refused: boolean,
  ) {
    super(`${what}: ${have} of ${needed} delegates signed`, { details: { have, needed, refusals } });
  }
}

/** The current delegate set cannot be found from the main chain's hand-overs. */
export class UnknownDelegateSetError extends CrossrootError {
  override readonly name = 'UnknownDelegateSetError';
  override readonly retryable = true;
  constructor(setRoot: string) {
    super(`the members of delegate set ${setRoot} are not known yet`);
  }
}

/** The local branch does not even have the block that the main chain's history begins with. */
export class ForkBelowStartError extends CrossrootError {
  override readonly name = 'ForkBelowStartError';
  constructor(chain: string, start: number) {
    super(
      `${chain}: the local chain has another block at height ${start}, where the main chain's history begins`,
      {
        hint: 'Check that the source is of this network and that the configured checkpoint is right.',
        details: { chain, start },
      },
    );
  }
}

/** A better branch that one batch cannot carry. */
export class ReorganisationTooLongError extends CrossrootError {
  override readonly name = 'ReorganisationTooLongError';
  constructor(chain: string, headers: number, limit: number) {
    super(`${chain}: the better branch needs ${headers} headers at once, the limit is ${limit}`, {
      hint: 'The delegates decide by governance.',
      details: { chain, headers, limit },
    });
  }
}

/** A local chain that lacks a header it should have. */
export class LocalGapError extends CrossrootError {
  override readonly name = 'LocalGapError';
  override readonly retryable = true;
  constructor(chain: string, height: number) {
    super(`${chain}: no local header at height ${height}`, { details: { chain, height } });
  }
}

import type { ChainState, MainChainClient } from '../../mainchain/rpc/types.js';
import { bytesEqual, concatBytes } from '../../proofs/bytes.js';
import { SubmitHeadersType } from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { Method } from '../../proofs/containers/transaction.js';
import { satisfied } from '../../timing/policy.js';
import { type Clock, type LocalChain, systemClock } from '../ports.js';
import { ForkBelowStartError, LocalGapError, ReorganisationTooLongError } from './errors.js';
import { forkHeight } from './forkHeight.js';
import type { StepResult, Submitter } from './result.js';
import type { TransactionSender } from './sender.js';

/** Most headers that the main chain takes in one batch. */
export const MAX_BATCH_HEADERS = 2016;
/** Most headers that it takes as evidence of a branch that leaves its own below the window. */
export const MAX_EVIDENCE_HEADERS = 4096;

export interface WorkSubmitterOptions {
  readonly client: Pick<MainChainClient, 'chain' | 'branchHash'>;
  readonly sender: Pick<TransactionSender, 'submit'>;
  readonly local: LocalChain;
  readonly clock?: Clock;
  readonly maxBatch?: number;
  /** Least time between two empty batches that had no effect. */
  readonly nudgeMs?: number;
}

/** Feeds a chain whose headers carry their own proof of work. */
export class WorkSubmitter implements Submitter {
  readonly chain: string;
  readonly #o: WorkSubmitterOptions;
  readonly #clock: Clock;
  readonly #maxBatch: number;
  /** Committed height that the last empty batch started from, and when it was sent. */
  #nudged = { height: -1, at: 0 };

  constructor(options: WorkSubmitterOptions) {
    this.#o = options;
    this.chain = options.local.chain;
    this.#clock = options.clock ?? systemClock;
    this.#maxBatch = Math.min(options.maxBatch ?? MAX_BATCH_HEADERS, MAX_BATCH_HEADERS);
  }

  /**
   * @throws ForkBelowStartError, ReorganisationTooLongError for governance; LocalGapError (retryable); whatever the
   * sender throws
   */
  async step(signal?: AbortSignal): Promise<StepResult> {
    const state = await this.#o.client.chain(this.chain);
    if (!state) return { kind: 'idle', reason: 'not registered on the main chain' };
    if (state.status === ChainStatus.paused) return { kind: 'paused' };
    const tip = await this.#o.local.tip();
    if (!tip) return { kind: 'idle', reason: 'no local header yet' };
    if (tip.height === state.tip.height && bytesEqual(tip.hash, state.tip.hash))
      return this.#advance(state, signal);

    const localWork = await this.#o.local.work(tip.height);
    if (localWork === undefined) throw new LocalGapError(this.chain, tip.height);
    if (localWork <= state.tip.work)
      return { kind: 'idle', reason: 'the main chain knows a branch with at least as much work' };

    const fork = await forkHeight(state.start, Math.min(tip.height, state.tip.height), async (height) => {
      const [theirs, ours] = await Promise.all([
        this.#o.client.branchHash(this.chain, height),
        this.#o.local.header(height),
      ]);
      return theirs !== undefined && ours !== undefined && bytesEqual(theirs, ours.hash);
    });
    if (fork === undefined) {
      // The local chain may simply not reach down that far: only a header that differs is a fork.
      if (!(await this.#o.local.header(state.start))) throw new LocalGapError(this.chain, state.start);
      throw new ForkBelowStartError(this.chain, state.start);
    }
    return this.#submit(state, fork, tip.height, signal);
  }

  async #submit(
    state: ChainState,
    fork: number,
    tip: number,
    signal: AbortSignal | undefined,
  ): Promise<StepResult> {
    // Below the window the main chain never follows: it keeps a heavier branch as evidence and pauses.
    const limit = fork < state.windowBase ? MAX_EVIDENCE_HEADERS : this.#maxBatch;
    const to = Math.min(tip, fork + limit);
    const raw: Uint8Array[] = [];
    for (let height = fork + 1; height <= to; height++) {
      const header = await this.#o.local.header(height);
      if (!header) throw new LocalGapError(this.chain, height);
      raw.push(header.raw);
    }
    if (to < tip) {
      const work = await this.#o.local.work(to);
      if (work === undefined) throw new LocalGapError(this.chain, to);
      if (work <= state.tip.work) throw new ReorganisationTooLongError(this.chain, tip - fork, limit);
    }
    const inclusion = await this.#send(state, fork, concatBytes(...raw), signal);
    return { kind: 'submitted', what: 'headers', from: fork + 1, to, fee: inclusion.fee };
  }

  /** Tips agree. An empty batch lets the main chain append leaves that only time has made ready. */
  async #advance(state: ChainState, signal: AbortSignal | undefined): Promise<StepResult> {
    const next = state.committed.height + 1;
    if (next > state.tip.height) return { kind: 'idle', reason: 'everything is committed' };
    const header = await this.#o.local.header(next);
    if (!header) throw new LocalGapError(this.chain, next);
    const now = this.#clock.now();
    const ready = satisfied(state.policy, header, {
      tipHeight: state.tip.height,
      finalizedHeight: undefined,
      now: Math.floor(now / 1000),
    });
    if (!ready) return { kind: 'idle', reason: 'the timing policy waits' };
    const again = this.#nudged.height === state.committed.height;
    if (again && now - this.#nudged.at < (this.#o.nudgeMs ?? 30_000)) {
      return { kind: 'idle', reason: 'the main chain was asked to append and had no reason to yet' };
    }
    this.#nudged = { height: state.committed.height, at: now };
    const inclusion = await this.#send(state, state.tip.height, new Uint8Array(0), signal);
    return { kind: 'submitted', what: 'advance', from: next, to: next, fee: inclusion.fee };
  }

  #send(state: ChainState, fork: number, headers: Uint8Array, signal: AbortSignal | undefined) {
    const payload = SubmitHeadersType.serialize({ specRoot: state.specRoot, forkHeight: fork, headers });
    return this.#o.sender.submit(Method.submitHeaders, payload, signal);
  }
}

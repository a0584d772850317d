import type { ChainFinality, ChainState, MainChainClient } from '../../mainchain/rpc/types.js';
import { bytesEqual, concatBytes } from '../../proofs/bytes.js';
import {
  LightClientStep,
  SubmitFinalizedType,
  SubmitLightClientType,
} from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { Method } from '../../proofs/containers/transaction.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { satisfied } from '../../timing/policy.js';
import { type Clock, type FinalitySource, type LocalChain, systemClock } from '../ports.js';
import type { RangeLimits } from './attestedPlan.js';
import { CallRefusedError, LocalGapError } from './errors.js';
import type { StepResult, Submitter } from './result.js';
import type { TransactionSender } from './sender.js';
import { planUpdate } from './syncCommitteePlan.js';

/** Limits of one batch of finalised headers. */
export const FINALIZED_LIMITS: RangeLimits = { headers: 512, bytes: 1_000_000 };

export interface SyncCommitteeSubmitterOptions {
  readonly client: Pick<MainChainClient, 'chain' | 'finality'>;
  readonly sender: Pick<TransactionSender, 'submit'>;
  readonly local: LocalChain;
  readonly finality: FinalitySource;
  readonly clock?: Clock;
  readonly limits?: RangeLimits;
  /** Least time between two empty batches that had no effect. */
  readonly nudgeMs?: number;
}

/**
 * Feeds a chain whose finality its own sync committees sign: the bootstrap, then updates one by one, and after each the headers from
 * the final block down to the newest known one. Every step starts from the main chain's state.
 */
export class SyncCommitteeSubmitter implements Submitter {
  readonly chain: string;
  readonly #o: SyncCommitteeSubmitterOptions;
  readonly #clock: Clock;
  readonly #limits: RangeLimits;
  /** Committed height that the last empty batch started from, and when it was sent. */
  #nudged = { height: -1, at: 0 };
  /** The last call that was refused for good: the same one costs a fee and heals nothing. */
  #refused: { readonly digest: Uint8Array; readonly refusal: string } | undefined;

  constructor(options: SyncCommitteeSubmitterOptions) {
    this.#o = options;
    this.chain = options.local.chain;
    this.#clock = options.clock ?? systemClock;
    this.#limits = options.limits ?? FINALIZED_LIMITS;
  }

  /** @throws LocalGapError (retryable); whatever the sender throws */
  async step(signal?: AbortSignal): Promise<StepResult> {
    const state = await this.#o.client.chain(this.chain);
    if (!state) return { kind: 'idle', reason: 'not registered on the main chain' };
    if (state.status === ChainStatus.paused) return { kind: 'paused' };
    const finality = await this.#o.client.finality(this.chain);
    if (finality === undefined) return this.#begin(state, signal);
    if (finality.pending !== undefined) return this.#headers(state, finality.pending, signal);
    const leaf = await this.#leafDue(state);
    if (leaf !== undefined) return this.#advance(state, leaf, signal);
    return this.#update(state, finality, signal);
  }

  async #begin(state: ChainState, signal: AbortSignal | undefined): Promise<StepResult> {
    const data = await this.#o.finality.bootstrap();
    if (data === undefined) return { kind: 'idle', reason: 'the light client has not begun' };
    const payload = SubmitLightClientType.serialize({
      specRoot: state.specRoot,
      step: LightClientStep.bootstrap,
      data,
      committee: new Uint8Array(0),
    });
    const { height } = state.spec.checkpoint;
    return this.#send(Method.submitLightClient, payload, 'light client start', height, height, signal);
  }

  async #update(
    state: ChainState,
    finality: ChainFinality,
    signal: AbortSignal | undefined,
  ): Promise<StepResult> {
    const planned = await planUpdate(this.#o.finality, state, finality.final);
    if (typeof planned === 'string') return { kind: 'idle', reason: planned };
    const { data, committee, height } = planned;
    const payload = SubmitLightClientType.serialize({
      specRoot: state.specRoot,
      step: LightClientStep.update,
      data,
      committee,
    });
    return this.#send(Method.submitLightClient, payload, 'finality', height, height, signal);
  }

  /** The headers that end with the pending one, as many as fit, down to the one above the main chain's tip. */
  async #headers(
    state: ChainState,
    pending: NonNullable<ChainFinality['pending']>,
    signal: AbortSignal | undefined,
  ): Promise<StepResult> {
    const { local } = this.#o;
    const raw: Uint8Array[] = [];
    let expected = pending.hash;
    let bytes = 0;
    let height = pending.height;
    for (; height > state.tip.height && raw.length < this.#limits.headers; height--) {
      const best = await local.header(height);
      const header = best && bytesEqual(best.hash, expected) ? best : await local.find(expected);
      // The local chain has not got to the final block yet, or is on its way to its branch.
      if (!header) throw new LocalGapError(this.chain, height);
      bytes += header.raw.length;
      if (bytes > this.#limits.bytes && raw.length > 0) break;
      raw.push(header.raw);
      expected = header.parentHash;
    }
    const from = height + 1;
    const payload = SubmitFinalizedType.serialize({
      specRoot: state.specRoot,
      from,
      headers: concatBytes(...raw.reverse()),
    });
    return this.#send(Method.submitFinalized, payload, 'finalized headers', from, pending.height, signal);
  }

  /** The first height whose header is known to be final and whose leaf only waited for time, or for another batch. */
  async #leafDue(state: ChainState): Promise<number | undefined> {
    const height = state.committed.height + 1;
    if (height > state.tip.height) return undefined;
    const header = await this.#o.local.header(height);
    if (!header) throw new LocalGapError(this.chain, height);
    const now = this.#clock.now();
    const { tip, policy } = state;
    const timing = { tipHeight: tip.height, finalizedHeight: tip.height, now: Math.floor(now / 1000) };
    if (!satisfied(policy, header, timing)) return undefined;
    const again = this.#nudged.height === state.committed.height;
    return again && now - this.#nudged.at < (this.#o.nudgeMs ?? 30_000) ? undefined : height;
  }

  #advance(state: ChainState, height: number, signal: AbortSignal | undefined): Promise<StepResult> {
    this.#nudged = { height: state.committed.height, at: this.#clock.now() };
    const { specRoot } = state;
    const payload = SubmitFinalizedType.serialize({ specRoot, from: 0, headers: new Uint8Array(0) });
    return this.#send(Method.submitFinalized, payload, 'advance', height, height, signal);
  }

  async #send(
    method: number,
    payload: Uint8Array,
    what: string,
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): Promise<StepResult> {
    const digest = sha256(payload);
    if (this.#refused !== undefined && bytesEqual(this.#refused.digest, digest))
      return { kind: 'idle', reason: `the main chain refused the ${what}: ${this.#refused.refusal}` };
    try {
      const { fee } = await this.#o.sender.submit(method, payload, signal);
      this.#refused = undefined;
      return { kind: 'submitted', what, from, to, fee };
    } catch (error) {
      if (error instanceof CallRefusedError && !error.retryable)
        this.#refused = { digest, refusal: error.refusal };
      throw error;
    }
  }
}

import type { ChainState, MainChainClient } from '../../mainchain/rpc/types.js';
import { bytesEqual, toHex } from '../../proofs/bytes.js';
import {
  type GovernanceAction,
  GovernanceActionType,
  GovernanceKind,
  GovernedCallType,
  PolicyType,
  type Registration,
  RegistrationType,
} from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import { Method } from '../../proofs/containers/transaction.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { type Clock, type NamedClient, systemClock } from '../ports.js';
import { currentDelegates } from './delegateSet.js';
import { collectQuorum, type SignatureScheme } from './quorum.js';
import type { GovernedStep, StepResult, Submitter } from './result.js';
import type { TransactionSender } from './sender.js';

/** The main chain has this chain name with another spec: another checkpoint, or other parameters. */
export class SpecMismatchError extends CrossrootError {
  override readonly name = 'SpecMismatchError';
  constructor(chain: string, ours: Uint8Array, theirs: Uint8Array) {
    super(`${chain} is registered with spec root ${toHex(theirs)}, the configuration gives ${toHex(ours)}`, {
      hint: 'Configure the same checkpoint and parameters as the main chain has; a chain name is never reused.',
      details: { chain },
    });
  }
}

export interface RegistrarOptions {
  readonly chain: string;
  readonly registration: Registration;
  readonly wanted?: WantedStatus | undefined;
  readonly client: Pick<MainChainClient, 'chain' | 'governanceSequence' | 'status' | 'genesis' | 'handovers'>;
  readonly nodes: readonly NamedClient[];
  readonly sender: Pick<TransactionSender, 'submit'>;
  readonly scheme: SignatureScheme;
  readonly clock?: Clock;
  readonly timeoutMs?: number;
}

/** What the operator's configuration wants of a registered chain; by default its status is left as it is. */
export type WantedStatus = 'active' | 'paused' | undefined;

/** Keeps the main chain's record of a chain as configured, with the delegates' approval: registration, policy, status. */
export class Registrar implements Submitter {
  readonly chain: string;
  readonly #o: RegistrarOptions;
  readonly #specRoot: Uint8Array;

  constructor(options: RegistrarOptions) {
    this.#o = options;
    this.chain = options.chain;
    this.#specRoot = ChainSpecType.hashTreeRoot(options.registration.spec);
  }

  /** @throws SpecMismatchError; NoQuorumError (retryable); whatever the sender throws */
  async step(signal?: AbortSignal): Promise<StepResult> {
    const { client, registration } = this.#o;
    const state = await client.chain(this.chain);
    if (state && !bytesEqual(state.specRoot, this.#specRoot))
      throw new SpecMismatchError(this.chain, this.#specRoot, state.specRoot);
    const due = this.#due(state);
    if (due === undefined) return { kind: 'idle', reason: 'registered' };
    const action: GovernanceAction = {
      sequence: await client.governanceSequence(),
      kind: due.kind,
      specRoot: this.#specRoot,
      payload: due.payload,
    };
    const { setRoot, genesisRoot, members } = await currentDelegates(client);
    const aggregate = await collectQuorum({
      what: `${due.what} of ${this.chain}`,
      nodes: this.#o.nodes,
      setRoot,
      members,
      message: signingRoot(GovernanceActionType, action, 'governance', genesisRoot),
      ask: (node) => node.approve(action),
      scheme: this.#o.scheme,
      clock: this.#o.clock ?? systemClock,
      timeoutMs: this.#o.timeoutMs ?? 10_000,
    });
    const { fee } = await this.#o.sender.submit(
      Method.govern,
      GovernedCallType.serialize({ action, ...aggregate }),
      signal,
    );
    const height = registration.spec.checkpoint.height;
    return { kind: 'submitted', what: due.what, from: height, to: height, fee };
  }

  /** The next governed action that brings the main chain's record to what is configured, if one is due. */
  #due(
    state: ChainState | undefined,
  ): { readonly kind: number; readonly what: GovernedStep; readonly payload: Uint8Array } | undefined {
    const { registration, wanted } = this.#o;
    if (state === undefined) {
      return {
        kind: GovernanceKind.register,
        what: 'registration',
        payload: RegistrationType.serialize(registration),
      };
    }
    const none = new Uint8Array(0);
    const paused = state.status === ChainStatus.paused;
    if (wanted === 'paused' && !paused) return { kind: GovernanceKind.pause, what: 'pause', payload: none };
    if (wanted === 'active' && paused)
      return { kind: GovernanceKind.resume, what: 'resumption', payload: none };
    if (!PolicyType.equals(state.policy, registration.policy)) {
      return {
        kind: GovernanceKind.setPolicy,
        what: 'policy',
        payload: PolicyType.serialize(registration.policy),
      };
    }
    return undefined;
  }
}

import type { MainChainClient } from '../../mainchain/rpc/types.js';
import { bytesEqual, toHex } from '../../proofs/bytes.js';
import { type Attest, AttestType, CommitAttestedType } from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { Method } from '../../proofs/containers/transaction.js';
import { isRetryable } from '../../proofs/errors/base.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { type Clock, type LocalChain, type NamedClient, systemClock } from '../ports.js';
import { type AttestedRange, planRange, type RangeLimits } from './attestedPlan.js';
import { currentDelegates } from './delegateSet.js';
import { CallRefusedError, NoQuorumError } from './errors.js';
import type { EvidenceLog } from './evidence.js';
import { collectQuorum, type SignatureScheme } from './quorum.js';
import type { StepResult, Submitter } from './result.js';
import type { TransactionSender } from './sender.js';

export interface AttestedSubmitterOptions {
  readonly client: Pick<MainChainClient, 'chain' | 'branchHash' | 'status' | 'genesis' | 'handovers'>;
  /** Every delegate's node. */
  readonly nodes: readonly NamedClient[];
  readonly sender: Pick<TransactionSender, 'submit'>;
  readonly local: LocalChain;
  readonly scheme: SignatureScheme;
  readonly evidence: EvidenceLog;
  readonly clock?: Clock;
  readonly limits?: RangeLimits;
  readonly timeoutMs?: number;
}

/** Feeds a chain whose headers a quorum of delegates vouches for. */
export class AttestedSubmitter implements Submitter {
  readonly chain: string;
  readonly #o: AttestedSubmitterOptions;
  readonly #clock: Clock;
  /** The last message that delegates were asked to sign, and whether its seq is spoilt. */
  #last: { readonly attest: Attest; readonly spoilt: boolean } | undefined;

  constructor(options: AttestedSubmitterOptions) {
    this.#o = options;
    this.chain = options.local.chain;
    this.#clock = options.clock ?? systemClock;
  }

  /** @throws NoQuorumError, LocalGapError (retryable); ForkBelowStartError; whatever the sender throws */
  async step(signal?: AbortSignal): Promise<StepResult> {
    const state = await this.#o.client.chain(this.chain);
    if (!state) return { kind: 'idle', reason: 'not registered on the main chain' };
    if (state.status === ChainStatus.paused) return { kind: 'paused' };
    const now = Math.floor(this.#clock.now() / 1000);
    const range = await planRange(this.#o.client, state, this.#o.local, now, this.#o.limits);
    if (typeof range === 'string') return { kind: 'idle', reason: range };

    const attest = this.#message(state.specRoot, state.lastSeq, range);
    this.#last = { attest, spoilt: false };
    const aggregate = await this.#collect(attest);
    const payload = CommitAttestedType.serialize({ attest, headers: range.raw, ...aggregate });
    try {
      const { fee } = await this.#o.sender.submit(Method.commitAttested, payload, signal);
      return { kind: 'submitted', what: 'attested range', from: range.from, to: range.to, fee };
    } catch (error) {
      if (error instanceof CallRefusedError) this.#last = { attest, spoilt: true };
      throw error;
    }
  }

  /**
   * The same range again keeps its seq, so that delegates that have signed it just sign it again. Anything else
   * takes the next one: a delegate signs at most one digest a seq.
   */
  #message(specRoot: Uint8Array, committedSeq: number, range: AttestedRange): Attest {
    const digest = sha256(range.raw);
    const last = this.#last;
    const same =
      last !== undefined &&
      !last.spoilt &&
      last.attest.seq > committedSeq &&
      last.attest.epoch === range.epoch &&
      last.attest.from === range.from &&
      last.attest.to === range.to &&
      bytesEqual(last.attest.digest, digest);
    if (same) return last.attest;
    const seq = Math.max(committedSeq, last?.attest.seq ?? 0) + 1;
    return { specRoot, epoch: range.epoch, seq, from: range.from, to: range.to, digest };
  }

  async #collect(attest: Attest) {
    const { setRoot, genesisRoot, members } = await currentDelegates(this.#o.client);
    try {
      return await collectQuorum({
        what: `${this.chain} ${attest.from}..${attest.to} (seq ${attest.seq})`,
        nodes: this.#o.nodes,
        setRoot,
        members,
        message: signingRoot(AttestType, attest, 'attestation', genesisRoot),
        ask: (client) => client.attest(attest),
        scheme: this.#o.scheme,
        clock: this.#clock,
        timeoutMs: this.#o.timeoutMs ?? 10_000,
        onRefusal: (node, error) => this.#keep(attest, node, error),
      });
    } catch (error) {
      // A delegate whose answer was final may have signed this seq for another digest: never ask for it again.
      if (error instanceof NoQuorumError && error.refused) this.#last = { attest, spoilt: true };
      throw error;
    }
  }

  #keep(attest: Attest, node: string, error: unknown): void {
    if (isRetryable(error)) return;
    this.#o.evidence.add({
      time: this.#clock.now(),
      chain: this.chain,
      node,
      message: error instanceof Error ? error.message : String(error),
      facts: {
        epoch: attest.epoch,
        seq: attest.seq,
        from: attest.from,
        to: attest.to,
        digest: toHex(attest.digest),
      },
    });
  }
}

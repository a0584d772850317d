import { assuranceFor } from '../adapters/mode.js';
import { type MakeGroup, SoleGroup, type WorkGroup } from '../indexers/group/workGroup.js';
import { Assurance } from '../proofs/containers/leaf.js';
import { isRetryable } from '../proofs/errors/base.js';
import type { KeyValueStore } from '../storage/keyValue.js';
import type { LastStep, Operating } from './api/context.js';
import { type Common, errorClass, errorText } from './common.js';
import { eventOf } from './events.js';
import type { RelayChain } from './ports.js';
import { AttestedSubmitter } from './submit/attestedSubmitter.js';
import { ChainSubmitter } from './submit/chainSubmitter.js';
import { TransactionLostError } from './submit/errors.js';
import { type EvidenceLog, evidenceLog } from './submit/evidence.js';
import { SubmitLoop } from './submit/loop.js';
import type { Operator } from './submit/operator.js';
import type { SignatureScheme } from './submit/quorum.js';
import { Registrar } from './submit/registrar.js';
import { bringsHeaders, type Submitter } from './submit/result.js';
import { TransactionSender } from './submit/sender.js';
import { SyncCommitteeSubmitter } from './submit/syncCommitteeSubmitter.js';
import { WorkSubmitter } from './submit/workSubmitter.js';

export interface SubmitConfig {
  /** Pays and signs; of this process alone. */
  readonly operator: Operator;
  readonly chains: readonly RelayChain[];
  readonly scheme: SignatureScheme;
  /** Keeps evidence. */
  readonly store?: KeyValueStore;
  /** Balance below which the operator is warned. */
  readonly lowBalance?: bigint;
  /** Shares the chains with other processes. By default all of them are this one's. */
  readonly group?: MakeGroup;
}

/** Brings to the main chain what is missing there: one submitter a chain, one account for all. */
export class SubmitService implements Operating {
  readonly evidence: EvidenceLog;
  readonly #config: SubmitConfig;
  readonly #common: Common;
  readonly #sender: TransactionSender;
  readonly #loops = new Map<string, SubmitLoop>();
  readonly #group: WorkGroup;
  #balance: bigint | undefined;
  #started = false;

  constructor(config: SubmitConfig, common: Common) {
    this.#config = config;
    this.#common = common;
    const { operator, store } = config;
    const { client, clock, fault } = common;
    this.#sender = new TransactionSender({
      ...{ client, operator, clock },
      onBalance: (now) => this.#noteBalance(now),
      onExpired: () => {
        common.metrics.expired.inc();
        client.turn(new TransactionLostError('its mark expired'));
      },
    });
    this.evidence = evidenceLog({ ...(store ? { store } : {}), onError: fault });
    const group: MakeGroup = config.group ?? ((units, work) => new SoleGroup(units, work));
    this.#group = group(
      config.chains.map(({ name }) => name),
      async (chain) => this.#begin(chain),
    );
  }

  get account(): Uint8Array {
    return this.#config.operator.account;
  }

  /** Which chains are this process's to submit for. */
  get group(): Pick<WorkGroup, 'units' | 'losses'> {
    return this.#group;
  }

  balance(): bigint | undefined {
    return this.#balance;
  }

  lastStep(chain: string): LastStep | undefined {
    const loop = this.#loops.get(chain);
    if (loop !== undefined) return loop.last;
    if (!this.#started) return undefined;
    return {
      result: { kind: 'idle', reason: 'stands by: another relay submits' },
      time: this.#common.clock.now(),
    };
  }

  /** Begins to submit for the chains that are this process's. */
  start(): void {
    this.#started = true;
    this.#group.start();
  }

  async stop(): Promise<void> {
    await this.#group.stop();
  }

  #begin(name: string): () => Promise<void> {
    const chain = this.#config.chains.find((one) => one.name === name);
    if (chain === undefined) return async () => undefined;
    const loop = this.#loop(this.#submitter(chain));
    this.#loops.set(name, loop);
    this.#common.metrics.submitting.set({ chain: name }, 1);
    const unsubscribe = [
      chain.local.onChange(() => loop.wake()),
      ...(chain.finality ? [chain.finality.onChange(() => loop.wake())] : []),
    ];
    loop.start();
    return async () => {
      for (const end of unsubscribe) end();
      await loop.stop();
      if (this.#loops.get(name) === loop) this.#loops.delete(name);
      this.#common.metrics.submitting.set({ chain: name }, 0);
    };
  }

  #submitter(chain: RelayChain): Submitter {
    const { scheme } = this.#config;
    const { client, clock, nodes } = this.#common;
    const sender = this.#sender;
    const common = { client, sender, local: chain.local, clock };
    const feeder: Submitter =
      assuranceOf(chain) === Assurance.work
        ? new WorkSubmitter(common)
        : chain.finality !== undefined
          ? new SyncCommitteeSubmitter({ ...common, finality: chain.finality })
          : new AttestedSubmitter({ ...common, nodes, scheme, evidence: this.evidence });
    const { name, registration, wanted } = chain;
    const registrar = new Registrar({
      ...{ chain: name, registration, wanted },
      ...{ client, nodes, sender, scheme, clock },
    });
    return new ChainSubmitter(registrar, feeder);
  }

  #loop(submitter: Submitter): SubmitLoop {
    const { metrics, clock, emit, fault } = this.#common;
    let paused = false;
    return new SubmitLoop(submitter, {
      clock,
      onResult: (chain, result) => {
        if (result.kind === 'submitted') {
          metrics.submissions.inc({ chain, what: result.what });
          if (bringsHeaders(result.what)) metrics.headers.inc({ chain }, result.to - result.from + 1);
        }
        // A pause is told once, not at every look.
        const news = result.kind !== 'paused' || !paused;
        paused = result.kind === 'paused';
        const event = eventOf(chain, result);
        if (event && news) emit(event);
      },
      onError: (chain, error, retryInMs) => {
        metrics.retries.inc({ chain });
        metrics.errors.inc({ chain, class: errorClass(error) });
        emit({ type: 'warning', chain, message: errorText(error), retryInMs });
        if (!isRetryable(error)) fault(error);
      },
    });
  }

  #noteBalance(now: bigint): void {
    const { metrics, emit } = this.#common;
    const low = this.#config.lowBalance ?? 0n;
    if (now < low && (this.#balance === undefined || this.#balance >= low)) {
      const message = `the operator's balance is low: ${now}`;
      emit({ type: 'warning', chain: undefined, message, retryInMs: undefined });
    }
    this.#balance = now;
    metrics.balance.set(Number(now));
    metrics.lowBalance.set(now < low ? 1 : 0);
  }
}

function assuranceOf({ kind, name, registration }: RelayChain): number | undefined {
  const network = kind.networks.find((one) => one.name === name);
  return network && assuranceFor(kind, network, registration.spec.checkpoint);
}

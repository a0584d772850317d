import { assuranceFor } from '../adapters/mode.js';
import type { Genesis } from '../proofs/containers/genesis.js';
import { Assurance } from '../proofs/containers/leaf.js';
import { isRetryable } from '../proofs/errors/base.js';
import type { FormatContext } from '../proofs/format/json.js';
import { trustFromGenesis } from '../proofs/verify/trust.js';
import type { VerifyOptions } from '../proofs/verify/verify.js';
import type { KeyValueStore } from '../storage/keyValue.js';
import { type AppOptions, createApp } from './api/app.js';
import type { LastStep } from './api/context.js';
import { type HttpServer, listen } from './api/server.js';
import { eventOf, type RelayListener } from './events.js';
import { type RelayMetrics, relayMetrics } from './metrics.js';
import {
  type Clock,
  type HeaderPages,
  type NamedClient,
  type ProofData,
  type RelayChain,
  systemClock,
} from './ports.js';
import { ProofBuilder, type ProofBuilderOptions } from './proofs/builder.js';
import { OutgoingCheck } from './proofs/check.js';
import { RecentProofs } from './proofs/recent.js';
import { AttestedSubmitter } from './submit/attestedSubmitter.js';
import { ChainSubmitter } from './submit/chainSubmitter.js';
import { evidenceLog } from './submit/evidence.js';
import { failoverClient } from './submit/failover.js';
import { SubmitLoop } from './submit/loop.js';
import type { Operator } from './submit/operator.js';
import type { SignatureScheme } from './submit/quorum.js';
import { Registrar } from './submit/registrar.js';
import { bringsHeaders, type Submitter } from './submit/result.js';
import { TransactionSender } from './submit/sender.js';
import { SyncCommitteeSubmitter } from './submit/syncCommitteeSubmitter.js';
import { WorkSubmitter } from './submit/workSubmitter.js';
import { ProgressWatch } from './watch.js';

/** Something with a life of its own that the relay starts and stops: a follower, a sink. */
export interface Worker {
  readonly name: string;
  start(): void | Promise<void>;
  stop(): Promise<void>;
}

export interface RelayConfig {
  readonly version: string;
  /** Every delegate's node, the preferred one first. */
  readonly nodes: readonly NamedClient[];
  readonly operator: Operator;
  readonly chains: readonly RelayChain[];
  readonly data: ProofData;
  readonly pages: HeaderPages;
  readonly payloads: ProofBuilderOptions['payloads'];
  readonly format: FormatContext;
  /** The trusted beginning: every proof is checked against it before it leaves. Never taken from a node. */
  readonly genesis: Genesis;
  readonly verify: Pick<VerifyOptions, 'bls' | 'readHeader'>;
  readonly scheme: SignatureScheme;
  readonly workers?: readonly Worker[];
  /** Keeps evidence. */
  readonly store?: KeyValueStore;
  readonly http?: { readonly host?: string; readonly port?: number } & AppOptions;
  /** Further checks for `/readyz`, by name. */
  readonly checks?: Readonly<Record<string, () => Promise<void>>>;
  /** Balance below which the operator is warned. */
  readonly lowBalance?: bigint;
  readonly clock?: Clock;
  readonly onEvent?: RelayListener;
  /** Faults of the relay itself, for the log. */
  readonly onFault?: (error: unknown) => void;
}

/** Names that a loopback service answers to. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]', '::1'];

/** The operator's service: followers and sinks, one submitter a chain, the HTTP API and the page. */
export class RelayService {
  readonly metrics: RelayMetrics;
  readonly builder: ProofBuilder;
  readonly #config: RelayConfig;
  readonly #loops: readonly SubmitLoop[];
  readonly #watch: ProgressWatch;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #started: Worker[] = [];
  #server: HttpServer | undefined;

  private constructor(config: RelayConfig) {
    this.#config = config;
    this.metrics = relayMetrics();
    const { metrics } = this;
    const clock = config.clock ?? systemClock;
    const emit: RelayListener = (event) => config.onEvent?.(event);
    const fault = (error: unknown) => config.onFault?.(error);
    const client = failoverClient(config.nodes, (to, cause) => {
      metrics.errors.inc({ chain: '', class: errorClass(cause) });
      emit({
        type: 'warning',
        chain: undefined,
        message: `main chain: changing to ${to}: ${text(cause)}`,
        retryInMs: 0,
      });
    });
    let balance: bigint | undefined;
    const sender = new TransactionSender({
      client,
      operator: config.operator,
      clock,
      onBalance: (now) => {
        const low = config.lowBalance ?? 0n;
        if (now < low && (balance === undefined || balance >= low)) {
          emit({
            type: 'warning',
            chain: undefined,
            message: `the operator's balance is low: ${now}`,
            retryInMs: undefined,
          });
        }
        balance = now;
        metrics.balance.set(Number(now));
        metrics.lowBalance.set(now < low ? 1 : 0);
      },
    });
    const evidence = evidenceLog({ ...(config.store ? { store: config.store } : {}), onError: fault });
    this.#loops = config.chains.map((chain) => {
      const common = { client, sender, local: chain.local, clock };
      const { scheme, nodes } = config;
      const feeder: Submitter =
        assuranceOf(chain) === Assurance.work
          ? new WorkSubmitter(common)
          : chain.finality !== undefined
            ? new SyncCommitteeSubmitter({ ...common, finality: chain.finality })
            : new AttestedSubmitter({ ...common, nodes, scheme, evidence });
      const registrar = new Registrar({
        chain: chain.name,
        registration: chain.registration,
        wanted: chain.wanted,
        client,
        nodes,
        sender,
        scheme,
        clock,
      });
      return this.#loop(new ChainSubmitter(registrar, feeder), clock, emit);
    });
    const verify: VerifyOptions = {
      ...config.verify,
      networks: config.format.networks,
      payloads: config.format.payloads,
      trust: trustFromGenesis(config.genesis),
    };
    const outgoing = new OutgoingCheck(client, trustFromGenesis(config.genesis), verify);
    this.builder = new ProofBuilder({
      client,
      chains: config.chains,
      data: config.data,
      payloads: config.payloads,
      check: (proof, fromTerm) => outgoing.check(proof, fromTerm),
    });
    this.#watch = new ProgressWatch({ client, chains: config.chains, metrics, emit, clock });
    const lastSteps = () =>
      new Map<string, LastStep | undefined>(this.#loops.map((loop) => [loop.chain, loop.last]));
    this.#app = createApp(
      {
        version: config.version,
        client,
        chains: config.chains,
        pages: config.pages,
        builder: this.builder,
        format: config.format,
        verify,
        metrics,
        recent: new RecentProofs(),
        evidence,
        operator: { account: config.operator.account, balance: () => balance },
        lastStep: (chain) => lastSteps().get(chain),
        checks: config.checks ?? {},
        onProof: (proof) => emit({ type: 'proof', ...proof }),
        onFault: fault,
      },
      { hosts: isLoopback(config.http?.host) ? LOOPBACK : [], ...config.http },
    );
  }
  readonly #app: ReturnType<typeof createApp>;

  /**
   * Starts everything and returns once the API listens.
   * @throws ListenError if the port is in use; whatever a worker throws on starting
   */
  static async start(config: RelayConfig): Promise<RelayService> {
    const service = new RelayService(config);
    try {
      // The port first: when it is taken, nothing else has begun.
      const { host = '127.0.0.1', port = 0 } = config.http ?? {};
      service.#server = await listen(service.#app, host, port);
      for (const worker of config.workers ?? []) {
        service.#started.push(worker);
        await worker.start();
      }
    } catch (error) {
      await service.stop();
      throw error;
    }
    for (const [at, chain] of config.chains.entries()) {
      const loop = service.#loops[at];
      if (loop === undefined) continue;
      service.#unsubscribe.push(chain.local.onChange(() => loop.wake()));
      if (chain.finality) service.#unsubscribe.push(chain.finality.onChange(() => loop.wake()));
    }
    for (const loop of service.#loops) loop.start();
    service.#watch.start();
    config.onEvent?.({ type: 'listening', url: service.url });
    return service;
  }

  /** Where the API listens, such as `http://127.0.0.1:8545`. */
  get url(): string {
    return this.#server?.url ?? '';
  }

  /** Stops submitting, then the API, then workers in reverse order. Never throws for one part's trouble before the others have stopped. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    const parts: (() => Promise<void>)[] = [
      ...this.#loops.map((loop) => () => loop.stop()),
      () => this.#watch.stop(),
      async () => this.#server?.close(),
    ];
    const faults = (await Promise.allSettled(parts.map((stop) => stop()))).filter(
      (end) => end.status === 'rejected',
    );
    for (const worker of this.#started.splice(0).reverse()) {
      const [end] = await Promise.allSettled([worker.stop()]);
      if (end?.status === 'rejected') faults.push(end);
    }
    for (const { reason } of faults) this.#config.onFault?.(reason);
  }

  #loop(submitter: Submitter, clock: Clock, emit: RelayListener): SubmitLoop {
    const { metrics } = this;
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
        emit({ type: 'warning', chain, message: text(error), retryInMs });
        if (!isRetryable(error)) this.#config.onFault?.(error);
      },
    });
  }
}

function assuranceOf({ kind, name, registration }: RelayChain): number | undefined {
  const network = kind.networks.find((one) => one.name === name);
  return network && assuranceFor(kind, network, registration.spec.checkpoint);
}

function isLoopback(host: string | undefined): boolean {
  return host === undefined || host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function errorClass(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

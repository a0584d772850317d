import type { LightClientStatus } from '../indexers/follow/lightClient/status.js';
import type { MainChainClient } from '../mainchain/rpc/types.js';
import { toHex } from '../proofs/bytes.js';
import { ChainStatus } from '../proofs/containers/commitment.js';
import { finalizedLeaves } from './api/views.js';
import type { RelayListener } from './events.js';
import type { RelayMetrics } from './metrics.js';
import { type Clock, type RelayChain, systemClock } from './ports.js';
import type { NodeLook } from './submit/failover.js';

export interface WatchOptions {
  readonly client: Pick<MainChainClient, 'status' | 'chains' | 'commitments'>;
  readonly chains: readonly RelayChain[];
  readonly metrics: RelayMetrics;
  readonly emit: RelayListener;
  /** Looks at every node of the main chain; every fifth time. */
  readonly nodes?: () => Promise<readonly NodeLook[]>;
  readonly everyMs?: number;
  readonly clock?: Clock;
}

/** Looks at both sides regularly: keeps the gauges current and tells of each chain's progress. */
export class ProgressWatch {
  readonly #o: WatchOptions;
  readonly #stop = new AbortController();
  readonly #committed = new Map<string, number>();
  readonly #finalized = new Map<string, number>();
  #running: Promise<void> | undefined;
  #failing = false;
  #looks = 0;

  constructor(options: WatchOptions) {
    this.#o = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const clock = this.#o.clock ?? systemClock;
    while (!this.#stop.signal.aborted) {
      try {
        await this.look();
        this.#failing = false;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        // Told once an outage, not every second of it.
        if (!this.#failing)
          this.#o.emit({ type: 'warning', chain: undefined, message, retryInMs: this.#o.everyMs ?? 1_000 });
        this.#failing = true;
        this.#o.metrics.errors.inc({ chain: '', class: error instanceof Error ? error.name : 'unknown' });
      }
      await clock.sleep(this.#o.everyMs ?? 1_000, this.#stop.signal);
    }
  }

  /** One look. */
  async look(): Promise<void> {
    const { client, chains, metrics } = this.#o;
    if (this.#looks++ % 5 === 0) await this.#lookAtNodes();
    const local = await Promise.all(
      chains.map(async (chain) => ({
        chain,
        tip: await chain.local.tip(),
        health: await chain.local.health(),
      })),
    );
    for (const { chain, tip, health } of local) {
      if (tip) metrics.height.set({ chain: chain.name, stage: 'source' }, tip.height);
      metrics.sourceUp.set({ chain: chain.name }, health.healthy ? 1 : 0);
      for (const { name, score } of chain.local.sources?.() ?? [])
        metrics.sourceScore.set({ chain: chain.name, source: name }, score);
      const light = chain.local.lightClient?.();
      if (light !== undefined) showLightClient(metrics, light);
    }
    const [status, states, finalized] = await Promise.all([
      client.status(),
      client.chains(),
      finalizedLeaves(client),
    ]);
    metrics.mainHeight.set({ stage: 'head' }, status.head.height);
    metrics.mainHeight.set({ stage: 'justified' }, status.justified.height);
    metrics.mainHeight.set({ stage: 'finalized' }, status.finalized.height);
    for (const { chain, tip } of local) {
      const state = states.find((one) => one.name === chain.name);
      if (!state) continue;
      const { name } = chain;
      const leaf = finalized.bySpec.get(toHex(state.specRoot));
      metrics.height.set({ chain: name, stage: 'accepted' }, state.tip.height);
      metrics.height.set({ chain: name, stage: 'committed' }, state.committed.height);
      if (leaf) metrics.height.set({ chain: name, stage: 'finalized' }, leaf.height);
      if (tip) metrics.lag.set({ chain: name }, Math.max(0, tip.height - state.committed.height));
      metrics.paused.set({ chain: name }, state.status === ChainStatus.paused ? 1 : 0);
      this.#tell(name, state.committed.height, leaf?.height, finalized.mainHeight);
    }
  }

  async #lookAtNodes(): Promise<void> {
    const { nodes, metrics } = this.#o;
    for (const { name, up, finalized } of (await nodes?.()) ?? []) {
      metrics.nodeUp.set({ node: name }, up ? 1 : 0);
      if (finalized !== undefined) metrics.nodeHeight.set({ node: name }, finalized);
    }
  }

  #tell(chain: string, committed: number, finalized: number | undefined, mainHeight: number): void {
    if (this.#committed.get(chain) !== committed) {
      this.#committed.set(chain, committed);
      this.#o.emit({ type: 'committed', chain, height: committed });
    }
    if (finalized !== undefined && this.#finalized.get(chain) !== finalized) {
      this.#finalized.set(chain, finalized);
      this.#o.emit({ type: 'finalized', chain, height: finalized, mainHeight });
    }
  }
}

function showLightClient(metrics: RelayMetrics, status: LightClientStatus): void {
  const { chain, finalized, optimistic, period, catchUp, ageSeconds, stalled } = status;
  if (finalized) metrics.lightClientSlot.set({ chain, stage: 'finalized' }, finalized.slot);
  if (optimistic) metrics.lightClientSlot.set({ chain, stage: 'optimistic' }, optimistic.slot);
  if (period !== undefined) metrics.lightClientPeriod.set({ chain, stage: 'known' }, period);
  if (catchUp?.target !== undefined)
    metrics.lightClientPeriod.set({ chain, stage: 'target' }, catchUp.target);
  if (ageSeconds !== undefined) metrics.finalityAge.set({ chain }, ageSeconds);
  metrics.finalityStalled.set({ chain }, stalled ? 1 : 0);
}

import { SourceUnavailableError } from '../../../adapters/errors.js';
import type { Versioned } from '../../../adapters/ethereum/consensus/codec.js';
import { periodAt } from '../../../adapters/ethereum/consensus/forks.js';
import type { LightClient } from '../../../adapters/ethereum/consensus/lightClient.js';
import type { LightClientUpdate } from '../../../adapters/ethereum/consensus/types.js';
import { periodOf } from '../../../adapters/ethereum/sources/beacon/periods.js';
import { yieldToOthers } from '../syncSteps.js';
import type { BeaconPeer } from './peer.js';
import type { VerifiedChain } from './verified.js';

export interface CatchUpProgress {
  /** The newest period whose committee is known. */
  readonly period: number;
  /** The period of the source's head; `undefined` where the source does not tell. */
  readonly target: number | undefined;
  /** Updates verified in this run. */
  readonly updates: number;
}

export interface CatchUpOptions {
  readonly client: LightClient;
  readonly chain: VerifiedChain;
  readonly peer: BeaconPeer;
  /** Period whose signatures are to be checked; `undefined` to go as far as the source does. */
  readonly target: number | undefined;
  /** Most updates of one request. */
  readonly batch: number;
  /** The network's slot now; `Infinity` without a clock. */
  readonly currentSlot: () => number;
  /** Whether to go on: asked between two steps. */
  readonly goesOn: () => boolean;
  readonly onProgress: (progress: CatchUpProgress) => void;
}

/** The newest period whose committee is known; its update is the next one that brings a light client further. */
export function knownPeriod({ network, store }: LightClient): number {
  const period = periodAt(network, store.finalizedHeader.beacon.slot);
  return store.nextCommittee === undefined ? period : period + 1;
}

/**
 * Reads updates from one source, batch after batch, until the committee of `target` is known. Each batch is kept before the
 * next is asked for, so that a run that is cut off goes on from there.
 * @throws SourceFaultError for an update that breaks a rule; SourceUnavailableError for a source that has none which leads on
 */
export async function catchUp(options: CatchUpOptions): Promise<void> {
  const { client, peer, target, chain } = options;
  let verified = 0;
  while (options.goesOn() && (target === undefined || knownPeriod(client) < target)) {
    const from = knownPeriod(client);
    // The update of the target's own period may not be there yet, and is not needed for its committee.
    const count = target === undefined ? options.batch : Math.min(options.batch, Math.max(1, target - from));
    const updates = await peer.record.call('updates', peer.source.updates(from, count));
    const applied = new Map<number, Versioned<LightClientUpdate>>();
    try {
      for (const update of updates) {
        if (!options.goesOn()) break;
        const period = periodOf(client.network, update);
        // Another source may have brought it in the meantime.
        if (period < knownPeriod(client)) continue;
        await peer.judged('its update', async () => client.processUpdate(update.data, options.currentSlot()));
        applied.set(period, update);
        verified++;
        await yieldToOthers();
      }
    } finally {
      // What was verified before a bad one is kept.
      if (applied.size > 0) await chain.keep(client, applied);
    }
    options.onProgress({ period: knownPeriod(client), target, updates: verified });
    if (knownPeriod(client) > from) continue;
    if (target === undefined || !options.goesOn()) return;
    throw new SourceUnavailableError(
      peer.name,
      updates.length === 0
        ? `has no update of period ${from}, though it names a head in period ${target}`
        : `has an update of period ${from} that brings no finality`,
    );
  }
}

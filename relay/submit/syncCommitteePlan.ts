import {
  type ConsensusNetwork,
  decodeUpdate,
  isCommitteeUpdate,
  isFinalityUpdate,
  periodAt,
} from '../../adapters/ethereum/consensus/index.js';
import type { FinalityView } from '../../adapters/types.js';
import type { ChainState } from '../../mainchain/rpc/types.js';
import type { FinalitySource } from '../ports.js';

/** Most blocks that the main chain lets finality be ahead of the newest leaf, as `MAX_FINALITY_LEAD` of its contracts. */
export const MAX_FINALITY_LEAD = 32_768;

/** An update to send, with who signed it. */
export interface PlannedUpdate {
  readonly data: Uint8Array;
  readonly committee: Uint8Array;
  /** Of the final execution block after it. */
  readonly height: number;
}

/**
 * The update that brings the main chain's record of finality further: what teaches the committee of the record's period's
 * successor if that is unknown; else the newest finality, if its signers are known by then; else the next period's update.
 * @returns the reason why there is none
 */
export async function planUpdate(
  source: FinalitySource,
  state: Pick<ChainState, 'committed'>,
  known: FinalityView,
): Promise<PlannedUpdate | string> {
  const { network } = source;
  const candidates: Uint8Array[] = [];
  const wanted = known.knowsNext ? known.period + 1 : known.period;
  const ofPeriod = async () => (await source.updates(wanted, 1)).find((one) => one.period === wanted)?.bytes;
  const newest = await source.latestFinalityUpdate();
  const next = await ofPeriod();
  // An unknown committee comes first: without it the next period could not be entered.
  for (const one of known.knowsNext ? [newest, next] : [next, newest])
    if (one !== undefined) candidates.push(one);
  let tooFar = false;
  for (const data of candidates) {
    const height = heightAfter(network, known, data);
    if (height === undefined) continue;
    if (height - state.committed.height > MAX_FINALITY_LEAD) {
      tooFar = true;
      continue;
    }
    const committee = await source.committeeFor(data);
    if (committee !== undefined) return { data, committee, height };
  }
  return tooFar ? 'finality waits for leaves' : 'nothing newer is final';
}

/** Height of the final execution block after an update; `undefined` for one that a record refuses or that brings nothing. */
function heightAfter(network: ConsensusNetwork, known: FinalityView, bytes: Uint8Array): number | undefined {
  const { kind, versioned } = decodeUpdate(network, bytes);
  const { attestedHeader, finalizedHeader, signatureSlot } = versioned.data;
  const signed = periodAt(network, signatureSlot);
  if (signed !== known.period && !(known.knowsNext && signed === known.period + 1)) return undefined;
  const isNewer = finalizedHeader.beacon.slot > known.slot;
  const period = periodAt(network, attestedHeader.beacon.slot);
  const teaches =
    kind === 'update' &&
    !known.knowsNext &&
    isCommitteeUpdate(versioned.data) &&
    isFinalityUpdate(versioned.data) &&
    period === known.period &&
    periodAt(network, finalizedHeader.beacon.slot) === period;
  if (isNewer) return finalizedHeader.execution.blockNumber;
  return teaches ? known.height : undefined;
}

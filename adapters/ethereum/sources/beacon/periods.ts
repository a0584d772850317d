import { SourceFaultError } from '../../../errors.js';
import type { Versioned } from '../../consensus/codec.js';
import { periodAt } from '../../consensus/forks.js';
import type { ConsensusNetwork } from '../../consensus/networks.js';
import type { LightClientUpdate } from '../../consensus/types.js';

/** The period whose update this is: that of the block that was signed. */
export function periodOf(network: ConsensusNetwork, update: Versioned<LightClientUpdate>): number {
  return periodAt(network, update.data.attestedHeader.beacon.slot);
}

/**
 * Checks that updates are of one period each, ascending without gaps, within what was asked for.
 * @returns none where the first is of a later period: the source does not have what was asked for
 * @throws SourceFaultError
 */
export function checkPeriods(
  name: string,
  network: ConsensusNetwork,
  updates: Versioned<LightClientUpdate>[],
  startPeriod: number,
  count: number,
): Versioned<LightClientUpdate>[] {
  const [first] = updates;
  if (first === undefined) return [];
  const begin = periodOf(network, first);
  for (const [i, update] of updates.entries()) {
    const period = periodOf(network, update);
    if (period < startPeriod || period >= startPeriod + count)
      throw new SourceFaultError(
        name,
        `gave an update of period ${period} when asked for ${count} from ${startPeriod} on`,
      );
    if (period !== begin + i)
      throw new SourceFaultError(
        name,
        `gave updates from period ${startPeriod} on that do not follow one another`,
      );
  }
  return begin === startPeriod ? updates : [];
}

import {
  beaconRoot,
  type ConsensusNetwork,
  fromBeaconJson,
  periodAt,
} from '../../adapters/ethereum/consensus/index.js';
import { toHex } from '../../proofs/bytes.js';
import type { Recorded } from '../support/beacon.js';
import { readJson } from './folder.js';

export interface FileJson {
  readonly network: string;
  readonly bootstrap: readonly unknown[];
  readonly updates: readonly unknown[];
  readonly finality_updates: readonly unknown[];
  readonly optimistic_updates: readonly unknown[];
}

/** What a node that had just this file would answer. */
export function recordedOf(
  name: string,
  network: ConsensusNetwork,
): { recorded: Recorded; root: Uint8Array } {
  const json = readJson<FileJson>(`eth-lightclient/${name}`);
  const bootstrap = fromBeaconJson(network, 'bootstrap', json.bootstrap[0]);
  const root = beaconRoot(bootstrap.data.header.beacon);
  const updates = json.updates.map((update): [number, unknown] => {
    const { data } = fromBeaconJson(network, 'update', update);
    return [periodAt(network, data.attestedHeader.beacon.slot), update];
  });
  return {
    root,
    recorded: {
      genesisTime: network.genesisTime,
      genesisValidatorsRoot: network.genesisValidatorsRoot,
      bootstraps: new Map([[toHex(root), json.bootstrap[0]]]),
      updates: new Map(updates.map(([period, data]) => [period, wrapped(data)])),
      finalityUpdate: json.finality_updates[0],
      optimisticUpdate: json.optimistic_updates[0],
    },
  };
}

/** Answers to the route of updates have a version each; the files do not. */
function wrapped(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'data' in data ? data : { data };
}

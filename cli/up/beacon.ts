import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BeaconApi } from '../../adapters/ethereum/sources/beacon/api.js';
import { trustedBlockRoot } from '../../adapters/ethereum/trustedBlock.js';
import { readCheckpointFile } from '../../config/checkpoint.js';
import type { ChainConfig, SourceConfig } from '../../config/schema.js';
import { anvilStateFile } from '../../devnet/anvilState.js';
import { SLOT_MILLISECONDS } from '../../devnet/beacon/node.js';
import { toHex } from '../../proofs/bytes.js';
import type { DataFolder } from '../init/data.js';
import { DataMismatchError } from '../init/errors.js';
import type { BeaconInit } from '../processes/messages.js';
import { beaconNetwork } from '../sources.js';
import type { RunningForeign } from './foreign.js';
import { beaconPort } from './ports.js';

/** The process of a local chain's beacon chain, and where its API will be. */
export function localBeacon(
  chain: ChainConfig,
  foreign: RunningForeign,
  data: DataFolder,
  logLevel: string,
): { readonly url: string; readonly part: BeaconInit } {
  const port = beaconPort(chain.devnet ?? {});
  return {
    url: `http://127.0.0.1:${port}`,
    part: {
      role: 'beacon',
      dataDir: join(data.foreign(chain.name), 'beacon'),
      execution: foreign.endpoint.url,
      executionState: anvilStateFile(data.foreign(chain.name)),
      port,
      slotMilliseconds: chain.devnet?.blockMilliseconds ?? SLOT_MILLISECONDS,
      chains: [],
      logFile: data.log('beacon'),
      logLevel,
    },
  };
}

/**
 * How the chain is followed by its beacon chain: from the newest finalised block at the first start, then from the same one.
 * @param url of the beacon chain's API
 * @throws DataMismatchError where the data folder has followed it without
 */
export async function followBeacon(
  chain: ChainConfig,
  foreign: RunningForeign,
  url: string,
  data: DataFolder,
): Promise<{ readonly chain: ChainConfig; readonly sources: readonly SourceConfig[] }> {
  const sources: SourceConfig[] = [...foreign.sources, { type: 'beacon-api', url }];
  const path = data.checkpoint(chain.name);
  if (existsSync(path)) {
    const { checkpoint } = await readCheckpointFile(chain.name, path);
    if (trustedBlockRoot(checkpoint) === undefined)
      throw new DataMismatchError(data.path, `has followed ${chain.name} with devnet.consensus false`);
    return { chain, sources };
  }
  if (chain.checkpoint !== undefined) return { chain, sources };
  const api = new BeaconApi(beaconNetwork(chain.name), { url });
  try {
    const { root } = await api.finalizedBlock();
    return { chain: { ...chain, checkpoint: { trustedBlockRoot: toHex(root) } }, sources };
  } finally {
    await api.close();
  }
}

/** @throws DataMismatchError where the data folder has followed the chain by its beacon chain */
export async function checkAttested(chain: ChainConfig, data: DataFolder): Promise<void> {
  const path = data.checkpoint(chain.name);
  if (chain.name !== 'ethereum-local' || !existsSync(path)) return;
  const { checkpoint } = await readCheckpointFile(chain.name, path);
  if (trustedBlockRoot(checkpoint) !== undefined)
    throw new DataMismatchError(
      data.path,
      `has followed ${chain.name} by its beacon chain: devnet.consensus`,
    );
}

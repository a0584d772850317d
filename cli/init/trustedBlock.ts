import { LightClient } from '../../adapters/ethereum/consensus/lightClient.js';
import { BeaconApi } from '../../adapters/ethereum/sources/beacon/api.js';
import { trustedBlockCheckpoint, trustedBlockRoot } from '../../adapters/ethereum/trustedBlock.js';
import type { ReadCheckpoint } from '../../config/checkpoint.js';
import type { ChainConfig, SourceConfig } from '../../config/schema.js';
import { agreeOnCheckpoint, defaultQuorum } from '../../indexers/follow/lightClient/checkpoint.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { bytesEqual, fromHex } from '../../proofs/bytes.js';
import { beaconNetwork, openBeaconSources } from '../sources.js';
import { DataMismatchError, PartFailedError } from './errors.js';
import type { DataPaths } from './paths.js';
import { firstThat } from './sourceReader.js';

/** The trusted beacon block that a configuration names; `undefined` where it names none. */
export function configuredRoot({ checkpoint }: Pick<ChainConfig, 'checkpoint'>): Uint8Array | undefined {
  if (typeof checkpoint !== 'object' || checkpoint.trustedBlockRoot === undefined) return undefined;
  return fromHex(checkpoint.trustedBlockRoot, 'trustedBlockRoot', 32);
}

/** @throws DataMismatchError where a data folder's checkpoint belongs to another trusted block than the configured one */
export function checkTrustedRoot(config: ChainConfig, kept: ReadCheckpoint, data: DataPaths): void {
  const wanted = configuredRoot(config);
  if (wanted === undefined) return;
  const root = trustedBlockRoot(kept.checkpoint);
  if (root === undefined || !bytesEqual(root, wanted))
    throw new DataMismatchError(data.path, `has followed ${config.name} from another trusted beacon block`);
}

/**
 * The checkpoint of a chain that is followed by its sync committees: at the configured trusted block, or at one on which
 * enough checkpoint providers agree.
 * @returns `undefined` for a chain whose configuration names neither
 * @throws PartFailedError
 */
export async function findTrustedBlock(
  config: ChainConfig,
  sources: readonly SourceConfig[],
  signal: AbortSignal,
): Promise<ReadCheckpoint | undefined> {
  const root = configuredRoot(config) ?? (await agreedRoot(config));
  if (root === undefined) return undefined;
  const chain = config.name;
  const network = beaconNetwork(chain);
  const opened = openBeaconSources(chain, sources);
  if (opened.length === 0) throw new PartFailedError(chain, 'has no beacon source');
  try {
    const { execution } = await firstThat({ chain, sources: opened, signal }, async (source) => {
      await source.check();
      const { data } = await source.bootstrap(root);
      return LightClient.start(network, root, data, blstBls).finalized;
    });
    if (execution === undefined)
      throw new PartFailedError(
        chain,
        'the trusted beacon block is from before Capella: it proves no execution block',
      );
    const checkpoint = trustedBlockCheckpoint(root, execution.blockNumber, execution.blockHash);
    return { checkpoint, header: undefined };
  } finally {
    await Promise.all(opened.map((source) => source.close()));
  }
}

async function agreedRoot(config: ChainConfig): Promise<Uint8Array | undefined> {
  const { name, checkpointProviders: urls, checkpointQuorum } = config;
  if (urls === undefined) return undefined;
  const network = beaconNetwork(name);
  const providers = urls.map((url) => new BeaconApi(network, { url }));
  try {
    return (await agreeOnCheckpoint(providers, checkpointQuorum ?? defaultQuorum(urls.length))).root;
  } catch (error) {
    throw new PartFailedError(name, error instanceof Error ? error.message : String(error));
  } finally {
    await Promise.all(providers.map((provider) => provider.close()));
  }
}

import type { BeaconSource } from '../adapters/ethereum/sources/beacon/source.js';
import { hasBeaconChain, trustedBlockRoot } from '../adapters/ethereum/trustedBlock.js';
import type { Source } from '../adapters/source.js';
import type { SourceConfig } from '../config/schema.js';
import { EvidenceBook } from '../indexers/follow/evidence.js';
import { SyncCommitteeSource } from '../indexers/follow/lightClient/source.js';
import { LightClientSync, type LightClientSyncOptions } from '../indexers/follow/lightClient/sync.js';
import { blstBls } from '../mainchain/crypto/blst.js';
import type { Checkpoint } from '../proofs/containers/spec.js';
import type { KeyValueStore } from '../storage/keyValue.js';
import { beaconNetwork, openBeaconSources, openSources, type SourceStart } from './sources.js';

/** A chain's sources, opened. */
export interface OpenedSources {
  /** Of headers and blocks; under the light client's eyes where there is one. */
  readonly sources: readonly Source[];
  /** Where the chain is followed by sync committee. */
  readonly lightClient: LightClientSync | undefined;
  close(): Promise<void>;
}

export interface OpenOptions extends Pick<LightClientSyncOptions, 'onError' | 'onProgress' | 'pollMs'> {
  readonly chain: string;
  readonly sources: readonly SourceConfig[];
  readonly checkpoint: Checkpoint;
  /** Raw header of the checkpoint. */
  readonly header: Uint8Array;
  readonly store: KeyValueStore;
}

/** Opens a chain's sources, and the light client that all of them share where its checkpoint names a trusted beacon block. */
export async function openFollowed(options: OpenOptions): Promise<OpenedSources> {
  const { chain, checkpoint, header, store } = options;
  const start: SourceStart = { ...checkpoint, header };
  const nodes = openSources(chain, options.sources, start);
  const trustedRoot = trustedBlockRoot(checkpoint);
  if (trustedRoot === undefined || !hasBeaconChain(chain))
    return { sources: nodes, lightClient: undefined, close: () => closeAll(nodes) };
  const beacon = openBeaconSources(chain, options.sources);
  const lightClient = await LightClientSync.open({
    network: beaconNetwork(chain),
    trustedRoot,
    sources: beacon,
    store,
    bls: blstBls,
    evidence: new EvidenceBook(store),
    ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
    ...(options.onError === undefined ? {} : { onError: options.onError }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  return {
    sources: nodes.map((node) => new SyncCommitteeSource(node, lightClient)),
    lightClient,
    close: () => closeAll([...nodes, ...beacon]),
  };
}

async function closeAll(sources: readonly (Source | BeaconSource)[]): Promise<void> {
  await Promise.all(sources.map((source) => source.close()));
}

import { existsSync } from 'node:fs';
import { bitsAt } from '../../adapters/bitcoin/rules/header.js';
import { trustedBlockRoot } from '../../adapters/ethereum/trustedBlock.js';
import { findNetwork, networkData, specFor } from '../../adapters/registry.js';
import type { Source } from '../../adapters/source.js';
import {
  checkFollowable,
  type ReadCheckpoint,
  readCheckpointFile,
  toCheckpoint,
} from '../../config/checkpoint.js';
import type { ChainConfig, SourceConfig } from '../../config/schema.js';
import { writePrivate } from '../../mainchain/crypto/keystore.js';
import { bytesEqual, toBareHex, toHex } from '../../proofs/bytes.js';
import { type Registration, RegistrationType } from '../../proofs/containers/calls.js';
import { ChainKindCode, type Checkpoint, CheckpointType } from '../../proofs/containers/spec.js';
import { parsePolicy } from '../../timing/policy.js';
import type { ChainInit } from '../roles/chainInit.js';
import { openSources } from '../sources.js';
import { DataMismatchError, PartFailedError } from './errors.js';
import type { DataPaths } from './paths.js';
import { firstThat, type Reader } from './sourceReader.js';
import { checkTrustedRoot, findTrustedBlock } from './trustedBlock.js';

/** Milliseconds between looks at a source, where the configuration does not say. */
const POLL_DEVNET = 250;
const POLL_EXTERNAL = 2000;
type ChainReader = Reader<Source>;

interface FoundCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Raw. */
  readonly header: Uint8Array;
}

/**
 * Resolves a configured chain: its sources answer and are of its network, its checkpoint is complete. The checkpoint is
 * kept in the data folder, so that every start has the same spec root.
 * @throws PartFailedError naming what is wrong
 */
export async function resolveChain(
  config: ChainConfig,
  sources: readonly SourceConfig[],
  data: DataPaths,
  signal: AbortSignal,
): Promise<ChainInit> {
  const given = (await givenCheckpoint(config, data)) ?? (await findTrustedBlock(config, sources, signal));
  const start = given && { ...given.checkpoint, header: given.header };
  const opened = openSources(config.name, sources, start);
  const reader: ChainReader = { chain: config.name, sources: opened, signal };
  try {
    await firstThat(reader, (source) => source.check());
    return chainInit(config, sources, await findCheckpoint(config, reader, data, given));
  } finally {
    await Promise.all(opened.map((source) => source.close()));
  }
}

/**
 * A configured chain as it was resolved before: the same registration for every process, and no source is asked.
 * @returns `undefined` if it never was in this data folder
 * @throws DataMismatchError, ConfigError
 */
export async function keptChain(config: ChainConfig, data: DataPaths): Promise<ChainInit | undefined> {
  if (!existsSync(data.checkpoint(config.name))) return undefined;
  const kept = await givenCheckpoint(config, data);
  if (kept?.header === undefined) return undefined;
  const found = { checkpoint: kept.checkpoint, header: kept.header };
  checkHeader(config.name, found);
  return chainInit(config, config.sources ?? [], found);
}

function chainInit(
  config: ChainConfig,
  sources: readonly SourceConfig[],
  { checkpoint, header }: FoundCheckpoint,
): ChainInit {
  const registration: Registration = {
    spec: specFor(config.name, checkpoint),
    policy: parsePolicy(config.policy),
    checkpointHeader: header,
  };
  return {
    name: config.name,
    signetChallenge: config.signetChallenge,
    network: config.network,
    registration: RegistrationType.serialize(registration),
    sources,
    pollMilliseconds: config.pollMilliseconds ?? (config.devnet === undefined ? POLL_EXTERNAL : POLL_DEVNET),
    contentsDepth: config.contentsDepth,
    wanted: config.status,
  };
}

/** The checkpoint of an earlier start, or the configured one. @throws DataMismatchError where they differ */
async function givenCheckpoint(config: ChainConfig, data: DataPaths): Promise<ReadCheckpoint | undefined> {
  const path = data.checkpoint(config.name);
  const configured = await configuredCheckpoint(config);
  const kept = existsSync(path) ? await readCheckpointFile(config.name, path) : undefined;
  if (kept !== undefined) checkTrustedRoot(config, kept, data);
  if (kept !== undefined && configured !== undefined && !sameCheckpoint(kept, configured)) {
    throw new DataMismatchError(data.path, `has followed ${config.name} from another checkpoint`);
  }
  return kept ?? configured;
}

async function findCheckpoint(
  config: ChainConfig,
  reader: ChainReader,
  data: DataPaths,
  start: ReadCheckpoint | undefined,
): Promise<FoundCheckpoint> {
  const path = data.checkpoint(config.name);
  const given = start ?? (await genesisOf(reader));
  checkFollowable(config.name, given.checkpoint, 'checkpoint');
  const header = given.header ?? (await readHeader(reader, given.checkpoint));
  const found = { checkpoint: given.checkpoint, header };
  checkHeader(config.name, found);
  if (!existsSync(path)) await keep(config.name, path, found);
  return found;
}

function sameCheckpoint(a: ReadCheckpoint, b: ReadCheckpoint): boolean {
  return bytesEqual(CheckpointType.hashTreeRoot(a.checkpoint), CheckpointType.hashTreeRoot(b.checkpoint));
}

async function configuredCheckpoint(config: ChainConfig): Promise<ReadCheckpoint | undefined> {
  if (typeof config.checkpoint === 'string') return readCheckpointFile(config.name, config.checkpoint);
  // A trusted beacon block alone: the rest is read from a source.
  if (config.checkpoint === undefined || !('height' in config.checkpoint)) return undefined;
  return toCheckpoint(config.name, config.checkpoint, 'checkpoint');
}

/** The network's genesis, or (a local network) the source's block 0. */
async function genesisOf(reader: ChainReader): Promise<ReadCheckpoint> {
  const { kind, network } = findNetwork(reader.chain);
  if (network.genesisHeader !== undefined) {
    const header = kind.decode(network.genesisHeader, 0);
    const bits = kind.code === ChainKindCode.bitcoin ? bitsAt(header.raw) : 0;
    const checkpoint = {
      height: 0,
      hash: header.hash,
      work: kind.work(header),
      periodStartTime: header.time,
      periodStartBits: bits,
    };
    return { checkpoint, header: header.raw };
  }
  if (!network.genesisHash.every((byte) => byte === 0)) {
    throw new PartFailedError(reader.chain, 'needs a checkpoint in the configuration');
  }
  const header = await firstThat(reader, async (source) => (await source.headers(0, 1))[0]);
  if (header === undefined) throw new PartFailedError(reader.chain, 'the source has no block 0');
  const checkpoint = { height: 0, hash: header.hash, work: 0n, periodStartTime: 0, periodStartBits: 0 };
  return { checkpoint, header: header.raw };
}

async function readHeader(reader: ChainReader, checkpoint: Checkpoint): Promise<Uint8Array> {
  const header = await firstThat(reader, async (source) => (await source.headers(checkpoint.height, 1))[0]);
  if (header === undefined)
    throw new PartFailedError(reader.chain, `no source has the checkpoint's height ${checkpoint.height}`);
  return header.raw;
}

function checkHeader(chain: string, { checkpoint, header }: FoundCheckpoint): void {
  const { kind } = findNetwork(chain);
  const { hash } = kind.decode(header, checkpoint.height);
  if (!bytesEqual(hash, checkpoint.hash)) {
    throw new PartFailedError(
      chain,
      `the block at height ${checkpoint.height} is ${networkData.displayHash(kind.code, hash)}, not the checkpoint ${networkData.displayHash(kind.code, checkpoint.hash)}`,
    );
  }
}

async function keep(chain: string, path: string, { checkpoint, header }: FoundCheckpoint): Promise<void> {
  const { kind } = findNetwork(chain);
  const place = {
    height: checkpoint.height,
    hash: networkData.displayHash(kind.code, checkpoint.hash),
  };
  const root = kind.code === ChainKindCode.ethereum ? trustedBlockRoot(checkpoint) : undefined;
  const rest =
    root === undefined
      ? {
          work: checkpoint.work.toString(),
          periodStartTime: checkpoint.periodStartTime,
          periodStartBits: checkpoint.periodStartBits.toString(16).padStart(8, '0'),
        }
      : { trustedBlockRoot: toHex(root) };
  const file = { ...place, ...rest, header: toBareHex(header) };
  await writePrivate(path, `${JSON.stringify(file, undefined, 2)}\n`);
}

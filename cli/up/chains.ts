import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bitsAt } from '../../adapters/bitcoin/rules/header.js';
import { findNetwork, networkData, specFor } from '../../adapters/registry.js';
import type { Source } from '../../adapters/source.js';
import { type ReadCheckpoint, readCheckpointFile, toCheckpoint } from '../../config/checkpoint.js';
import type { ChainConfig, SourceConfig } from '../../config/schema.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { type Registration, RegistrationType } from '../../proofs/containers/calls.js';
import { ChainKindCode, type Checkpoint } from '../../proofs/containers/spec.js';
import { isRetryable } from '../../proofs/errors/base.js';
import { parsePolicy } from '../../timing/policy.js';
import type { ChainInit } from '../processes/messages.js';
import { openSource } from '../sources.js';
import type { DataFolder } from './data.js';
import { PartFailedError } from './errors.js';

/** Milliseconds between looks at a source, where the configuration does not say. */
const POLL_DEVNET = 250;
const POLL_EXTERNAL = 2000;

/**
 * Resolves a configured chain: its sources answer and are of its network, its checkpoint is complete. The checkpoint is
 * kept in the data folder, so that every start has the same spec root.
 * @throws PartFailedError naming what is wrong
 */
export async function resolveChain(
  config: ChainConfig,
  sources: readonly SourceConfig[],
  data: DataFolder,
): Promise<ChainInit> {
  const opened = sources.map((source) => openSource(config.name, source));
  try {
    await firstThat(config.name, opened, (source) => source.check());
    const registration = await registrationOf(config, opened, data);
    return {
      name: config.name,
      registration: RegistrationType.serialize(registration),
      sources,
      pollMilliseconds:
        config.pollMilliseconds ?? (config.devnet === undefined ? POLL_EXTERNAL : POLL_DEVNET),
    };
  } finally {
    await Promise.all(opened.map((source) => source.close()));
  }
}

async function registrationOf(
  config: ChainConfig,
  sources: readonly Source[],
  data: DataFolder,
): Promise<Registration> {
  const { checkpoint, header } = await findCheckpoint(config, sources, data);
  return {
    spec: specFor(config.name, checkpoint),
    policy: parsePolicy(config.policy),
    checkpointHeader: header,
  };
}

async function findCheckpoint(
  config: ChainConfig,
  sources: readonly Source[],
  data: DataFolder,
): Promise<{ checkpoint: Checkpoint; header: Uint8Array }> {
  const kept = data.checkpoint(config.name);
  const given = existsSync(kept)
    ? await readCheckpointFile(config.name, kept)
    : await givenCheckpoint(config, sources);
  const header = given.header ?? (await readHeader(config.name, sources, given.checkpoint));
  const found = { checkpoint: given.checkpoint, header };
  checkHeader(config.name, found);
  if (!existsSync(kept)) await keep(config.name, kept, found);
  return found;
}

/** The configured checkpoint, else the network's genesis, else (a local network) the source's block 0. */
async function givenCheckpoint(config: ChainConfig, sources: readonly Source[]): Promise<ReadCheckpoint> {
  const { kind, network } = findNetwork(config.name);
  if (typeof config.checkpoint === 'string') return readCheckpointFile(config.name, config.checkpoint);
  if (config.checkpoint !== undefined) return toCheckpoint(config.name, config.checkpoint, 'checkpoint');
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
    throw new PartFailedError(config.name, 'needs a checkpoint in the configuration');
  }
  const header = await firstThat(config.name, sources, async (source) => (await source.headers(0, 1))[0]);
  if (header === undefined) throw new PartFailedError(config.name, 'the source has no block 0');
  const checkpoint = { height: 0, hash: header.hash, work: 0n, periodStartTime: 0, periodStartBits: 0 };
  return { checkpoint, header: header.raw };
}

async function readHeader(
  chain: string,
  sources: readonly Source[],
  checkpoint: Checkpoint,
): Promise<Uint8Array> {
  const header = await firstThat(
    chain,
    sources,
    async (source) => (await source.headers(checkpoint.height, 1))[0],
  );
  if (header === undefined)
    throw new PartFailedError(chain, `no source has the checkpoint's height ${checkpoint.height}`);
  return header.raw;
}

function checkHeader(
  chain: string,
  { checkpoint, header }: { checkpoint: Checkpoint; header: Uint8Array },
): void {
  const { kind } = findNetwork(chain);
  const { hash } = kind.decode(header, checkpoint.height);
  if (!bytesEqual(hash, checkpoint.hash)) {
    throw new PartFailedError(
      chain,
      `the block at height ${checkpoint.height} is ${networkData.displayHash(kind.code, hash)}, not the checkpoint ${networkData.displayHash(kind.code, checkpoint.hash)}`,
    );
  }
}

async function keep(
  chain: string,
  path: string,
  { checkpoint, header }: { checkpoint: Checkpoint; header: Uint8Array },
): Promise<void> {
  const { kind } = findNetwork(chain);
  await mkdir(dirname(path), { recursive: true });
  const file = {
    height: checkpoint.height,
    hash: networkData.displayHash(kind.code, checkpoint.hash),
    work: checkpoint.work.toString(),
    periodStartTime: checkpoint.periodStartTime,
    periodStartBits: checkpoint.periodStartBits.toString(16).padStart(8, '0'),
    header: toBareHex(header),
  };
  await writeFile(path, `${JSON.stringify(file, undefined, 2)}\n`);
}

/** The first source's answer that is one; the last trouble if there is none. */
async function firstThat<T>(
  chain: string,
  sources: readonly Source[],
  ask: (source: Source) => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    let trouble: unknown;
    for (const source of sources) {
      try {
        return await ask(source);
      } catch (error) {
        trouble = error;
        if (!isRetryable(error)) break;
      }
    }
    if (!isRetryable(trouble) || Date.now() > deadline) {
      throw new PartFailedError(chain, trouble instanceof Error ? trouble.message : String(trouble));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

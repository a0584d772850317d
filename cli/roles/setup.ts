import { resolve } from 'node:path';
import { ConfigError } from '../../config/errors.js';
import { loadConfig } from '../../config/load.js';
import { formatHostPort, mainNodes } from '../../config/main.js';
import type { Config } from '../../config/schema.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { keptChain } from '../init/chains.js';
import { NotInitialisedError } from '../init/errors.js';
import { readGenesis } from '../init/genesis.js';
import { DataPaths } from '../init/paths.js';
import type { ChainInit } from './chainInit.js';

/** What every role begins with: the configuration, and what `init` made of it. */
export interface Setup {
  readonly config: Config;
  readonly paths: DataPaths;
  readonly genesis: Genesis;
  readonly chains: readonly ChainInit[];
  /** JSON-RPC of every delegate, `http://…`. */
  readonly nodes: readonly string[];
}

/**
 * Reads the configuration and the data folder. No source is asked: all processes have the same chains.
 * @throws ConfigError, NotInitialisedError, DataMismatchError, GenesisError
 */
export async function readSetup(file: string | undefined, data: string): Promise<Setup> {
  const config = await loadRoleConfig(file);
  const paths = new DataPaths(resolve(data));
  const genesis = await readGenesis(config.main, paths);
  const chains = await Promise.all(
    config.chains.map(async (chain) => {
      const kept = await keptChain(chain, paths);
      if (kept === undefined) throw new NotInitialisedError(paths.checkpoint(chain.name));
      return kept;
    }),
  );
  const nodes = mainNodes(config.main).map(({ rpc }) => `http://${formatHostPort(rpc)}`);
  return { config, paths, genesis, chains, nodes };
}

/** A configuration whose chains are read from nodes that somebody else runs. @throws ConfigError */
export async function loadRoleConfig(file: string | undefined): Promise<Config> {
  const config = await loadConfig(file);
  const at = config.chains.findIndex(({ devnet }) => devnet !== undefined);
  if (at >= 0)
    throw new ConfigError(
      file ?? 'the default configuration',
      `chains[${at}].devnet: only crossroot up starts local nodes; give sources, in a file that --config names`,
    );
  return config;
}

/**
 * That several processes can share the log and the index.
 * @throws ConfigError where either lies inside one process
 */
export function checkShared({ log, index }: Config, file: string | undefined): void {
  const where = file ?? 'the default configuration';
  const instead = 'on one machine, crossroot up runs everything in one process';
  if (log.type === 'embedded')
    throw new ConfigError(where, `log: an embedded log is inside one process; give Kafka, or ${instead}`);
  if (index.type === 'chdb')
    throw new ConfigError(
      where,
      `index: chDB is inside one process; give a ClickHouse server or none, or ${instead}`,
    );
}

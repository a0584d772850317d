import { dirname, resolve } from 'node:path';
import { checkFollowable, readCheckpointFile, toCheckpoint } from './checkpoint.js';
import { ConfigError } from './errors.js';
import { indexInFolder } from './index.js';
import { parseWith, readJsonFile } from './json.js';
import type { LogConfig } from './log.js';
import { readNetworkFile } from './network.js';
import { type ChainConfig, type Config, ConfigSchema, type SourceConfig } from './schema.js';
import { withSecrets } from './secrets.js';

/** The defaults, or a configuration file. Relative paths in it are relative to its folder. @throws ConfigError */
export async function loadConfig(path?: string): Promise<Config> {
  if (path === undefined) return ConfigSchema.parse({});
  const folder = dirname(resolve(path));
  const json = await withSecrets(await readJsonFile(path), folder, path);
  const config = parseWith(ConfigSchema, await withNetworks(json, folder), path);
  const names = config.chains.map((chain) => chain.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ConfigError(path, `chains: ${twice} is listed twice`);
  const resolved = {
    ...config,
    log: logInFolder(config.log, folder),
    index: indexInFolder(config.index, folder),
    chains: config.chains.map((chain) => ({
      ...chain,
      ...(typeof chain.checkpoint === 'string' ? { checkpoint: resolve(folder, chain.checkpoint) } : {}),
      ...(chain.sources === undefined
        ? {}
        : {
            sources: chain.sources.map((source) => inFolder(source, folder)),
          }),
    })),
  };
  for (const [i, { name, checkpoint }] of resolved.chains.entries())
    await checkCheckpoint(name, checkpoint, `${path}: chains[${i}].checkpoint`);
  return resolved;
}

/** The configuration with the networks' files, whose paths it gives, read into it. @throws ConfigError */
async function withNetworks(config: unknown, folder: string): Promise<unknown> {
  if (!isObject(config) || !Array.isArray(config.chains)) return config;
  const chains = await Promise.all(
    config.chains.map(async (chain: unknown) =>
      isObject(chain) && typeof chain.network === 'string'
        ? { ...chain, network: await readNetworkFile(resolve(folder, chain.network)) }
        : chain,
    ),
  );
  return { ...config, chains };
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** With the paths of its certificates from `folder`. */
function logInFolder(log: LogConfig, folder: string): LogConfig {
  if (log.type !== 'kafka' || log.ssl === undefined || typeof log.ssl === 'boolean') return log;
  const { caFile, certFile, keyFile, ...rest } = log.ssl;
  const path = <Name extends string>(name: Name, file: string | undefined) =>
    file === undefined ? {} : ({ [name]: resolve(folder, file) } as Record<Name, string>);
  const files = { ...path('caFile', caFile), ...path('certFile', certFile), ...path('keyFile', keyFile) };
  return { ...log, ssl: { ...rest, ...files } };
}

/** With its relative path from `folder`. */
function inFolder(source: SourceConfig, folder: string): SourceConfig {
  if (source.type === 'bitcoin-headers-file' || source.type === 'beacon-file')
    return { ...source, path: resolve(folder, source.path) };
  if (source.type !== 'bitcoin-core' || source.cookieFile === undefined) return source;
  return { ...source, cookieFile: resolve(folder, source.cookieFile) };
}

/** Whether the chain can be followed from it. @throws ConfigError */
async function checkCheckpoint(
  chain: string,
  configured: ChainConfig['checkpoint'],
  where: string,
): Promise<void> {
  // A trusted beacon block alone: the rest of the checkpoint is read from a source.
  if (configured === undefined || (typeof configured === 'object' && !('height' in configured))) return;
  const inFile = typeof configured === 'string';
  const read = inFile ? await readCheckpointFile(chain, configured) : toCheckpoint(chain, configured, where);
  checkFollowable(chain, read.checkpoint, inFile ? configured : where);
}

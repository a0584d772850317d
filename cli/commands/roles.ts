import type { Logger } from 'pino';
import { mainNodes } from '../../config/main.js';
import type { RebuildContents } from '../../indexers/sinks/rebuild/rebuild.js';
import { UsageError } from '../errors.js';
import { toJson } from '../output.js';
import { givenPassphrase, type PassphraseFlags } from '../passphrase.js';
import { startApi } from '../roles/api.js';
import { knowNetworks } from '../roles/chainInit.js';
import { startIndex } from '../roles/index.js';
import { Life } from '../roles/life.js';
import { openLogger } from '../roles/logger.js';
import { startNode } from '../roles/node.js';
import { startRelay } from '../roles/relay.js';
import type { Running } from '../roles/running.js';
import { checkShared, readSetup, type Setup } from '../roles/setup.js';

export interface RoleFlags {
  readonly json: boolean;
  readonly config?: string;
  readonly data: string;
  readonly logFile?: string;
  readonly host?: string;
}
export interface ListenFlags extends RoleFlags {
  readonly port?: number;
}
export interface RebuildFlags {
  readonly rebuildIndex?: RebuildContents;
}
export interface IndexedFlags extends ListenFlags {
  readonly index: number;
}

/** One delegate. @throws as `run` */
export function nodeCommand(flags: RoleFlags & PassphraseFlags & { readonly index: number }): Promise<void> {
  return run(flags, `node ${flags.index}`, async ({ config, paths, chains }, log) => {
    const nodes = mainNodes(config.main);
    const own = nodes[flags.index];
    if (own === undefined)
      throw new UsageError(`--index ${flags.index}: there are ${nodes.length} delegates, counted from 0`);
    const host = flags.host ?? config.main.host;
    const dataDir = paths.delegate(flags.index);
    const options = {
      ...{ dataDir, chains },
      passphrase: await givenPassphrase(flags),
      genesisFile: paths.genesisFile,
      listen: { host, port: own.p2p.port },
      rpc: { host, port: own.rpc.port },
      peers: nodes.filter((node) => node !== own).map(({ p2p }) => p2p),
    };
    return startNode(options, log);
  });
}

/** Follows chains into the log and fills the index, sharing the work with other indexers. @throws as `run` */
export function indexCommand(flags: IndexedFlags & RebuildFlags): Promise<void> {
  return run(flags, `index ${flags.index}`, ({ config, paths, ...setup }, log) => {
    checkShared(config, flags.config);
    const dataDir = paths.role('indexers', flags.index);
    return startIndex(
      {
        ...{ ...setup, dataDir, log: config.log, index: config.index, rebuild: flags.rebuildIndex },
        http: listening(config.indexer, flags),
      },
      log,
    );
  });
}

/** Submits to the main chain, sharing the work with other relays. @throws as `run` */
export function relayCommand(flags: IndexedFlags & PassphraseFlags): Promise<void> {
  return run(flags, `relay ${flags.index}`, async ({ config, paths, ...setup }, log) => {
    checkShared(config, flags.config);
    const { operators } = config.main;
    if (flags.index >= operators)
      throw new UsageError(
        `--index ${flags.index}: there are ${operators} operator accounts (main.operators), counted from 0`,
      );
    const dataDir = paths.role('relays', flags.index);
    const operatorDir = paths.operator(flags.index);
    // A relay is asked directly: nobody stands in front of it.
    const http = { ...config.api, trustedProxies: [], hosts: [], ...listening(config.relay, flags) };
    const passphrase = await givenPassphrase(flags);
    const own = { dataDir, operatorDir, passphrase, http };
    return startRelay({ ...setup, ...own, log: config.log, index: config.index }, log);
  });
}

/** Answers; any number of them behind one address. @throws as `run` */
export function apiCommand(flags: ListenFlags): Promise<void> {
  return run(flags, 'api', ({ config, ...setup }, log) => {
    checkShared(config, flags.config);
    const http = { ...config.api, ...listening(config.api, flags) };
    return startApi({ ...setup, log: config.log, index: config.index, http }, log);
  });
}

interface Listening {
  readonly host: string;
  readonly port: number;
}

function listening(configured: Listening, flags: ListenFlags): Listening {
  return { host: flags.host ?? configured.host, port: flags.port ?? configured.port };
}

/**
 * Runs a role until SIGTERM or SIGINT, and ends the process: with 0 after a clean stop, with 1 after a fault. It says where it
 * answers once it does, in one line on standard output.
 * @throws ConfigError, UsageError, NotInitialisedError, DataMismatchError; whatever keeps the role from starting
 */
async function run(
  flags: RoleFlags,
  name: string,
  start: (setup: Setup, log: Logger) => Promise<Running>,
): Promise<void> {
  const setup = await readSetup(flags.config, flags.data);
  knowNetworks(setup.chains);
  const log = openLogger(setup.config.logLevel, flags.logFile);
  const life = new Life((error, what) => log.error({ err: error }, what));
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      log.info({ signal }, 'stopping');
      life.end(0);
    });
  const { url } = await life.begin(() => start(setup, log));
  // Before it ran, whoever called says what went wrong.
  life.endOnFault((error) => log.fatal({ err: error }, 'fault'));
  log.info({ url }, 'running');
  process.stdout.write(flags.json ? `${toJson({ role: name, url })}\n` : `${name}: running at ${url}\n`);
  await new Promise<never>(() => undefined);
}

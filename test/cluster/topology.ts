import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchAnvil } from '../../devnet/anvil.js';
import { cookiePath } from '../../devnet/bitcoin/rpc/cookie.js';
import { type ClickHouseProcess, startClickHouse } from '../../devnet/clickhouse/start.js';
import { endWithUs } from '../../devnet/endWithUs.js';
import type { ForeignNode } from '../../devnet/foreignNode.js';
import type { KafkaInstallation } from '../../devnet/kafka/install.js';
import { KafkaCluster } from '../../devnet/kafka/server.js';
import { launchRegtest } from '../../devnet/regtest.js';
import { freePorts } from '../support/ports.js';
import type { OwnCopy } from './program.js';
import { Supervised } from './supervised.js';

export const CHAINS = ['bitcoin-regtest', 'ethereum-local'] as const;
export const PREFIX = 'faults';
/** Databases of the cluster's index, and of one that a single indexer fills without trouble. */
export const DATABASE = 'crossroot';
export const STRAIGHT = 'straight';
const DELEGATES = 3;

export interface Topology {
  readonly kafka: KafkaCluster;
  readonly clickhouse: ClickHouseProcess;
  readonly bitcoin: ForeignNode;
  readonly anvil: ForeignNode;
  readonly delegates: readonly Supervised[];
  readonly indexers: readonly Supervised[];
  readonly relays: readonly Supervised[];
  /** One more indexer, which is not started: with another database and a folder of its own. */
  readonly straight: Supervised;
  stop(): Promise<void>;
}

/** Starts servers and foreign nodes, and makes keys and genesis; the roles' processes are there to be started. */
export async function startTopology(options: {
  readonly folder: string;
  readonly copy: OwnCopy;
  readonly installation: KafkaInstallation;
  readonly driver: 'kafkajs' | 'platformatic';
}): Promise<Topology> {
  const { folder, copy, installation, driver } = options;
  const port = await freePorts(24);
  const kafka = new KafkaCluster({ installation, folder: join(folder, 'kafka') });
  await kafka.start();
  const clickhouse = await startClickHouse({
    program: join(copy.folder, 'devnet', 'clickhouse', 'main.js'),
    dataDir: join(folder, 'clickhouse'),
    port,
  });
  endWithUs(clickhouse.child);
  const bitcoinDir = join(folder, 'bitcoin');
  mkdirSync(bitcoinDir);
  const bitcoin = await launchRegtest(
    { dataDir: bitcoinDir, port: port + 1, p2pPort: port + 2 },
    join(copy.folder, 'devnet', 'bitcoin', 'main.js'),
  );
  // It makes a block when it is told to: at the end, everything is to come to rest.
  const anvil = await launchAnvil({ dataDir: join(folder, 'anvil'), port: port + 3, blockTime: 'never' });

  const nodes = Array.from({ length: DELEGATES }, (_, i) => ({
    p2p: `127.0.0.1:${port + 4 + i}`,
    rpc: `127.0.0.1:${port + 8 + i}`,
  }));
  const config = (database: string) => ({
    main: { name: 'crossroot-faults', slotMilliseconds: 1000, operators: 2, nodes },
    chains: [
      {
        name: CHAINS[0],
        policy: 'confirmations(2)',
        pollMilliseconds: 500,
        sources: [
          { type: 'bitcoin-p2p', address: `127.0.0.1:${port + 2}` },
          { type: 'bitcoin-core', url: bitcoin.url, cookieFile: cookiePath(bitcoinDir) },
        ],
      },
      {
        name: CHAINS[1],
        policy: 'finalized',
        pollMilliseconds: 500,
        sources: [{ type: 'ethereum-rpc', url: anvil.url }],
      },
    ],
    log: { type: 'kafka', brokers: kafka.brokers, driver, topicPrefix: PREFIX },
    index: { type: 'clickhouse', url: clickhouse.url, database },
  });
  const file = (name: string, database: string) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(config(database)));
    return path;
  };
  const common = ['--config', file('crossroot.json', DATABASE), '--data', join(folder, 'data')];
  execFileSync(process.execPath, [copy.main, 'init', ...common], { stdio: ['ignore', 'ignore', 'inherit'] });
  mkdirSync(join(folder, 'out'));
  const role = (name: string, args: readonly string[], health: number): Supervised =>
    new Supervised({
      name,
      program: copy.main,
      args,
      output: join(folder, 'out', `${name}.log`),
      health: `http://127.0.0.1:${health}/healthz`,
    });
  const listening = (number: number) => ['--port', String(number)];
  const delegates = nodes.map((_, i) =>
    role(`node-${i}`, ['node', ...common, '--index', String(i)], port + 8 + i),
  );
  const shared = (kind: 'index' | 'relay', i: number, at: number) =>
    role(`${kind}-${i}`, [kind, ...common, '--index', String(i), ...listening(at)], at);
  const indexers = [0, 1].map((i) => shared('index', i, port + 12 + i));
  const relays = [0, 1].map((i) => shared('relay', i, port + 14 + i));
  const alone = ['--config', file('straight.json', STRAIGHT), '--data', join(folder, 'data'), '--index', '9'];
  const straight = role('index-9', ['index', ...alone, ...listening(port + 16)], port + 16);
  const roles = [...relays, ...indexers, straight, ...delegates];
  return {
    ...{ kafka, clickhouse, bitcoin, anvil, delegates, indexers, relays, straight },
    async stop() {
      await Promise.all(roles.map((one) => one.stop()));
      await Promise.all([bitcoin.stop(), anvil.stop(), clickhouse.stop(), kafka.stop()]);
    },
  };
}

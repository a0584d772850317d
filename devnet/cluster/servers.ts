import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DRIVEN, launchAnvil } from '../anvil.js';
import { anvilStateFile } from '../anvilState.js';
import { type BeaconProcess, startBeaconProcess } from '../beacon/start.js';
import { cookiePath } from '../bitcoin/rpc/cookie.js';
import { type ClickHouseProcess, startClickHouse } from '../clickhouse/start.js';
import { endWithUs } from '../endWithUs.js';
import type { ForeignNode } from '../foreignNode.js';
import type { KafkaInstallation } from '../kafka/install.js';
import { KafkaCluster } from '../kafka/server.js';
import { launchRegtest } from '../regtest.js';

/** Milliseconds between the blocks of the local Bitcoin chain. */
const BITCOIN_BLOCK_MS = 2000;

/** What the roles talk to, all on loopback. */
export interface Servers {
  readonly kafka: KafkaCluster;
  readonly clickhouse: ClickHouseProcess;
  readonly bitcoin: ForeignNode;
  readonly bitcoinCookie: string;
  readonly ethereum: ForeignNode;
  /** Drives `ethereum` and finalises its blocks. */
  readonly beacon: BeaconProcess;
  /** Holds the root of the beacon block that everybody trusts. */
  readonly trustedBlockFile: string;
  stop(): Promise<void>;
}

/**
 * Starts Kafka, the stand-in for a ClickHouse server, and the foreign nodes.
 * @param ports free ones
 * @throws NodeStartError, PortInUseError, MissingBinaryError; what did start is stopped
 */
export async function startServers(
  folder: string,
  installation: KafkaInstallation,
  ports: readonly [clickhouse: number, bitcoin: number, ethereum: number, beacon: number],
  say: (line: string) => void,
): Promise<Servers> {
  const started: (() => Promise<void>)[] = [];
  const stop = async () => void (await Promise.all(started.splice(0).map((end) => end())));
  const begun = <T>(server: T, end: () => Promise<void>, line: string): T => {
    started.push(end);
    say(line);
    return server;
  };
  const bitcoinDir = join(folder, 'bitcoin');
  mkdirSync(bitcoinDir, { recursive: true });
  const trustedBlockFile = join(folder, 'ethereum', 'trusted-block');
  const starting = [
    (async () => {
      const kafka = new KafkaCluster({ installation, folder: join(folder, 'kafka') });
      started.push(() => kafka.stop());
      await kafka.start();
      say(`Kafka: ${kafka.brokers.join(', ')}`);
      return kafka;
    })(),
    (async () => {
      const server = await startClickHouse({ dataDir: join(folder, 'clickhouse'), port: ports[0] });
      endWithUs(server.child);
      return begun(server, () => server.stop(), `chDB, for a ClickHouse server: ${server.url}`);
    })(),
    (async () => {
      const options = { dataDir: bitcoinDir, port: ports[1], p2pPort: 0, blockIntervalMs: BITCOIN_BLOCK_MS };
      const node = await launchRegtest(options);
      return begun(node, () => node.stop(), `Bitcoin node (built-in, regtest): ${node.url}`);
    })(),
    (async () => {
      const dataDir = join(folder, 'ethereum');
      const node = await launchAnvil({ dataDir, port: ports[2], ...DRIVEN });
      begun(node, () => node.stop(), `Ethereum node (anvil): ${node.url}`);
      const beacon = await startBeaconProcess({
        dataDir: join(dataDir, 'beacon'),
        execution: node.url,
        executionState: anvilStateFile(dataDir),
        port: ports[3],
        trustedBlockFile,
      });
      return { node, beacon: begun(beacon, () => beacon.stop(), `beacon chain over it: ${beacon.url}`) };
    })(),
  ] as const;
  // All of them, also when one fails: what has been started must be known to be stopped.
  await Promise.allSettled(starting);
  try {
    const [kafka, clickhouse, bitcoin, { node: ethereum, beacon }] = await Promise.all(starting);
    const bitcoinCookie = cookiePath(bitcoinDir);
    return { kafka, clickhouse, bitcoin, bitcoinCookie, ethereum, beacon, trustedBlockFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

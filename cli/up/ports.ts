import { createServer } from 'node:net';
import { type Config, DEFAULT_PORTS, type DevnetConfig, hasLocalBeacon } from '../../config/schema.js';
import { pause } from '../abort.js';
import type { DataFolder } from '../init/data.js';
import { ServicePortError } from './errors.js';

interface Need {
  readonly service: string;
  readonly port: number;
  readonly host: string;
  readonly setting: string;
  /** Set for a foreign chain's local node. */
  readonly chain?: string;
}

/** Port of a foreign node that `up` starts for the chain. */
export function devnetPort(chain: string, configured: number | undefined): number {
  return configured ?? (chain.startsWith('bitcoin') ? DEFAULT_PORTS.bitcoin : DEFAULT_PORTS.ethereum);
}

/** Port of the API of a beacon chain that `up` starts. */
export function beaconPort(devnet: DevnetConfig): number {
  return devnet.beaconPort ?? DEFAULT_PORTS.beacon;
}

function needs(config: Config): Need[] {
  const host = '127.0.0.1';
  const { main, api, chains } = config;
  return [
    { service: 'the API', port: api.port, host: api.host, setting: 'api.port' },
    ...Array.from({ length: main.delegates }, (_, i) => [
      { service: `delegate ${i}`, port: main.p2pPort + i, host, setting: 'main.p2pPort' },
      { service: `delegate ${i}'s RPC`, port: main.rpcPort + i, host, setting: 'main.rpcPort' },
    ]).flat(),
    ...chains.flatMap((chain, i) => {
      if (chain.devnet === undefined) return [];
      const node: Need = {
        service: `the local ${chain.name} node`,
        port: devnetPort(chain.name, chain.devnet.port),
        host,
        setting: `chains[${i}].devnet.port`,
        chain: chain.name,
      };
      if (!hasLocalBeacon(chain)) return [node];
      const setting = `chains[${i}].devnet.beaconPort`;
      return [node, { service: 'the local beacon chain', port: beaconPort(chain.devnet), host, setting }];
    }),
  ];
}

/** Milliseconds that processes of a killed run may need to end. */
const LEFTOVER_MS = 20_000;

/**
 * Checks before anything is started. After a run that was killed, its processes may still be ending: they are waited for.
 * A local foreign node that outlived it is its launcher's business.
 * @throws ServicePortError naming the first port that is taken, or wanted twice
 */
export async function checkPorts(
  config: Config,
  data: DataFolder,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const seen = new Set<number>();
  const deadline = Date.now() + (data.wasKilled ? LEFTOVER_MS : 0);
  for (const { service, port, host, setting, chain } of needs(config)) {
    if (seen.has(port)) throw new ServicePortError(service, port, setting);
    seen.add(port);
    if (chain !== undefined && data.wasKilled) continue;
    for (let tries = 0; !(await isFree(host, port)); tries++) {
      if (Date.now() >= deadline) throw new ServicePortError(service, port, setting);
      if (tries === 0) say(`waiting for port ${port}: ${service} of the killed run may still be ending`);
      await pause(250, signal);
    }
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

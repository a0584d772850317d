import { createServer } from 'node:net';
import { type Config, DEFAULT_PORTS } from '../../config/schema.js';
import { ServicePortError } from './errors.js';

interface Need {
  readonly service: string;
  readonly port: number;
  readonly host: string;
  readonly setting: string;
}

/** Port of a foreign node that `up` starts for the chain. */
export function devnetPort(chain: string, configured: number | undefined): number {
  return configured ?? (chain.startsWith('bitcoin') ? DEFAULT_PORTS.bitcoin : DEFAULT_PORTS.ethereum);
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
    ...chains.flatMap((chain, i) =>
      chain.devnet === undefined
        ? []
        : [
            {
              service: `the local ${chain.name} node`,
              port: devnetPort(chain.name, chain.devnet.port),
              host,
              setting: `chains[${i}].devnet.port`,
            },
          ],
    ),
  ];
}

/** @throws ServicePortError naming the first port that is taken, or wanted twice */
export async function checkPorts(config: Config, skip: ReadonlySet<number> = new Set()): Promise<void> {
  const seen = new Set<number>();
  for (const need of needs(config)) {
    const taken = seen.has(need.port) || (!skip.has(need.port) && !(await isFree(need.host, need.port)));
    if (taken) throw new ServicePortError(need.service, need.port, need.setting);
    seen.add(need.port);
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

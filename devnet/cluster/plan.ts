import { join } from 'node:path';
import type { Servers } from './servers.js';

/** How many of each there are, as in docker-compose.yml. */
export const COUNTS = { nodes: 4, indexers: 2, relays: 2, apis: 2 } as const;
/** Ports that one run needs besides the one address. */
export const PORTS = 4 + 2 * COUNTS.nodes + COUNTS.indexers + COUNTS.relays + COUNTS.apis;

/** A role's process before it is started. */
export interface Role {
  readonly name: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** Where it answers. */
  readonly url: string;
}

/** Every role's process, in the order of their start; those of one group start together. */
export interface Plan {
  readonly configFile: string;
  readonly data: string;
  readonly config: object;
  readonly nodes: readonly Role[];
  readonly indexers: readonly Role[];
  readonly relays: readonly Role[];
  readonly apis: readonly Role[];
}

const LOOPBACK = '127.0.0.1';

/**
 * One configuration for all, and a command for each.
 * @param folder of this run
 * @param ports free ones, as many as `PORTS` less the four of the servers
 */
export function planCluster(folder: string, servers: Servers, ports: readonly number[]): Plan {
  const data = join(folder, 'data');
  const configFile = join(folder, 'crossroot.json');
  const given = [...ports];
  const port = (): number => {
    const next = given.shift();
    if (next === undefined) throw new RangeError('too few ports');
    return next;
  };
  const nodes = Array.from({ length: COUNTS.nodes }, () => ({ p2p: port(), rpc: port() }));
  const common = ['--config', configFile, '--data', data];
  const role = (name: string, command: string, number: number, args: readonly string[]): Role => ({
    name,
    args: [command, ...common, ...args],
    logFile: join(folder, 'logs', `${name.replace(' ', '-')}.log`),
    url: `http://${LOOPBACK}:${number}`,
  });
  const several = (count: number, command: string, isNumbered: boolean): Role[] =>
    Array.from({ length: count }, (_, i) => {
      const number = port();
      const index = isNumbered ? ['--index', String(i)] : [];
      return role(`${command} ${i}`, command, number, [...index, '--port', String(number)]);
    });
  return {
    configFile,
    data,
    config: configOf(servers, nodes),
    nodes: nodes.map(({ rpc }, i) => role(`node ${i}`, 'node', rpc, ['--index', String(i)])),
    indexers: several(COUNTS.indexers, 'index', true),
    relays: several(COUNTS.relays, 'relay', true),
    apis: several(COUNTS.apis, 'api', false),
  };
}

function configOf(
  { kafka, clickhouse, bitcoin, bitcoinCookie, ethereum, beacon, trustedBlockFile }: Servers,
  nodes: readonly { readonly p2p: number; readonly rpc: number }[],
): object {
  const p2p = bitcoin.p2p === undefined ? [] : [{ type: 'bitcoin-p2p', address: bitcoin.p2p }];
  return {
    main: {
      name: 'crossroot-cluster',
      operators: COUNTS.relays,
      nodes: nodes.map((node) => ({ p2p: `${LOOPBACK}:${node.p2p}`, rpc: `${LOOPBACK}:${node.rpc}` })),
    },
    chains: [
      {
        name: 'bitcoin-regtest',
        policy: 'confirmations(2)',
        pollMilliseconds: 500,
        sources: [...p2p, { type: 'bitcoin-core', url: bitcoin.url, cookieFile: bitcoinCookie }],
      },
      {
        name: 'ethereum-local',
        policy: 'finalized',
        pollMilliseconds: 500,
        checkpoint: { trustedBlockRoot: { file: trustedBlockFile } },
        sources: [
          { type: 'ethereum-rpc', url: ethereum.url },
          { type: 'beacon-api', url: beacon.url },
        ],
      },
    ],
    log: { type: 'kafka', brokers: kafka.brokers },
    // The one address: it says who asks.
    api: { trustedProxies: [LOOPBACK] },
    index: { type: 'clickhouse', url: clickhouse.url },
  };
}

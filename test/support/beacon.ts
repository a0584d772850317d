import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConsensusNetwork, consensusNetwork } from '../../adapters/ethereum/consensus/networks.js';
import { EventStreams } from '../../devnet/beacon/api/events.js';
import { serveBeacon } from '../../devnet/beacon/api/server.js';
import { BeaconNode } from '../../devnet/beacon/node.js';
import { MemoryEngine } from '../../devnet/beacon/testing/engine.js';
import { toHex } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';

export const LOCAL: ConsensusNetwork = consensusNetwork('ethereum-local')!;
export const MAINNET: ConsensusNetwork = consensusNetwork('ethereum-mainnet')!;

/** A development beacon chain that makes a slot when told to, and its API. */
export class TestBeacon {
  private constructor(
    readonly node: BeaconNode,
    readonly engine: MemoryEngine,
    readonly url: string,
    readonly close: () => Promise<void>,
  ) {}

  static async start(slots = 40): Promise<TestBeacon> {
    const engine = new MemoryEngine();
    const node = await BeaconNode.open({
      store: new MemoryStore(),
      engine,
      slotMilliseconds: 0,
      firstSlots: slots,
      now: () => 1_700_000_000,
    });
    const server = await serveBeacon({
      node,
      events: new EventStreams(),
      host: '127.0.0.1',
      port: 0,
      slotMilliseconds: 500,
      chainId: 31337,
    });
    return new TestBeacon(node, engine, server.url, async () => {
      await server.close();
      await node.close();
    });
  }

  async steps(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.node.step();
  }

  /** Root of the canonical block at a slot. */
  root(slot: number): Uint8Array {
    return this.node.chain.store.canonical(slot)!;
  }
}

/** What a recorded node has. Change it, and the server answers otherwise. */
export interface Recorded {
  genesisTime: number;
  genesisValidatorsRoot: Uint8Array;
  /** By block root in hex. */
  bootstraps: Map<string, unknown>;
  /** By period. */
  updates: Map<number, unknown>;
  finalityUpdate: unknown;
  optimisticUpdate: unknown;
}

/** A server of the Beacon API over recorded answers. */
export async function serveRecorded(
  recorded: Recorded,
): Promise<{ readonly url: string; requests: string[]; close(): Promise<void> }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(request.url ?? '');
    const body = answer(recorded, pathname, searchParams);
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { code: 404, message: 'not found' }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function answer(recorded: Recorded, path: string, query: URLSearchParams): unknown {
  if (path === '/eth/v1/beacon/genesis')
    return {
      data: {
        genesis_time: String(recorded.genesisTime),
        genesis_validators_root: toHex(recorded.genesisValidatorsRoot),
        genesis_fork_version: '0x00000000',
      },
    };
  const [, what, argument = ''] = /^\/eth\/v1\/beacon\/light_client\/([a-z_]+)\/?(.*)$/.exec(path) ?? [];
  switch (what) {
    case 'bootstrap':
      return recorded.bootstraps.get(argument);
    case 'finality_update':
      return recorded.finalityUpdate;
    case 'optimistic_update':
      return recorded.optimisticUpdate;
    case 'updates': {
      const start = Number(query.get('start_period'));
      const found: unknown[] = [];
      for (let period = start; period < start + Number(query.get('count')); period++)
        if (recorded.updates.has(period)) found.push(recorded.updates.get(period));
      return found;
    }
    default:
      return undefined;
  }
}

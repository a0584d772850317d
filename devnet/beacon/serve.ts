import { join } from 'node:path';
import { LevelStore } from '../../storage/level.js';
import { callNode } from '../rpcClient.js';
import { EventStreams } from './api/events.js';
import { serveBeacon } from './api/server.js';
import { anvilEngine } from './engine.js';
import { BeaconNode, SLOT_MILLISECONDS } from './node.js';

export interface BeaconServiceOptions {
  readonly dataDir: string;
  /** anvil's JSON-RPC; it must mine no block by itself. */
  readonly execution: string;
  /** Where anvil writes its state: made whole before the first block is final. */
  readonly executionState?: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Default 500; 0 makes no block by itself. */
  readonly slotMilliseconds?: number;
  /** Called before anybody is answered. */
  readonly onOpen?: (node: BeaconNode) => Promise<void>;
  /** Told when the chain cannot go on, and why; and with `undefined` when it goes on again. */
  readonly onProblem?: (problem: string | undefined) => void;
  /** Told of what cannot be got over. */
  readonly onFatal?: (error: unknown) => void;
  /** Told of requests that could not be answered. */
  readonly onError?: (error: unknown) => void;
}

/** A beacon node with its API. */
export interface BeaconService {
  readonly node: BeaconNode;
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Runs a development beacon chain over anvil and serves the Beacon API.
 * @throws StoreLockedError, FinalizedLostError, BeaconDataError, NodeCallError, PortInUseError
 */
export async function startBeacon(options: BeaconServiceOptions): Promise<BeaconService> {
  const { execution, onError, host = '127.0.0.1', slotMilliseconds = SLOT_MILLISECONDS } = options;
  const chainId = Number(await callNode({ url: execution }, 'eth_chainId'));
  const store = await LevelStore.open(join(options.dataDir, 'chain'));
  const events = new EventStreams();
  let node: BeaconNode | undefined;
  try {
    node = await BeaconNode.open({
      store,
      engine: anvilEngine(execution, options.executionState),
      slotMilliseconds,
      onEvent: (event) => {
        if (node !== undefined) events.tell(node, event);
      },
      ...(options.onProblem === undefined ? {} : { onProblem: options.onProblem }),
      ...(options.onFatal === undefined ? {} : { onFatal: options.onFatal }),
    });
    await options.onOpen?.(node);
    const server = await serveBeacon({
      node,
      events,
      host,
      port: options.port,
      slotMilliseconds,
      chainId,
      ...(onError === undefined ? {} : { onError }),
    });
    return { node, url: server.url, close: () => end(node, server) };
  } catch (error) {
    await (node ?? store).close();
    throw error;
  }
}

async function end(node: BeaconNode | undefined, server: { close(): Promise<void> }): Promise<void> {
  await server.close();
  await node?.close();
}

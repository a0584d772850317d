import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { toHex } from '../../../proofs/bytes.js';
import { listen } from '../../bitcoin/rpc/server.js';
import type { BeaconNode } from '../node.js';
import { SYNC_COMMITTEE_SIZE } from '../preset.js';
import { blocksRoute, headersRoute, statesRoute } from './chainRoutes.js';
import type { EventStreams } from './events.js';
import { equivocationsJson, lightRoute } from './lightRoutes.js';
import { badRequest, notFound, type Reply, type Request, readRequest, sendReply } from './reply.js';
import { forkScheduleJson, genesisJson, specJson } from './spec.js';

export interface BeaconServerOptions {
  readonly node: BeaconNode;
  readonly events: EventStreams;
  /** Loopback. */
  readonly host: string;
  readonly port: number;
  readonly slotMilliseconds: number;
  /** Of the execution chain. */
  readonly chainId: number;
  /** Told of faults of its own. */
  readonly onError?: (error: unknown) => void;
}

const FaultsSchema = z
  .strictObject({
    voters: z.number().min(0).max(1),
    participants: z.number().int().min(0).max(SYNC_COMMITTEE_SIZE),
    skip: z.number().int().min(0).max(64),
    equivocate: z.boolean(),
  })
  .partial();

/** Serves the Beacon API of a node (ethereum/beacon-APIs), as far as light clients and explorers of headers need it. @throws PortInUseError */
export async function serveBeacon(
  options: BeaconServerOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { host, events } = options;
  const server = createServer((request, response) => {
    void answer(options, request, response).catch((error: unknown) => {
      options.onError?.(error);
      if (!response.headersSent) sendReply(response, { status: 500, message: 'internal error' });
    });
  });
  await listen(server, host, options.port);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://${host}:${port}`, close: () => close(server, events) };
}

function close(server: Server, events: EventStreams): Promise<void> {
  events.close();
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function answer(
  options: BeaconServerOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = readRequest(incoming);
  const [root, version, area, ...rest] = request.path;
  if (root === 'eth' && area === 'events' && incoming.method === 'GET') {
    if (!options.events.add(response, request.query.getAll('topics')))
      sendReply(response, badRequest('no topic that is known, or too many listeners'));
    return;
  }
  const reply =
    root === 'devnet'
      ? await control(options.node, version, incoming.method ?? 'GET', request)
      : incoming.method === 'GET' && root === 'eth'
        ? await route(options, version, area, rest, request)
        : notFound('route');
  sendReply(response, reply);
}

async function route(
  options: BeaconServerOptions,
  version: string | undefined,
  area: string | undefined,
  rest: readonly string[],
  request: Request,
): Promise<Reply> {
  const { node } = options;
  const [what, ...path] = rest;
  const place = `${area}/${what}`;
  if (version === 'v2')
    return place === 'beacon/blocks' ? blocksRoute(node, path, request) : notFound('route');
  if (version !== 'v1') return notFound('route');
  switch (place) {
    case 'beacon/genesis':
      return { json: { data: genesisJson(node) } };
    case 'beacon/headers':
      return headersRoute(node, path[0], request);
    case 'beacon/blocks':
      return path[1] === 'root' ? blocksRoute(node, path, request) : notFound('route');
    case 'beacon/states':
      return statesRoute(node, path);
    case 'beacon/light_client':
      return lightRoute(node, path, request);
    case 'config/spec':
      return { json: { data: specJson(options.slotMilliseconds, options.chainId) } };
    case 'config/fork_schedule':
      return { json: { data: forkScheduleJson() } };
    case 'node/version':
      return { json: { data: { version: 'crossroot-devnet' } } };
    case 'node/health':
      return node.problem === undefined ? { json: {} } : { status: 503, message: node.problem };
    case 'node/syncing': {
      const data = { head_slot: String(node.chain.head.slot), sync_distance: '0', is_syncing: false };
      return { json: { data: { ...data, is_optimistic: false, el_offline: node.problem !== undefined } } };
    }
    default:
      return notFound('route');
  }
}

/** What this node offers beyond the Beacon API: its state in short, and faults to be made. */
async function control(
  node: BeaconNode,
  what: string | undefined,
  method: string,
  request: Request,
): Promise<Reply> {
  if (what === 'equivocations' && method === 'GET') return { json: equivocationsJson(node) };
  if (what === 'status' && method === 'GET') {
    const { head, finalized } = node.chain;
    const { number, hash } = node.chain.executionOf(finalized.record);
    return {
      json: {
        head: { slot: head.slot, root: toHex(head.root), number: node.chain.executionOf(head.record).number },
        finalized: { epoch: finalized.epoch, root: toHex(finalized.root), number, hash: toHex(hash) },
        problem: node.problem ?? null,
      },
    };
  }
  if (what !== 'faults') return notFound('route');
  if (method === 'POST') {
    const asked = FaultsSchema.safeParse(parsed(await request.body()));
    if (!asked.success) return badRequest(z.prettifyError(asked.error));
    const given = Object.entries(asked.data).filter(([, value]) => value !== undefined);
    node.faults = { ...node.faults, ...Object.fromEntries(given) };
  }
  return { json: node.faults };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

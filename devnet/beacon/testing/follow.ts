import {
  consensusNetwork,
  fromBeaconJson,
  LightClient,
  type LightClientData,
  LightClientRuleError,
} from '../../../adapters/ethereum/consensus/index.js';
import { blstBls } from '../../../mainchain/crypto/blst.js';
import { lightRoute } from '../api/lightRoutes.js';
import type { BeaconNode } from '../node.js';

const network = consensusNetwork('ethereum-local');
if (network === undefined) throw new Error('no network');
export const NETWORK = network;

/** Asks the light-client routes as an HTTP client would. */
export function ask(node: BeaconNode, path: string): unknown {
  const url = new URL(path, 'http://localhost');
  const reply = lightRoute(node, url.pathname.split('/').slice(1), {
    path: [],
    query: url.searchParams,
    ssz: false,
    body: async () => '',
  });
  if (!('json' in reply)) throw new Error(`${path}: ${JSON.stringify(reply)}`);
  return JSON.parse(JSON.stringify(reply.json));
}

export function read<K extends keyof LightClientData>(kind: K, json: unknown): LightClientData[K] {
  return fromBeaconJson(NETWORK, kind, json).data;
}

/** A light client that starts at a block. */
export function start(node: BeaconNode, root: Uint8Array): LightClient {
  const bootstrap = read('bootstrap', ask(node, `/bootstrap/0x${Buffer.from(root).toString('hex')}`));
  return LightClient.start(NETWORK, root, bootstrap, blstBls);
}

/** Takes every update and the newest finality, as a client does that comes after a while. */
export function catchUp(node: BeaconNode, client: LightClient): void {
  const period = Math.floor(client.finalized.beacon.slot / 64);
  for (const json of ask(node, `/updates?start_period=${period}&count=128`) as unknown[])
    unlessKnown(() => client.processUpdate(read('update', json), Number.POSITIVE_INFINITY));
  const last = read('finalityUpdate', ask(node, '/finality_update'));
  if (last.finalizedHeader.beacon.slot > client.finalized.beacon.slot)
    client.processFinalityUpdate(last, Number.POSITIVE_INFINITY);
}

function unlessKnown(process: () => void): void {
  try {
    process();
  } catch (error) {
    if (!(error instanceof LightClientRuleError) || error.rule !== 'not-relevant') throw error;
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { chainKinds } from '../../adapters/registry.js';
import { readPassphrase } from '../../mainchain/crypto/keystore.js';
import { parseGenesisFile } from '../../mainchain/genesis/file.js';
import { FileKeys } from '../../mainchain/node/keys.js';
import { MainChainNode } from '../../mainchain/node/node.js';
import { LocalClient } from '../../mainchain/rpc/local.js';
import { RpcServer } from '../../mainchain/rpc/server.js';
import { RegistrationType } from '../../proofs/containers/calls.js';
import { LevelStore } from '../../storage/level.js';
import { SourceAttestor } from '../attestor.js';
import { nodeMetrics } from '../nodeMetrics.js';
import { openSources } from '../sources.js';
import { type Running, runChild } from './child.js';
import type { NodeInit } from './messages.js';

const HOST = '127.0.0.1';

/** One delegate: its node, its RPC, its own eyes on the foreign chains. */
async function startNode(init: NodeInit, log: Logger): Promise<Running> {
  const genesis = parseGenesisFile(await readFile(init.genesisFile, 'utf8'));
  const passphrase = await readPassphrase(join(init.dataDir, 'passphrase'));
  const keys = await FileKeys.open(join(init.dataDir, 'keys'), passphrase);
  const chains = init.chains.map((chain) => {
    const registration = RegistrationType.deserialize(chain.registration);
    const start = { ...registration.spec.checkpoint, header: registration.checkpointHeader };
    const sources = openSources(chain.name, chain.sources, start);
    return { registration, wanted: chain.wanted, sources };
  });
  const store = await LevelStore.open(join(init.dataDir, 'chain'));
  const metrics = nodeMetrics();
  const node = await MainChainNode.start({
    metrics,
    store,
    genesis,
    kinds: chainKinds,
    keys,
    attestor: new SourceAttestor(chains),
    listen: { host: HOST, port: init.p2pPort },
    peers: init.peers.map((port) => ({ host: HOST, port })),
    logger: log,
    onFatal: (error) => {
      throw error;
    },
  });
  const rpc = await RpcServer.start({
    client: new LocalClient(node),
    host: HOST,
    port: init.rpcPort,
    logger: log,
    metrics: () => metrics.text(),
  });
  return {
    url: `http://${HOST}:${init.rpcPort}`,
    async stop() {
      await rpc.stop();
      await node.stop();
      await store.close();
      await Promise.all(chains.flatMap((chain) => chain.sources.map((source) => source.close())));
    },
  };
}

runChild<NodeInit>(startNode);

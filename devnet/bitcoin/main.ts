import { parseArgs } from 'node:util';
import { CrossrootError } from '../../proofs/errors/base.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { serveEsplora } from './esplora/server.js';
import { RegtestNode } from './node.js';
import { serveP2p } from './p2p/server.js';
import { answerRest } from './rest/handle.js';
import { removeCookie, writeCookie } from './rpc/cookie.js';
import { nodeMethods } from './rpc/methods.js';
import { serveRpc } from './rpc/server.js';

const USAGE = `Usage: main --data DIR [--host HOST] [--port N] [--rpcuser NAME --rpcpassword TEXT] [--block-interval MS] [--p2p-port N] [--rest] [--esplora-port N]
A Bitcoin regtest node with Bitcoin Core's RPC, and REST on the same port where asked for. It speaks Esplora's HTTP API on a port of its own, and it speaks Bitcoin's P2P protocol, on loopback, where a port for it is given. The password may come from the environment as REGTEST_RPC_PASSWORD; the cookie file always works.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '18443' },
      rpcuser: { type: 'string' },
      rpcpassword: { type: 'string' },
      'block-interval': { type: 'string' },
      'p2p-port': { type: 'string' },
      rest: { type: 'boolean', default: false },
      'esplora-port': { type: 'string' },
    },
  });
  const port = Number(values.port);
  const interval = values['block-interval'] === undefined ? undefined : Number(values['block-interval']);
  const p2pPort = values['p2p-port'] === undefined ? undefined : Number(values['p2p-port']);
  const esploraPort = values['esplora-port'] === undefined ? undefined : Number(values['esplora-port']);
  const password = values.rpcpassword ?? process.env.REGTEST_RPC_PASSWORD;
  if (
    values.data === undefined ||
    !isWhole(port, 0, 65535) ||
    (p2pPort !== undefined && !isWhole(p2pPort, 0, 65535)) ||
    (esploraPort !== undefined && !isWhole(esploraPort, 0, 65535)) ||
    (interval !== undefined && !isWhole(interval, 1, 2 ** 31 - 1))
  ) {
    console.error(USAGE);
    process.exit(2);
  }
  useFastHasher();
  const dataDir = values.data;
  const node = await RegtestNode.open({
    dataDir,
    ...(interval === undefined ? {} : { blockIntervalMs: interval }),
  });
  const named =
    values.rpcuser !== undefined && password !== undefined ? [{ user: values.rpcuser, password }] : [];
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void (async () => {
      await p2p?.close();
      await esplora?.close();
      await server.close();
      await node.close();
      removeCookie(dataDir);
      process.exit(0);
    })().catch(fail);
  };
  const methods = nodeMethods(node, () => setTimeout(stop, 50));
  const server = await serveRpc({
    host: values.host,
    port,
    credentials: [...named, writeCookie(dataDir)],
    methods,
    rest: values.rest ? (target) => answerRest(node.chain, methods, target) : undefined,
  });
  const esplora =
    esploraPort === undefined
      ? undefined
      : await serveEsplora({
          host: values.host,
          port: esploraPort,
          view: node.chain,
          isWaiting: (id) => node.mempool.get(id) !== undefined,
        });
  const p2p =
    p2pPort === undefined
      ? undefined
      : await serveP2p({
          chain: node.chain,
          mempool: node.mempool,
          port: p2pPort,
          onTip: (listener) => node.onTip(listener),
        });
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
  const ready = {
    type: 'ready',
    url: server.url,
    ...(p2p === undefined ? {} : { p2p: p2p.address }),
    ...(esplora === undefined ? {} : { esplora: esplora.url }),
  };
  if (process.send === undefined) console.log(JSON.stringify(ready));
  else process.send(ready);
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** One clear line, then out. */
function fail(error: unknown): void {
  if (error instanceof CrossrootError)
    console.error(error.hint === undefined ? error.message : `${error.message}. ${error.hint}`);
  else console.error(error);
  process.exit(1);
}

process.on('unhandledRejection', fail);
main().catch(fail);

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { privateKeyToAccount } from 'viem/accounts';
import { addNetworkDefinition, NetworkSchema } from '../../config/network.js';
import { endOf, freePort, stopChild, waitUntilReady } from '../../devnet/child.js';
import { callNode } from '../../devnet/rpcClient.js';
import type { EthereumTestNode } from '../conformance/ethereumSource.js';
import { startAnvil } from '../fixtures/ethereum/anvil.js';
import { LOCAL, payer } from '../fixtures/ethereum/sourceNode.js';
import { findProgram } from './programs.js';

/** anvil; it reorganises at will. */
export async function anvilNode(): Promise<EthereumTestNode> {
  const { url, call, stop } = await startAnvil();
  return {
    url,
    webSocketUrl: url.replace('http', 'ws'),
    chain: LOCAL,
    chainId: 31337,
    payer,
    call,
    reorganise: async (depth) => {
      await call('anvil_reorg', [depth, []]);
      await call('anvil_mine', ['0x1']);
    },
    stop,
  };
}

/** geth on PATH, in $GOPATH/bin or in ~/go/bin. */
export function findGeth(): string | undefined {
  const { GOPATH } = process.env;
  return findProgram('geth', [
    ...(GOPATH === undefined ? [] : [join(GOPATH, 'bin')]),
    join(homedir(), 'go', 'bin'),
  ]);
}

/** The account that geth's development chain gives its ether to (go-ethereum `core/genesis.go`): known to everybody. */
const GETH_DEVELOPER = privateKeyToAccount(
  '0xb71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291',
);
const GETH_CHAIN = NetworkSchema.parse({ name: 'geth-dev', chainId: 1337 });

/** geth's development chain, in memory, with a block for each transaction. */
export async function gethNode(binary: string): Promise<EthereumTestNode> {
  addNetworkDefinition(GETH_CHAIN);
  const [port, webSocketPort] = [await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-geth-'));
  const modules = 'eth,debug,dev';
  const child = spawn(
    binary,
    [
      ...['--dev', '--datadir', folder, '--ipcdisable', '--port', '0', '--nodiscover'],
      ...['--http', '--http.port', String(port), '--http.api', modules],
      ...['--ws', '--ws.port', String(webSocketPort), '--ws.api', modules],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  child.stderr.resume();
  const { ended } = endOf(child, 'geth');
  const url = `http://127.0.0.1:${port}`;
  const call = (method: string, params: readonly unknown[] = []) => callNode({ url }, method, params);
  await waitUntilReady('geth', ended, () => call('eth_chainId').catch(() => undefined));
  const height = async () => Number(await call('eth_blockNumber'));
  let withdrawals = 0;
  return {
    url,
    webSocketUrl: `ws://127.0.0.1:${webSocketPort}`,
    chain: GETH_CHAIN.name,
    chainId: GETH_CHAIN.chainId,
    payer: GETH_DEVELOPER,
    call,
    withdraw: async (address, gwei) => {
      const before = await height();
      const index = `0x${(++withdrawals).toString(16)}`;
      await call('dev_addWithdrawal', [
        { index, validatorIndex: '0x7', address, amount: `0x${gwei.toString(16)}` },
      ]);
      for (const end = Date.now() + 90_000; (await height()) === before; await sleep(50))
        if (Date.now() > end) throw new Error('geth makes no block with a withdrawal');
    },
    stop: async () => {
      await stopChild(child, ended, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

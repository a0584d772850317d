import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MemoryStore } from '../../storage/memory.js';
import { launchAnvil } from '../anvil.js';
import { RegtestNode } from '../bitcoin/node.js';
import { nodeMethods } from '../bitcoin/rpc/methods.js';
import { serveRpc } from '../bitcoin/rpc/server.js';
import { freePort } from '../child.js';
import { NodeCallError } from '../errors.js';
import type { ForeignNode } from '../foreignNode.js';
import { callNode } from '../rpcClient.js';
import { payBitcoin } from './bitcoin.js';
import { payEthereum, paymentLogAddress } from './ethereum.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'payments-'));
});
let anvil: ForeignNode | undefined;
afterEach(async () => {
  await anvil?.stop();
  anvil = undefined;
  rmSync(dir, { recursive: true });
});

const auth = { user: 'u', password: 'p' };

it('pays on regtest: an empty wallet mines, and so does a node that does not', async () => {
  const node = await RegtestNode.open({ dataDir: dir, store: new MemoryStore(), firstBlocks: 0 });
  const server = await serveRpc({
    port: 0,
    credentials: [auth],
    methods: nodeMethods(node, () => undefined),
  });
  const rpc = { url: server.url, auth };
  const paid = await payBitcoin(rpc, { satoshi: 123_456_789n, patienceMs: 0 });
  const tx = (await callNode(rpc, 'getrawtransaction', [paid.txid, true])) as Record<string, unknown>;
  expect(tx).toMatchObject({ blockhash: paid.blockHash, confirmations: 1 });
  expect((tx.vout as { value: number; scriptPubKey: { address: string } }[])[0]).toMatchObject({
    value: 1.23456789,
    scriptPubKey: { address: paid.address },
  });
  const other = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
  const second = await payBitcoin(rpc, { satoshi: 1000n, address: other, patienceMs: 0 });
  expect(second.address).toBe(other);
  expect(node.chain.tip.height).toBe(103);
  await expect(
    payBitcoin({ ...rpc, auth: { user: 'u', password: 'wrong' } }, { satoshi: 1n }),
  ).rejects.toThrow(NodeCallError);
  await server.close();
  await node.close();
});

it('pays on a node that mines by itself', async () => {
  const node = await RegtestNode.open({ dataDir: dir, store: new MemoryStore(), blockIntervalMs: 100 });
  const server = await serveRpc({
    port: 0,
    credentials: [auth],
    methods: nodeMethods(node, () => undefined),
  });
  const before = node.chain.tip.height;
  await payBitcoin({ url: server.url, auth }, { satoshi: 1000n });
  expect(node.chain.tip.height).toBeGreaterThan(before);
  await server.close();
  await node.close();
});

it('pays on anvil: deploys once, emits the log, forwards the ether', async () => {
  const node = await launchAnvil({ dataDir: dir, port: await freePort(), blockTime: 1 });
  anvil = node;
  const reference = `0x${'ab'.repeat(32)}`;
  const to = '0x00000000000000000000000000000000000000aa';
  const first = await payEthereum(node.url, { wei: 5n, to, reference });
  const second = await payEthereum(node.url, { wei: 7n, to });
  expect(first.contract).toBe(paymentLogAddress());
  expect(second.contract).toBe(first.contract);
  expect(BigInt(String(await callNode(node, 'eth_getBalance', [to, 'latest'])))).toBe(12n);
  const receipt = (await callNode(node, 'eth_getTransactionReceipt', [first.transactionHash])) as {
    logs: { topics: string[]; data: string }[];
  };
  const log = receipt.logs[first.logIndex];
  expect(log?.topics[2]?.endsWith(to.slice(2).toLowerCase())).toBe(true);
  expect(log?.data).toBe(`0x${'5'.padStart(64, '0')}${'ab'.repeat(32)}`);
  await node.stop();
  await expect(payEthereum(node.url, { wei: 1n })).rejects.toThrow(NodeCallError);
});

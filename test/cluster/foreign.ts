import { setTimeout as sleep } from 'node:timers/promises';
import { payBitcoin } from '../../devnet/payments/bitcoin.js';
import { payEthereum } from '../../devnet/payments/ethereum.js';
import { callNode, type RpcEndpoint } from '../../devnet/rpcClient.js';
import type { Random } from '../fuzz/harness.js';

/** A foreign node that is made to reorganise. */
export interface Unsteady {
  readonly chain: string;
  readonly counts: Record<'mined' | 'reorganised' | 'undone' | 'payments', number>;
  /** One thing at random. */
  act(): Promise<void>;
  /** Hashes of the best chain from height 0, as users write them. */
  best(): Promise<string[]>;
  /** Mines so much that all before is buried. */
  bury(): Promise<void>;
}

const counts = () => ({ mined: 0, reorganised: 0, undone: 0, payments: 0 });

/** A Bitcoin regtest node: it mines, pays, and leaves up to a dozen of its blocks for a longer branch. */
export async function unsteadyBitcoin(endpoint: RpcEndpoint, random: Random): Promise<Unsteady> {
  const call = (method: string, ...params: unknown[]) => callNode(endpoint, method, params);
  const address = await call('getnewaddress');
  const mine = (blocks: number, to: unknown = address) => call('generatetoaddress', blocks, to);
  await mine(110);
  const told = counts();
  const tip = async () => Number(await call('getblockcount'));
  return {
    chain: 'bitcoin-regtest',
    counts: told,
    async act() {
      const what = random.below(10);
      if (what < 3) {
        const height = await tip();
        const depth = 1 + random.below(random.below(8) === 0 ? 12 : 4);
        await call('invalidateblock', await call('getblockhash', height - depth + 1));
        // To another address: the same blocks would have the same hashes.
        await mine(depth + 1 + random.below(3), await call('getnewaddress'));
        told.reorganised++;
        told.undone += depth;
      } else if (what < 5) {
        await payBitcoin(endpoint, { satoshi: 1000n + BigInt(random.below(1_000_000)), patienceMs: 100 });
        told.payments++;
      } else {
        const blocks = 1 + random.below(3);
        await mine(blocks);
        told.mined += blocks;
      }
    },
    async best() {
      const height = await tip();
      const hashes: string[] = [];
      for (let i = 0; i <= height; i++) hashes.push(String(await call('getblockhash', i)));
      return hashes;
    },
    async bury() {
      await mine(8);
    },
  };
}

/** anvil: it mines, pays with logs, and undoes up to five blocks, never one that it called final. */
export async function unsteadyEthereum(endpoint: RpcEndpoint, random: Random): Promise<Unsteady> {
  const call = (method: string, ...params: unknown[]) => callNode(endpoint, method, params);
  const mine = (blocks: number) => call('anvil_mine', `0x${blocks.toString(16)}`);
  const told = counts();
  await mine(16);
  const tip = async () => Number(await call('eth_blockNumber'));
  return {
    chain: 'ethereum-local',
    counts: told,
    async act() {
      const what = random.below(10);
      if (what < 2) {
        const depth = 1 + random.below(5);
        const coinbase = random.next().toString(16).padStart(40, '0');
        await call('anvil_setCoinbase', `0x${coinbase}`);
        await call('anvil_reorg', depth, []);
        told.reorganised++;
        told.undone += depth;
        await sleep(300);
      } else if (what < 5) {
        // The node makes no block by itself.
        let paid = false;
        const payment = payEthereum(endpoint.url, { wei: BigInt(1 + random.below(1_000_000)) });
        const done = () => {
          paid = true;
        };
        payment.then(done, done);
        for (; !paid; await sleep(150)) await mine(1);
        await payment;
        told.payments++;
      } else {
        const blocks = 1 + random.below(3);
        await mine(blocks);
        told.mined += blocks;
      }
    },
    async best() {
      const height = await tip();
      const hashes: string[] = [];
      for (let i = 0; i <= height; i++) {
        const block = (await call('eth_getBlockByNumber', `0x${i.toString(16)}`, false)) as { hash: string };
        hashes.push(block.hash);
      }
      return hashes;
    },
    async bury() {
      await mine(16);
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { type Address, keccak256, type TransactionSerializable } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceUnavailableError } from '../../adapters/errors.js';
import { ethereumKind } from '../../adapters/ethereum/kind.js';
import { decodeTransaction } from '../../adapters/ethereum/proofs/index.js';
import { decodeReceipt } from '../../adapters/ethereum/proofs/receipt.js';
import { decodeRlp } from '../../adapters/ethereum/rlp/rlp.js';
import { decodeEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import { EthereumRpcSource } from '../../adapters/ethereum/sources/jsonRpc.js';
import { indexTrie } from '../../adapters/ethereum/trie/build.js';
import { verifyTrieProof } from '../../adapters/ethereum/trie/verify.js';
import type { ForeignBlock } from '../../adapters/source.js';
import { fromHex, toHex } from '../../proofs/bytes.js';

/** A node that makes a block for each transaction, or when it is told to. */
export interface EthereumTestNode {
  /** Its HTTP address. */
  readonly url: string;
  readonly webSocketUrl: string;
  /** Name under which its chain is known. */
  readonly chain: string;
  readonly chainId: number;
  /** Has ether. */
  readonly payer: PrivateKeyAccount;
  call(method: string, params?: readonly unknown[]): Promise<unknown>;
  /** Replaces the newest `depth` blocks by one more; left out where the node cannot. */
  reorganise?(depth: number): Promise<void>;
  /** Makes a block with a withdrawal; left out where the node cannot. */
  withdraw?(address: Address, gwei: number): Promise<void>;
  stop(): Promise<void>;
}

/** Stores its second word of input under the first, and logs it. */
const RUNTIME = '6020356000355560003560206000a100';
const INIT_CODE = `0x6f${RUNTIME}60005260106010f3` as const;
const word = (value: number) => value.toString(16).padStart(64, '0');
const FEES = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n };

/** What a source over JSON-RPC has to do, on any client and over both transports. */
export function ethereumSourceSuite(title: string, start: () => Promise<EthereumTestNode>): void {
  describe.each(['http', 'webSocket'] as const)(`${title} over %s`, (transport) => {
    let node: EthereumTestNode;
    let source: EthereumRpcSource;
    let contract: Address;

    beforeAll(async () => {
      node = await start();
      source = open(node.chain);
    });
    afterAll(async () => {
      await source?.close();
      await node?.stop();
    });
    const open = (chain: string) =>
      new EthereumRpcSource({ chain, url: transport === 'http' ? node.url : node.webSocketUrl, busyMs: 5 });

    async function send(transaction: Partial<TransactionSerializable>): Promise<ForeignBlock> {
      const { payer, chainId } = node;
      const nonce = Number(await node.call('eth_getTransactionCount', [payer.address, 'latest']));
      const filled = { nonce, gas: 300_000n, chainId, ...transaction };
      const hash = String(
        await node.call('eth_sendRawTransaction', [await payer.signTransaction(filled as never)]),
      );
      for (const end = Date.now() + 90_000; Date.now() < end; await sleep(20)) {
        const place = await source.findTransaction(fromHex(hash));
        const receipt = place && (await node.call('eth_getTransactionReceipt', [hash]));
        if (place === undefined || receipt === null) continue;
        const block = await source.block(place.hash);
        expect(block.header.height).toBe(place.height);
        expect(block.transactionHashes.map(toHex)).toContain(hash);
        return block;
      }
      throw new Error(`${hash} is in no block`);
    }
    const store = (key: number, value: number) =>
      send({ type: 'eip1559', ...FEES, to: contract, data: `0x${word(key)}${word(value)}` });

    it('is on its chain alone', async () => {
      await source.check();
      expect(source.name).toBe(
        `${node.chain} node at ${new URL(node.url).hostname}:${new URL(transport === 'http' ? node.url : node.webSocketUrl).port}`,
      );
      for (const other of ['ethereum-mainnet', 'gnosis-mainnet']) {
        const wrong = open(other);
        await expect(wrong.check()).rejects.toThrow(/serves chain id \d+, not/);
        await wrong.close();
      }
    });

    it('has a contract that logs', async () => {
      const block = await send({ type: 'eip1559', ...FEES, data: INIT_CODE });
      const receipt = (await node.call('eth_getTransactionReceipt', [
        toHex(block.transactionHashes[0]!),
      ])) as {
        contractAddress: Address;
      };
      contract = receipt.contractAddress;
      const logged = await store(1, 2);
      const [log] = decodeReceipt(logged.receipts![0]!).logs;
      expect([toHex(log!.address), toHex(log!.topics[0]!)]).toEqual([contract, `0x${word(1)}`]);
    });

    it('gives every block with all its parts under their roots, of all types of transactions', async () => {
      const to = '0x00000000000000000000000000000000000000aa';
      const accessList = [{ address: contract, storageKeys: [`0x${word(1)}` as const] }];
      const nonce = Number(await node.call('eth_getTransactionCount', [node.payer.address, 'latest']));
      const signed = await node.payer.signAuthorization({ address: to, chainId: 0, nonce: nonce + 4 });
      const gasPrice = FEES.maxFeePerGas;
      const types: Partial<TransactionSerializable>[] = [
        { type: 'legacy', gasPrice, to, value: 1n },
        { type: 'eip2930', gasPrice, to, accessList },
        { type: 'eip1559', ...FEES, to, accessList, data: '0x1234' },
        { type: 'eip7702', ...FEES, to, authorizationList: [signed] },
      ];
      for (const transaction of types) await send(transaction);
      const tip = await source.tip();
      const seen = new Set<number>();
      for (const { hash } of await source.headers(0, tip.height + 1)) {
        const { header, transactions, receipts, withdrawals } = await source.block(hash);
        expect(indexTrie(transactions!).root).toEqual(header.transactionsRoot);
        expect(indexTrie(receipts!).root).toEqual(header.receiptsRoot);
        const root = decodeEthereumHeader(header.raw).withdrawalsRoot;
        expect(withdrawals && indexTrie(withdrawals).root).toEqual(root);
        for (const raw of transactions!) seen.add(decodeTransaction(raw).type);
      }
      expect([...seen].sort()).toEqual([0, 1, 2, 4]);
    });

    it('gives linked headers that keep the rules, and none above its tip', async () => {
      const tip = await source.tip();
      const headers = await source.headers(0, tip.height + 50);
      expect(headers).toHaveLength(tip.height + 1);
      expect(headers.at(-1)!.hash).toEqual(tip.hash);
      const checkpoint = {
        height: 0,
        hash: headers[0]!.hash,
        work: 0n,
        periodStartTime: 0,
        periodStartBits: 0,
      };
      const ancestors = { checkpoint, header: (height: number) => headers[height] };
      for (const header of headers.slice(1)) ethereumKind.validate(node.chain, header, ancestors, 2 ** 40);
      for (const { raw, hash } of headers) expect(keccak256(raw)).toBe(toHex(hash));
      expect(await source.headers(tip.height + 1, 3)).toEqual([]);
      expect(await source.headers(3, 2)).toEqual(headers.slice(3, 5));
    });

    it('calls nothing safe that is not on its chain, and nothing final above what is safe', async () => {
      const [finalized, safe, tip] = await Promise.all([source.finalized(), source.safe(), source.tip()]);
      for (const block of [finalized, safe])
        if (block !== undefined) expect((await source.headers(block.height, 1))[0]!.hash).toEqual(block.hash);
      expect(safe!.height).toBeLessThanOrEqual(tip.height);
      expect(finalized?.height ?? 0).toBeLessThanOrEqual(safe!.height);
    });

    it('gives state as of the very block, with what is absent shown by nodes', async () => {
      const [first, second] = [await store(5, 100), await store(5, 200)];
      const address = fromHex(contract);
      const slots = [5, 6].map((key) => fromHex(`0x${word(key)}`));
      for (const [block, value] of [
        [first, 100],
        [second, 200],
      ] as const) {
        const proof = await source.proof(address, slots, block.header.hash);
        expect(proof.header).toEqual(block.header);
        const account = decodeRlp(
          verifyTrieProof(block.header.stateRoot, keccak_256(address), proof.accountNodes)!,
        ) as Uint8Array[];
        const [present, absent] = proof.slots.map(({ key, nodes }) =>
          verifyTrieProof(account[2]!, keccak_256(key), nodes),
        );
        expect(decodeRlp(present!)).toEqual(Uint8Array.of(value));
        expect(absent).toBeUndefined();
        expect(keccak_256(await source.code(address, block.header.hash))).toEqual(account[3]);
      }
      const nobody = new Uint8Array(20).fill(0x77);
      const none = await source.proof(nobody, slots, first.header.hash);
      expect(verifyTrieProof(first.header.stateRoot, keccak_256(nobody), none.accountNodes)).toBeUndefined();
      expect(none.slots.map(({ nodes }) => nodes)).toEqual([[], []]);
      expect(await source.code(nobody, first.header.hash)).toEqual(new Uint8Array(0));
      // The payer has no storage.
      const plain = await source.proof(fromHex(node.payer.address), slots, second.header.hash);
      expect(plain.slots.map(({ nodes }) => nodes)).toEqual([[], []]);
    });

    it('does not know what does not exist', async () => {
      const nothing = new Uint8Array(32).fill(1);
      expect(await source.findTransaction(nothing)).toBeUndefined();
      await expect(source.block(nothing)).rejects.toThrow(/does not have block/);
      await expect(source.proof(fromHex(contract), [], nothing)).rejects.toThrow(SourceUnavailableError);
    });

    it('tells of withdrawals', async ({ skip }) => {
      if (node.withdraw === undefined) skip('this node makes none');
      await node.withdraw?.('0x00000000000000000000000000000000000000bb', 32);
      const { hash } = await source.tip();
      const block = await source.block(hash);
      expect(block.withdrawals).toHaveLength(1);
      const [, , address, amount] = decodeRlp(block.withdrawals![0]!) as Uint8Array[];
      expect([toHex(address!), amount]).toEqual([`0x${'00'.repeat(19)}bb`, Uint8Array.of(32)]);
    });

    it('follows a reorganisation, and still has the blocks that it left', async ({ skip }) => {
      if (node.reorganise === undefined) skip('this node cannot');
      const left = await store(9, 9);
      await store(9, 10);
      const before = await source.headers(0, 1000);
      await node.reorganise?.(2);
      const after = await source.headers(0, 1000);
      expect(after.length).toBe(before.length + 1);
      expect(after[left.header.height - 1]!.hash).toEqual(left.header.parentHash);
      expect(after[left.header.height]!.hash).not.toEqual(left.header.hash);
      // A node may have forgotten them; one that answers answers that very block.
      const again = await source.block(left.header.hash).catch((error: unknown) => error);
      if (!(again instanceof SourceUnavailableError)) expect(again).toEqual(left);
    });

    it('tells of new heads where the transport does', async () => {
      let told = 0;
      const end = source.subscribe(() => told++);
      if (transport === 'http') {
        await store(11, 1);
        await sleep(200);
        expect(told).toBe(0);
      } else {
        // Once when it is ready, then for the block.
        await expect.poll(() => told, { interval: 20 }).toBeGreaterThan(0);
        const ready = told;
        await store(11, 1);
        await expect.poll(() => told, { interval: 20 }).toBeGreaterThan(ready);
      }
      end();
      const before = told;
      await store(11, 2);
      await sleep(100);
      expect(told).toBe(before);
    });
  });
}

import { describe, expect, it, vi } from 'vitest';
import { fromHex, toHex } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { leafOf } from '../../../test/fixtures/ethereum/blocks.js';
import { LOCAL, payer, receiver, useSourceNode } from '../../../test/fixtures/ethereum/sourceNode.js';
import { UnknownNetworkError } from '../../errors.js';
import { ethereumKind } from '../kind.js';
import { buildEthereumProof, decodeTransaction, ethereumPayloadVerifiers } from '../proofs/index.js';
import { EthereumRpcSource } from './jsonRpc.js';

const at = useSourceNode();

/** The block that a transaction just sent is in: the node answers the sending before it has made the block. */
async function minedIn(hash: string): Promise<Uint8Array> {
  return vi.waitFor(
    async () => {
      const found = await at.source.findTransaction(fromHex(hash));
      if (found === undefined) throw new Error(`${hash} is in no block yet`);
      return found.hash;
    },
    { timeout: 90_000 },
  );
}

describe('a real node', () => {
  it('is of the right chain', async () => {
    await at.source.check();
    const other = new EthereumRpcSource({ chain: 'ethereum-sepolia', url: at.node.url });
    await expect(other.check()).rejects.toThrow(/serves chain id 31337, not 11155111/);
    expect(() => new EthereumRpcSource({ chain: 'ethereum-x', url: at.node.url })).toThrow(
      UnknownNetworkError,
    );
  });

  it('gives linked headers that keep the rules, and none above its tip', async () => {
    const tip = await at.source.tip();
    const headers = await at.source.headers(0, tip.height + 50);
    expect(headers.length).toBe(tip.height + 1);
    expect(headers.at(-1)?.hash).toEqual(tip.hash);
    const checkpoint = {
      height: 0,
      hash: headers[0]!.hash,
      work: 0n,
      periodStartTime: 0,
      periodStartBits: 0,
    };
    const ancestors = { checkpoint, header: (height: number) => headers[height] };
    for (const header of headers.slice(1)) ethereumKind.validate(LOCAL, header, ancestors, 0);
    expect(await at.source.headers(tip.height + 1, 3)).toEqual([]);
    expect(await at.source.headers(3, 2)).toEqual(headers.slice(3, 5));
    expect(await at.source.headers(3, 0)).toEqual([]);
  });

  it('calls blocks final that are two epochs old', async () => {
    const [tip, finalized] = [await at.source.tip(), await at.source.finalized()];
    expect(finalized?.height).toBe(tip.height - 8);
    expect((await at.source.headers(finalized!.height, 1))[0]?.hash).toEqual(finalized!.hash);
  });

  it('gives a block from which transaction, receipt and log are proven', async () => {
    const place = await at.source.findTransaction(fromHex(at.paid.transactionHash));
    expect(place).toEqual({ height: at.paid.blockNumber, hash: fromHex(at.paid.blockHash) });
    const block = await at.source.block(place!.hash);
    const index = block.transactionHashes.findIndex((hash) => toHex(hash) === at.paid.transactionHash);
    const bodies = { transactions: block.transactions!, receipts: block.receipts! };
    for (const [aspect, kind] of [
      ['tx', ProofKind.ethereumTransaction],
      ['receipt', ProofKind.ethereumReceipt],
      ['log', ProofKind.ethereumLog],
    ] as const) {
      const payload = buildEthereumProof(aspect, bodies, index, aspect === 'log' ? 0 : undefined);
      const verifier = ethereumPayloadVerifiers.find((one) => one.kind === kind)!;
      const { facts } = verifier.verify(payload, leafOf(block.header), LOCAL);
      expect(facts).toMatchObject({ hash: at.paid.transactionHash, value: '1000000000000000' });
    }
  });

  it('takes a plain transfer from an unlocked account', async () => {
    const [from] = (await at.anvil.call('eth_accounts')) as string[];
    const hash = String(await at.anvil.call('eth_sendTransaction', [{ from, to: receiver, value: '0x7b' }]));
    const block = await at.source.block(await minedIn(hash));
    expect(block.transactionHashes.map(toHex)).toEqual([hash]);
    expect(decodeTransaction(block.transactions![0]!)).toMatchObject({ value: 123n, to: fromHex(receiver) });
  });

  const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, chainId: 31337 };
  const accessList = [{ address: receiver, storageKeys: [`0x${'01'.repeat(32)}`] }];
  it.each<[string, number, Record<string, unknown>]>([
    ['legacy', 0, { type: 'legacy', gasPrice: 10n ** 10n, chainId: 31337 }],
    ['legacy without a chain id', 0, { type: 'legacy', gasPrice: 10n ** 10n }],
    ['EIP-2930', 1, { type: 'eip2930', gasPrice: 10n ** 10n, chainId: 31337, accessList }],
    ['EIP-1559', 2, { type: 'eip1559', ...fees, accessList }],
    ['contract creation', 2, { type: 'eip1559', ...fees, to: undefined, value: 0n, data: '0x00' }],
  ])('encodes transactions as the chain does: %s', async (_, type, transaction) => {
    const hash = await at.send(transaction);
    const block = await at.source.block(await minedIn(hash));
    expect(block.transactionHashes.map(toHex)).toEqual([hash]);
    expect(decodeTransaction(block.transactions![0]!).type).toBe(type);
  });

  it('encodes transactions as the chain does: EIP-7702', async () => {
    const nonce = Number(await at.anvil.call('eth_getTransactionCount', [payer.address, 'latest']));
    const signed = await payer.signAuthorization({ address: receiver, chainId: 31337, nonce: nonce + 1 });
    const hash = await at.send({ type: 'eip7702', ...fees, authorizationList: [signed] });
    const block = await at.source.block(await minedIn(hash));
    expect(block.transactionHashes.map(toHex)).toEqual([hash]);
    expect(decodeTransaction(block.transactions![0]!).type).toBe(4);
  });

  it('does not know what does not exist', async () => {
    expect(await at.source.findTransaction(new Uint8Array(32).fill(1))).toBeUndefined();
    await expect(at.source.block(new Uint8Array(32).fill(1))).rejects.toThrow(/does not have block/);
  });
});

import { hexToBigInt, numberToHex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { payEthereum } from '../../../devnet/payments/ethereum.js';
import { fromHex, toHex } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { startAnvil, type TestAnvil } from '../../../test/fixtures/ethereum/anvil.js';
import { leafOf } from '../../../test/fixtures/ethereum/blocks.js';
import {
  Refusal,
  startTamperer,
  type Tamper,
  type Tamperer,
} from '../../../test/fixtures/ethereum/tamperer.js';
import { SourceFaultError, SourceUnavailableError, UnknownNetworkError } from '../../errors.js';
import { ethereumKind } from '../kind.js';
import { buildEthereumProof, decodeTransaction, ethereumPayloadVerifiers } from '../proofs/index.js';
import { EthereumRpcSource } from './jsonRpc.js';

const CHAIN = 'ethereum-local';
/** anvil's first account, known to everybody. */
const payer = privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');
const receiver = '0x00000000000000000000000000000000000000aa';

let anvil: TestAnvil;
let node: Tamperer;
let source: EthereumRpcSource;
/** Hash of a payment's transaction, and of its block, which has a log. */
let paid: { readonly transactionHash: string; readonly blockHash: string; readonly blockNumber: number };

beforeAll(async () => {
  anvil = await startAnvil();
  node = await startTamperer(anvil.url);
  source = new EthereumRpcSource({ chain: CHAIN, url: node.url });
  paid = await payEthereum(anvil.url, { wei: 10n ** 15n });
  await anvil.call('anvil_mine', ['0x96']);
});
afterAll(async () => {
  await source.close();
  await node.close();
  await anvil.stop();
});
beforeEach(() => {
  node.tamper = (_method, _params, result) => result;
  node.takeOver = undefined;
  node.calls.length = 0;
});

/** Changes the results of one method. */
const lie =
  (method: string, change: (result: never) => unknown): Tamper =>
  (called, _params, result) =>
    called === method ? change(result as never) : result;

async function send(transaction: Record<string, unknown>): Promise<string> {
  const nonce = Number(await anvil.call('eth_getTransactionCount', [payer.address, 'latest']));
  const raw = await payer.signTransaction({
    nonce,
    to: receiver,
    value: 5n,
    gas: 200_000n,
    ...transaction,
  } as never);
  return String(await anvil.call('eth_sendRawTransaction', [raw]));
}

describe('a real node', () => {
  it('is of the right chain', async () => {
    await source.check();
    const other = new EthereumRpcSource({ chain: 'ethereum-sepolia', url: node.url });
    await expect(other.check()).rejects.toThrow(/serves chain id 31337, not 11155111/);
    expect(() => new EthereumRpcSource({ chain: 'ethereum-x', url: node.url })).toThrow(UnknownNetworkError);
  });

  it('gives linked headers that keep the rules, and none above its tip', async () => {
    const tip = await source.tip();
    const headers = await source.headers(0, tip.height + 50);
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
    for (const header of headers.slice(1)) ethereumKind.validate(CHAIN, header, ancestors, 0);
    expect(await source.headers(tip.height + 1, 3)).toEqual([]);
    expect(await source.headers(3, 2)).toEqual(headers.slice(3, 5));
    expect(await source.headers(3, 0)).toEqual([]);
  });

  it('calls blocks final that are two epochs old', async () => {
    const [tip, finalized] = [await source.tip(), await source.finalized()];
    expect(finalized?.height).toBe(tip.height - 8);
    expect((await source.headers(finalized!.height, 1))[0]?.hash).toEqual(finalized!.hash);
  });

  it('gives a block from which transaction, receipt and log are proven', async () => {
    const at = await source.findTransaction(fromHex(paid.transactionHash));
    expect(at).toEqual({ height: paid.blockNumber, hash: fromHex(paid.blockHash) });
    const block = await source.block(at!.hash);
    const index = block.transactionHashes.findIndex((hash) => toHex(hash) === paid.transactionHash);
    const bodies = { transactions: block.transactions!, receipts: block.receipts! };
    for (const [aspect, kind] of [
      ['tx', ProofKind.ethereumTransaction],
      ['receipt', ProofKind.ethereumReceipt],
      ['log', ProofKind.ethereumLog],
    ] as const) {
      const payload = buildEthereumProof(aspect, bodies, index, aspect === 'log' ? 0 : undefined);
      const verifier = ethereumPayloadVerifiers.find((one) => one.kind === kind)!;
      const { facts } = verifier.verify(payload, leafOf(block.header), CHAIN);
      expect(facts).toMatchObject({ hash: paid.transactionHash, value: '1000000000000000' });
    }
  });

  it('takes a plain transfer from an unlocked account', async () => {
    const [from] = (await anvil.call('eth_accounts')) as string[];
    const hash = String(await anvil.call('eth_sendTransaction', [{ from, to: receiver, value: '0x7b' }]));
    const block = await source.block((await source.findTransaction(fromHex(hash)))!.hash);
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
    const hash = await send(transaction);
    const block = await source.block((await source.findTransaction(fromHex(hash)))!.hash);
    expect(block.transactionHashes.map(toHex)).toEqual([hash]);
    expect(decodeTransaction(block.transactions![0]!).type).toBe(type);
  });

  it('encodes transactions as the chain does: EIP-7702', async () => {
    const nonce = Number(await anvil.call('eth_getTransactionCount', [payer.address, 'latest']));
    const signed = await payer.signAuthorization({ address: receiver, chainId: 31337, nonce: nonce + 1 });
    const hash = await send({ type: 'eip7702', ...fees, authorizationList: [signed] });
    const block = await source.block((await source.findTransaction(fromHex(hash)))!.hash);
    expect(block.transactionHashes.map(toHex)).toEqual([hash]);
    expect(decodeTransaction(block.transactions![0]!).type).toBe(4);
  });

  it('does not know what does not exist', async () => {
    expect(await source.findTransaction(new Uint8Array(32).fill(1))).toBeUndefined();
    await expect(source.block(new Uint8Array(32).fill(1))).rejects.toThrow(/does not have block/);
  });
});

describe('a lying node', () => {
  type Block = Record<string, string> & { transactions: Record<string, string>[] };
  type Receipt = Record<string, unknown>;
  const blockHash = () => fromHex(paid.blockHash);
  const faulty = (promise: Promise<unknown>) => expect(promise).rejects.toThrow(SourceFaultError);

  it.each([
    ['stateRoot', `0x${'11'.repeat(32)}`],
    ['gasUsed', '0x1'],
    ['number', '0x7'],
    ['hash', `0x${'11'.repeat(32)}`],
    ['logsBloom', '0x'],
    ['nonce', 5],
    ['extraData', undefined],
    ['baseFeePerGas', null],
    ['requestsHash', 'no hex'],
  ])('about the header field %s', async (name, value) => {
    node.tamper = (_method, _params, result) => ({ ...(result as Block), [name]: value });
    await faulty(source.headers(5, 1));
    await faulty(source.tip());
    await faulty(source.finalized());
    await faulty(source.block(blockHash()));
  });

  it('answers another block than it was asked for', async () => {
    const other = await anvil.call('eth_getBlockByNumber', ['0x6', true]);
    node.tamper = () => other;
    await faulty(source.headers(5, 1));
    await expect(source.block(blockHash())).rejects.toThrow(/when asked for/);
  });

  it('answers headers that do not link: it may have reorganised meanwhile', async () => {
    const snapshot = await anvil.call('evm_snapshot');
    await anvil.call('anvil_mine', ['0x2']);
    const top = (await source.tip()).height;
    const old = await anvil.call('eth_getBlockByNumber', [numberToHex(top - 1), false]);
    await anvil.call('evm_revert', [snapshot]);
    await send({ type: 'legacy', gasPrice: 10n ** 10n, chainId: 31337 });
    await anvil.call('anvil_mine', ['0x1']);
    node.tamper = (_method, [at], result) => (at === numberToHex(top - 1) ? old : result);
    await expect(source.headers(top - 1, 2)).rejects.toThrow(/reorganised at height/);
  });

  it.each<[string, (tx: Record<string, unknown>) => Record<string, unknown>]>([
    ['value', (tx) => ({ ...tx, value: '0x1' })],
    ['type', (tx) => ({ ...tx, type: '0x7e' })],
    ['input', (tx) => ({ ...tx, input: 'zz' })],
    ['nonce', (tx) => ({ ...tx, nonce: -1 })],
  ])('about a transaction’s %s', async (_, change) => {
    node.tamper = lie('eth_getBlockByHash', (block: Block) => ({
      ...block,
      transactions: block.transactions.map(change),
    }));
    await faulty(source.block(blockHash()));
  });

  it('about the transactions as a whole', async () => {
    for (const transactions of [undefined, [], 'x', [paid.transactionHash]]) {
      node.tamper = lie('eth_getBlockByHash', (block: Block) => ({ ...block, transactions }));
      await faulty(source.block(blockHash()));
    }
  });

  it.each<[string, (receipts: Receipt[]) => unknown]>([
    ['a status', ([first, ...rest]) => [{ ...first, status: '0x0' }, ...rest]],
    ['a log', ([first, ...rest]) => [{ ...first, logs: [] }, ...rest]],
    ['a type', ([first, ...rest]) => [{ ...first, type: '0x1' }, ...rest]],
    ['an unknown type', ([first, ...rest]) => [{ ...first, type: '0x102' }, ...rest]],
    ['none', () => []],
    ['no list', () => 7],
    ['no objects', () => [7]],
  ])('about receipts: %s', async (_, change) => {
    node.tamper = lie('eth_getBlockReceipts', change);
    await faulty(source.block(blockHash()));
  });

  it('about its chain id or genesis', async () => {
    node.tamper = lie('eth_chainId', () => 'x');
    await faulty(source.check());
    const mainnet = new EthereumRpcSource({ chain: 'ethereum-mainnet', url: node.url });
    node.tamper = lie('eth_chainId', () => '0x1');
    await expect(mainnet.check()).rejects.toThrow(/has genesis 0x.* another than ethereum-mainnet/);
  });

  it('about where a transaction is', async () => {
    node.tamper = lie('eth_getTransactionByHash', (tx: Receipt) => ({ ...tx, blockNumber: 'x' }));
    await faulty(source.findTransaction(fromHex(paid.transactionHash)));
  });
});

describe('a poor node', () => {
  const block = () => source.block(fromHex(paid.blockHash));

  it('without eth_getBlockReceipts gives receipts one by one', async () => {
    const good = await block();
    node.tamper = lie('eth_getBlockReceipts', () => {
      throw new Refusal(-32601, 'the method does not exist');
    });
    expect(await block()).toEqual(good);
    expect(node.calls.filter((method) => method === 'eth_getTransactionReceipt').length).toBe(
      good.transactions!.length,
    );
    node.tamper = (method, _params, result) => (/Receipt/.test(method) ? null : result);
    await expect(block()).rejects.toThrow(SourceUnavailableError);
  });

  it('without blooms is good enough', async () => {
    node.tamper = lie('eth_getBlockReceipts', (receipts: Record<string, unknown>[]) =>
      receipts.map(({ logsBloom: _, ...rest }) => rest),
    );
    expect((await block()).receipts!.length).toBeGreaterThan(0);
  });

  it('without old blocks, final blocks or any block', async () => {
    const mainnet = new EthereumRpcSource({ chain: 'ethereum-mainnet', url: node.url });
    node.tamper = (method) => (method === 'eth_chainId' ? '0x1' : null);
    await mainnet.check();
    expect(await source.finalized()).toBeUndefined();
    await expect(source.tip()).rejects.toThrow(SourceUnavailableError);
    node.tamper = () => {
      throw new Refusal(-39001, 'Unknown block');
    };
    expect(await source.finalized()).toBeUndefined();
    node.tamper = () => {
      throw new Refusal(-32005, 'too many requests');
    };
    await expect(source.finalized()).rejects.toThrow(/too many requests \(-32005\)/);
    await expect(source.headers(1, 1)).rejects.toThrow(SourceUnavailableError);
  });

  it('with a transaction that is not in a block yet', async () => {
    node.tamper = lie('eth_getTransactionByHash', (tx: Record<string, unknown>) => ({
      ...tx,
      blockHash: null,
      blockNumber: null,
    }));
    expect(await source.findTransaction(fromHex(paid.transactionHash))).toBeUndefined();
  });

  it('with numbers that have leading zeros', async () => {
    node.tamper = lie('eth_getBlockByNumber', (one: Record<string, string>) => ({
      ...one,
      gasLimit: `0x00${hexToBigInt(one.gasLimit as `0x${string}`).toString(16)}`,
    }));
    expect((await source.headers(5, 1)).length).toBe(1);
  });
});

describe('a node that does not answer', () => {
  const quick = (options = {}) =>
    new EthereumRpcSource({ chain: CHAIN, url: node.url, timeoutMs: 300, ...options });
  const unavailable = (promise: Promise<unknown>) => expect(promise).rejects.toThrow(SourceUnavailableError);

  it('at all, or only to begin with, is given up', async () => {
    const started = Date.now();
    node.takeOver = () => undefined;
    await unavailable(quick().tip());
    node.takeOver = (response) => {
      response.setHeader('content-type', 'application/json');
      response.write('[{"jsonrpc":"2.0",');
    };
    await unavailable(quick().tip());
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it.each<[string, string, number]>([
    ['text', 'hello', 200],
    ['nothing', '', 200],
    ['null', 'null', 200],
    ['an empty batch', '[]', 200],
    ['HTTP 500', 'Internal Server Error', 500],
    ['HTTP 429', '{"error":"slow down"}', 429],
  ])('in JSON-RPC but with %s', async (_, text, status) => {
    node.takeOver = (response) => {
      response.statusCode = status;
      response.end(text);
    };
    await unavailable(quick().tip());
    await unavailable(quick().headers(1, 3));
  });

  it('in bounds', async () => {
    node.takeOver = (response) => {
      response.setHeader('content-type', 'application/json');
      response.end(`[${' '.repeat(20_000)}]`);
    };
    await expect(quick({ maxResponseBytes: 10_000 }).tip()).rejects.toThrow(/exceeds the limit of 10000/);
  });

  it('because nobody is there', async () => {
    const dead = await startTamperer(anvil.url);
    await dead.close();
    await unavailable(quick({ url: dead.url }).tip());
  });
});

it('keeps secrets of its URL out of its name and errors, and sends the password as a header', async () => {
  const url = `${node.url.replace('//', '//user:pass%21word@')}/v3/KEY-IN-PATH?key=KEY-IN-QUERY`;
  const secret = new EthereumRpcSource({ chain: CHAIN, url, timeoutMs: 300 });
  await secret.check();
  expect(node.lastHeaders.authorization).toBe(`Basic ${btoa('user:pass!word')}`);
  expect(secret.name).toBe(`ethereum-local node at ${new URL(node.url).host}`);
  const errors: unknown[] = [];
  for (const end of ['x', undefined]) {
    node.takeOver = (response) => {
      response.statusCode = 403;
      if (end !== undefined) response.end(`no such key: ${url}`);
    };
    errors.push(await secret.tip().catch((error: unknown) => error));
  }
  expect(errors.every((error) => error instanceof SourceUnavailableError)).toBe(true);
  for (const error of errors as Error[]) {
    const text = `${error.message} ${JSON.stringify(error)} ${String(error.cause)}`;
    expect(text).not.toMatch(/KEY-IN|pass.*word/);
  }
});

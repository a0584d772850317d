import { hexToBigInt, numberToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../proofs/bytes.js';
import { LOCAL, lie, useSourceNode } from '../../../test/fixtures/ethereum/sourceNode.js';
import { Refusal, startTamperer } from '../../../test/fixtures/ethereum/tamperer.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import { EthereumRpcSource } from './jsonRpc.js';

const at = useSourceNode();

describe('a lying node', () => {
  type Block = Record<string, string> & { transactions: Record<string, string>[] };
  type Receipt = Record<string, unknown>;
  const blockHash = () => fromHex(at.paid.blockHash);
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
    at.node.tamper = (_method, _params, result) => ({ ...(result as Block), [name]: value });
    await faulty(at.source.headers(5, 1));
    await faulty(at.source.tip());
    await faulty(at.source.finalized());
    await faulty(at.source.block(blockHash()));
  });

  it('answers another block than it was asked for', async () => {
    const other = await at.anvil.call('eth_getBlockByNumber', ['0x6', true]);
    at.node.tamper = () => other;
    await faulty(at.source.headers(5, 1));
    await expect(at.source.block(blockHash())).rejects.toThrow(/when asked for/);
  });

  it('answers headers that do not link: it may have reorganised meanwhile', async () => {
    const snapshot = await at.anvil.call('evm_snapshot');
    await at.anvil.call('anvil_mine', ['0x2']);
    const top = (await at.source.tip()).height;
    const old = await at.anvil.call('eth_getBlockByNumber', [numberToHex(top - 1), false]);
    await at.anvil.call('evm_revert', [snapshot]);
    await at.send({ type: 'legacy', gasPrice: 10n ** 10n, chainId: 31337 });
    await at.anvil.call('anvil_mine', ['0x1']);
    at.node.tamper = (_method, [number], result) => (number === numberToHex(top - 1) ? old : result);
    const unlinked = at.source.headers(top - 1, 2);
    await expect(unlinked).rejects.toThrow(/reorganised while headers from \d+ were read, twice/);
    await expect(unlinked).rejects.toThrow(SourceUnavailableError);
    // Once is forgiven: the second reading is of one chain.
    let times = 0;
    at.node.tamper = (_method, [number], result) =>
      number === numberToHex(top - 1) && times++ === 0 ? old : result;
    expect((await at.source.headers(top - 1, 2)).map(({ height }) => height)).toEqual([top - 1, top]);
    expect(times).toBe(2);
  });

  it.each<[string, (tx: Record<string, unknown>) => Record<string, unknown>]>([
    ['value', (tx) => ({ ...tx, value: '0x1' })],
    ['type', (tx) => ({ ...tx, type: '0x7e' })],
    ['input', (tx) => ({ ...tx, input: 'zz' })],
    ['nonce', (tx) => ({ ...tx, nonce: -1 })],
  ])('about a transaction’s %s', async (_, change) => {
    at.node.tamper = lie('eth_getBlockByHash', (block: Block) => ({
      ...block,
      transactions: block.transactions.map(change),
    }));
    await faulty(at.source.block(blockHash()));
  });

  it('about the transactions as a whole', async () => {
    for (const transactions of [undefined, null, 'x', [at.paid.transactionHash]]) {
      at.node.tamper = lie('eth_getBlockByHash', (block: Block) => ({ ...block, transactions }));
      await faulty(at.source.block(blockHash()));
    }
  });

  it.each<[string, (receipts: Receipt[]) => unknown]>([
    ['a status', ([first, ...rest]) => [{ ...first, status: '0x0' }, ...rest]],
    ['a log', ([first, ...rest]) => [{ ...first, logs: [] }, ...rest]],
    ['a type', ([first, ...rest]) => [{ ...first, type: '0x1' }, ...rest]],
    ['an unknown type', ([first, ...rest]) => [{ ...first, type: '0x102' }, ...rest]],
    ['all but the first', ([first]) => [first, first]],
    ['no list', () => 7],
    ['no objects', () => [7]],
  ])('about receipts: %s', async (_, change) => {
    at.node.tamper = lie('eth_getBlockReceipts', change);
    await faulty(at.source.block(blockHash()));
  });

  it('about its chain id or genesis', async () => {
    at.node.tamper = lie('eth_chainId', () => 'x');
    await faulty(at.source.check());
    const mainnet = new EthereumRpcSource({ chain: 'ethereum-mainnet', url: at.node.url });
    at.node.tamper = lie('eth_chainId', () => '0x1');
    await expect(mainnet.check()).rejects.toThrow(/has genesis 0x.* another than ethereum-mainnet/);
  });

  it('about where a transaction is', async () => {
    at.node.tamper = lie('eth_getTransactionByHash', (tx: Receipt) => ({ ...tx, blockNumber: 'x' }));
    await faulty(at.source.findTransaction(fromHex(at.paid.transactionHash)));
  });
});

describe('a poor node', () => {
  const block = () => at.source.block(fromHex(at.paid.blockHash));

  it('without eth_getBlockReceipts gives receipts one by one', async () => {
    const good = await block();
    at.node.tamper = lie('eth_getBlockReceipts', () => {
      throw new Refusal(-32601, 'the method does not exist');
    });
    expect(await block()).toEqual(good);
    expect(at.node.calls.filter((method) => method === 'eth_getTransactionReceipt').length).toBe(
      good.transactions!.length,
    );
    at.node.tamper = (method, _params, result) => (/Receipt/.test(method) ? null : result);
    await expect(block()).rejects.toThrow(SourceUnavailableError);
    // The transaction is in another block by now: no lie, but no receipt of this block.
    at.node.tamper = (method, _params, result) => {
      if (method === 'eth_getBlockReceipts') return null;
      if (method !== 'eth_getTransactionReceipt') return result;
      return { ...(result as object), blockHash: `0x${'11'.repeat(32)}`, cumulativeGasUsed: '0x1' };
    };
    await expect(block()).rejects.toThrow(SourceUnavailableError);
  });

  it('that has pruned receipts or transactions says that there are none: no lie, and nothing is believed', async () => {
    const good = await block();
    const none: string[] = ['eth_getBlockReceipts', 'debug_getRawReceipts'];
    at.node.tamper = (method, _params, result) => (none.includes(method) ? [] : result);
    expect(await block()).toEqual(good);
    at.node.tamper = (method, _params, result) =>
      none.includes(method) ? [] : method === 'eth_getTransactionReceipt' ? null : result;
    await expect(block()).rejects.toThrow(/does not have all receipts/);
    await expect(block()).rejects.toThrow(SourceUnavailableError);
    at.node.tamper = lie('eth_getBlockByHash', (one: object) => ({ ...one, transactions: [] }));
    await expect(block()).rejects.toThrow(/does not have the transactions/);
    await expect(block()).rejects.toThrow(SourceUnavailableError);
  });

  it('without blooms is good enough', async () => {
    at.node.tamper = lie('eth_getBlockReceipts', (receipts: Record<string, unknown>[]) =>
      receipts.map(({ logsBloom: _, ...rest }) => rest),
    );
    expect((await block()).receipts!.length).toBeGreaterThan(0);
  });

  it('without old blocks, final blocks or any block', async () => {
    const mainnet = new EthereumRpcSource({ chain: 'ethereum-mainnet', url: at.node.url });
    at.node.tamper = (method) => (method === 'eth_chainId' ? '0x1' : null);
    await mainnet.check();
    expect(await at.source.finalized()).toBeUndefined();
    await expect(at.source.tip()).rejects.toThrow(SourceUnavailableError);
    at.node.tamper = () => {
      throw new Refusal(-39001, 'Unknown block');
    };
    expect(await at.source.finalized()).toBeUndefined();
    at.node.tamper = () => {
      throw new Refusal(-32602, 'invalid argument 0: hex string without 0x prefix');
    };
    expect(await at.source.finalized()).toBeUndefined();
    at.node.tamper = () => {
      throw new Refusal(-32005, 'too many requests');
    };
    await expect(at.source.finalized()).rejects.toThrow(/too many requests \(-32005\)/);
    await expect(at.source.headers(1, 1)).rejects.toThrow(SourceUnavailableError);
  });

  it('with a transaction that is not in a block yet', async () => {
    at.node.tamper = lie('eth_getTransactionByHash', (tx: Record<string, unknown>) => ({
      ...tx,
      blockHash: null,
      blockNumber: null,
    }));
    expect(await at.source.findTransaction(fromHex(at.paid.transactionHash))).toBeUndefined();
  });

  it('with numbers that have leading zeros', async () => {
    at.node.tamper = lie('eth_getBlockByNumber', (one: Record<string, string>) => ({
      ...one,
      gasLimit: `0x00${hexToBigInt(one.gasLimit as `0x${string}`).toString(16)}`,
    }));
    expect((await at.source.headers(5, 1)).length).toBe(1);
  });
});

describe('a node that does not answer', () => {
  const quick = (options = {}) =>
    new EthereumRpcSource({ chain: LOCAL, url: at.node.url, timeoutMs: 300, busyMs: 5, ...options });
  const unavailable = (promise: Promise<unknown>) => expect(promise).rejects.toThrow(SourceUnavailableError);

  it('at all, or only to begin with, is given up', async () => {
    const started = Date.now();
    at.node.takeOver = () => undefined;
    await unavailable(quick().tip());
    at.node.takeOver = (response) => {
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
    at.node.takeOver = (response) => {
      response.statusCode = status;
      response.end(text);
    };
    await unavailable(quick().tip());
    await unavailable(quick().headers(1, 3));
  });

  it('in bounds', async () => {
    at.node.takeOver = (response) => {
      response.setHeader('content-type', 'application/json');
      response.end(`[${' '.repeat(20_000)}]`);
    };
    await expect(quick({ maxResponseBytes: 10_000 }).tip()).rejects.toThrow(/exceeds the limit of 10000/);
  });

  it('because nobody is there', async () => {
    const dead = await startTamperer(at.anvil.url);
    await dead.close();
    await unavailable(quick({ url: dead.url }).tip());
  });
});

it('keeps secrets of its URL out of its name and errors, and sends the password as a header', async () => {
  const url = `${at.node.url.replace('//', '//user:pass%21word@')}/v3/KEY-IN-PATH?key=KEY-IN-QUERY`;
  const secret = new EthereumRpcSource({ chain: LOCAL, url, timeoutMs: 300 });
  await secret.check();
  expect(at.node.lastHeaders.authorization).toBe(`Basic ${btoa('user:pass!word')}`);
  expect(secret.name).toBe(`ethereum-local node at ${new URL(at.node.url).host}`);
  const errors: unknown[] = [];
  for (const end of ['x', undefined]) {
    at.node.takeOver = (response) => {
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

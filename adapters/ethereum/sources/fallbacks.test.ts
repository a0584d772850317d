import { beforeAll, describe, expect, it } from 'vitest';
import { addNetworkDefinition, NetworkSchema } from '../../../config/network.js';
import { fromHex, toHex } from '../../../proofs/bytes.js';
import { LOCAL, lie, useSourceNode } from '../../../test/fixtures/ethereum/sourceNode.js';
import { Refusal, type Tamper } from '../../../test/fixtures/ethereum/tamperer.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { ForeignBlock } from '../../source.js';
import { decodeRlp, encodeRlp } from '../rlp/rlp.js';
import { EthereumRpcSource } from './jsonRpc.js';

const at = useSourceNode();
type Fields = Record<string, unknown>;
const ROLLUP = NetworkSchema.parse({ name: 'fallback-rollup', chainId: 31337 });

let good: ForeignBlock;
let hash: Uint8Array;
let raw: { header: string; block: string; receipts: string[] };
beforeAll(async () => {
  addNetworkDefinition(ROLLUP);
  hash = fromHex(at.paid.blockHash);
  good = await at.source.block(hash);
  const transactions = good.transactions!.map((one) => ((one[0] ?? 0) < 0xc0 ? one : decodeRlp(one)));
  raw = {
    header: toHex(good.header.raw),
    block: toHex(encodeRlp([decodeRlp(good.header.raw), transactions, [], []])),
    receipts: good.receipts!.map((one) => toHex(one)),
  };
});

/** The same hex with another last digit, whatever it is. */
const changed = (hex: string) => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`;
const unsupported = () => {
  throw new Refusal(-32601, 'Method not found');
};
/** What a node with the `debug` module answers besides. */
const debug: Tamper = (method, _params, result) =>
  method === 'debug_getRawHeader'
    ? raw.header
    : method === 'debug_getRawBlock'
      ? raw.block
      : method === 'debug_getRawReceipts'
        ? raw.receipts
        : result;
function open(chain = LOCAL) {
  return new EthereumRpcSource({ chain, url: at.node.url, busyMs: 5 });
}

describe('receipts', () => {
  it('come raw where the node has no eth_getBlockReceipts, which it is asked for once', async () => {
    at.node.tamper = (method, params, result) =>
      method === 'eth_getBlockReceipts' ? unsupported() : debug(method, params, result);
    const source = open();
    for (let i = 0; i < 3; i++) expect((await source.block(hash)).receipts).toEqual(good.receipts);
    const asked = (name: string) => at.node.calls.filter((method) => method === name).length;
    expect([asked('eth_getBlockReceipts'), asked('debug_getRawReceipts')]).toEqual([1, 3]);
    expect(asked('eth_getTransactionReceipt')).toBe(0);
  });

  it.each([-32601, -32004, -32000])('come one by one where it has neither (error %i)', async (code) => {
    at.node.tamper = (method, _params, result) => {
      if (/Receipts$/.test(method))
        throw new Refusal(code, `the method ${method} does not exist/is not available`);
      return result;
    };
    const source = open();
    for (let i = 0; i < 3; i++) expect((await source.block(hash)).receipts).toEqual(good.receipts);
    const asked = at.node.calls.filter((method) => /Receipts$/.test(method));
    expect(asked).toEqual(['eth_getBlockReceipts', 'debug_getRawReceipts']);
  });

  it('that are refused for now are asked for again', async () => {
    let times = 0;
    at.node.tamper = (method, params, result) => {
      if (method === 'eth_getBlockReceipts' && times++ === 0) throw new Refusal(-32000, 'header not found');
      return debug(method, params, result);
    };
    const source = open();
    expect((await source.block(hash)).receipts).toEqual(good.receipts);
    await source.block(hash);
    expect(times).toBe(2);
  });

  it('raw ones that do not match are a fault too', async () => {
    at.node.tamper = (method, params, result) =>
      method === 'eth_getBlockReceipts'
        ? unsupported()
        : method === 'debug_getRawReceipts'
          ? [changed(raw.receipts[0]!), ...raw.receipts.slice(1)]
          : debug(method, params, result);
    await expect(open().block(hash)).rejects.toThrow(SourceFaultError);
  });
});

describe('a chain with types of transactions of its own', () => {
  const foreign: Tamper = (method, params, result) => {
    const answer = debug(method, params, result);
    if (method === 'eth_getBlockReceipts')
      return (answer as Fields[]).map((one) => ({ ...one, type: '0x7e' }));
    if (method !== 'eth_getBlockByHash') return answer;
    const block = answer as Fields & { transactions: Fields[] };
    return { ...block, transactions: block.transactions.map((tx) => ({ ...tx, type: '0x7e' })) };
  };

  it('is read raw, whatever they hold', async () => {
    at.node.tamper = foreign;
    const block = await open(ROLLUP.name).block(hash);
    expect(block.transactions).toEqual(good.transactions);
    expect(block.receipts).toEqual(good.receipts);
    expect(block.transactionHashes).toEqual(good.transactionHashes);
  });

  it('cannot be read where the node does not offer that: nobody’s fault there, but of a node of Ethereum', async () => {
    at.node.tamper = (method, params, result) =>
      method.startsWith('debug') ? unsupported() : foreign(method, params, result);
    await expect(open(ROLLUP.name).block(hash)).rejects.toThrow(SourceUnavailableError);
    await expect(open(ROLLUP.name).block(hash)).rejects.toThrow(
      /type 126 is not known, and offers no raw block/,
    );
    await expect(open().block(hash)).rejects.toThrow(SourceFaultError);
  });

  it('a raw block of another hash or with other transactions is a fault', async () => {
    const [header, transactions] = decodeRlp(fromHex(raw.block)) as [Uint8Array[], Uint8Array[]];
    for (const block of [
      encodeRlp([header.with(10, Uint8Array.of(1)), transactions, [], []]),
      encodeRlp([header, [], [], []]),
      encodeRlp([header, transactions.map((one) => one.subarray(1)), [], []]),
      Uint8Array.of(0xc0),
      Uint8Array.of(1),
    ]) {
      at.node.tamper = (method, params, result) =>
        method === 'debug_getRawBlock' ? toHex(block) : foreign(method, params, result);
      await expect(open(ROLLUP.name).block(hash)).rejects.toThrow(SourceFaultError);
    }
  });
});

describe('a header whose JSON is not all of it', () => {
  const lacking = (method: string, params: readonly unknown[], result: unknown) => {
    const answer = debug(method, params, result);
    if (!method.startsWith('eth_getBlockBy')) return answer;
    return { ...(answer as Fields), mixHash: `0x${'00'.repeat(31)}01` };
  };

  it('is read raw, by its hash', async () => {
    at.node.tamper = lacking;
    const source = open();
    expect((await source.block(hash)).header).toEqual(good.header);
    expect(await source.headers(good.header.height, 1)).toEqual([good.header]);
    // The raw header is another one's: the answer stays wrong.
    await expect(source.headers(good.header.height + 1, 1)).rejects.toThrow(SourceFaultError);
  });

  it('is a fault where the raw one does not have the hash, or is not offered', async () => {
    at.node.tamper = (method, params, result) =>
      method === 'debug_getRawHeader' ? changed(raw.header) : lacking(method, params, result);
    await expect(open().block(hash)).rejects.toThrow(SourceFaultError);
    at.node.tamper = (method, params, result) =>
      method === 'debug_getRawHeader' ? unsupported() : lacking(method, params, result);
    const source = open();
    for (let i = 0; i < 2; i++) await expect(source.block(hash)).rejects.toThrow(/not that of its fields/);
    expect(at.node.calls.filter((method) => method === 'debug_getRawHeader')).toHaveLength(2);
  });

  it('fields that other chains add are not looked at', async () => {
    at.node.tamper = (method, _params, result) =>
      method.startsWith('eth_getBlockBy')
        ? { ...(result as Fields), l1BlockNumber: '0x1', sendCount: '0x2', sendRoot: `0x${'11'.repeat(32)}` }
        : result;
    expect(await open(ROLLUP.name).block(hash)).toEqual(good);
  });
});

it('withdrawals that a provider leaves out are none where the root says so', async () => {
  for (const withdrawals of [undefined, null, []]) {
    at.node.tamper = lie('eth_getBlockByHash', (block: Fields) => ({ ...block, withdrawals }));
    expect((await open().block(hash)).withdrawals).toEqual([]);
  }
});

describe('state', () => {
  const address = fromHex('0x00000000000000000000000000000000000000aa');

  it('is asked for by hash; by number where the node does not know how, and then checked all the same', async () => {
    const byHash = await open().proof(address, [], hash);
    let objects = 0;
    at.node.tamper = (method, params, result) => {
      if (method === 'eth_getProof' && typeof params.at(-1) === 'object') {
        objects++;
        throw new Refusal(-32602, 'invalid argument 2: hex string expected');
      }
      return result;
    };
    const source = open();
    for (let i = 0; i < 2; i++) expect(await source.proof(address, [], hash)).toEqual(byHash);
    expect(objects).toBe(1);
    // By number, another block may have come there meanwhile: no fault.
    const other = (await at.anvil.call('eth_getProof', [toHex(address), [], '0x0'])) as Fields;
    at.node.tamper = lie('eth_getProof', () => other);
    await expect(source.proof(address, [], hash)).rejects.toThrow(SourceUnavailableError);
  });

  it.each([
    'block not found',
    'header for hash not found',
    'unknown block',
    'hash is not currently canonical',
  ])(
    'of a block that one node behind a name does not have is unavailable, and asked for by hash again: %s',
    async (message) => {
      const source = open();
      const honest = await source.proof(address, [], hash);
      let times = 0;
      const asked: unknown[] = [];
      at.node.tamper = (method, params, result) => {
        if (method !== 'eth_getProof') return result;
        asked.push(params.at(-1));
        if (times++ === 0) throw new Refusal(-32602, message);
        return result;
      };
      await expect(source.proof(address, [], hash)).rejects.toThrow(SourceUnavailableError);
      expect(await source.proof(address, [], hash)).toEqual(honest);
      expect(asked.map((block) => typeof block)).toEqual(['object', 'object']);
    },
  );

  it.each<[string, (proof: Fields & { accountProof: string[] }) => unknown]>([
    ['of another block', (proof) => ({ ...proof, accountProof: [changed(proof.accountProof[0]!)] })],
    ['a node too many', (proof) => ({ ...proof, accountProof: [...proof.accountProof, '0xc0'] })],
    ['a node too few', (proof) => ({ ...proof, accountProof: proof.accountProof.slice(0, -1) })],
    ['no nodes', (proof) => ({ ...proof, accountProof: [] })],
    ['no list', (proof) => ({ ...proof, accountProof: 'x' })],
    ['no object', () => 7],
    ['slots that were not asked for', (proof) => ({ ...proof, storageProof: [{ proof: [] }] })],
  ])('nodes by hash that do not lead down from the root are a fault: %s', async (_, change) => {
    at.node.tamper = lie('eth_getProof', change);
    await expect(open().proof(address, [], hash)).rejects.toThrow(SourceFaultError);
  });

  it('of which a list without entries is written as null is as good', async () => {
    const slot = new Uint8Array(32);
    const [without, one] = [await open().proof(address, [], hash), await open().proof(address, [slot], hash)];
    at.node.tamper = lie('eth_getProof', (proof: Fields) => ({ ...proof, storageProof: null }));
    expect(await open().proof(address, [], hash)).toEqual(without);
    // One slot was asked for: no list is not an answer.
    await expect(open().proof(address, [slot], hash)).rejects.toThrow(SourceFaultError);
    at.node.tamper = lie('eth_getProof', (proof: { storageProof: object[] }) => ({
      ...proof,
      storageProof: proof.storageProof.map((entry) => ({ ...entry, proof: null })),
    }));
    expect(await open().proof(address, [slot], hash)).toEqual(one);
  });

  it('fields beside the nodes decide nothing', async () => {
    const honest = await open().proof(address, [], hash);
    at.node.tamper = lie('eth_getProof', (proof: Fields) => ({
      ...proof,
      balance: '0x0',
      nonce: '0xff',
      codeHash: `0x${'00'.repeat(32)}`,
      storageHash: `0x${'11'.repeat(32)}`,
    }));
    expect(await open().proof(address, [], hash)).toEqual(honest);
  });

  it('that the node no longer has is unavailable', async () => {
    at.node.tamper = lie('eth_getProof', () => {
      throw new Refusal(-32000, 'missing trie node');
    });
    await expect(open().proof(address, [], hash)).rejects.toThrow(SourceUnavailableError);
    at.node.tamper = lie('eth_getProof', () => null);
    await expect(open().proof(address, [], hash)).rejects.toThrow(SourceUnavailableError);
    at.node.tamper = lie('eth_getCode', () => 'no hex');
    await expect(open().code(address, hash)).rejects.toThrow(SourceFaultError);
  });
});

import { Transaction } from 'bitcoinjs-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHex, reversed } from '../../../proofs/bytes.js';
import { startRegtest, type TestRegtest } from '../../../test/support/regtest.js';

let a: TestRegtest;
beforeAll(async () => {
  a = await startRegtest();
});
afterAll(() => a.close());

async function post(body: string, auth = 'u:p', method = 'POST') {
  const answer = await fetch(a.rpc.url, {
    method,
    headers: { authorization: `Basic ${Buffer.from(auth).toString('base64')}` },
    ...(method === 'POST' ? { body } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, text };
}
const legacy = async (method: unknown, params?: unknown) => {
  const { status, text } = await post(JSON.stringify({ id: 'x', method, params }));
  return { status, ...JSON.parse(text) };
};

describe('JSON-RPC over HTTP', () => {
  it('has statuses and envelopes of Bitcoin Core', async () => {
    expect((await post('{}', 'u:wrong')).status).toBe(401);
    expect((await post('', 'u:p', 'GET')).status).toBe(405);
    expect(await post('{nonsense')).toMatchObject({ status: 500 });
    expect(await legacy('nothing')).toEqual({
      status: 404,
      result: null,
      error: { code: -32601, message: 'Method not found' },
      id: 'x',
    });
    expect(await legacy('constructor')).toMatchObject({ status: 404 });
    expect(await legacy(undefined)).toMatchObject({ status: 400, error: { code: -32600 } });
    expect(await legacy('getblockhash', [99999])).toMatchObject({
      status: 500,
      error: { code: -8, message: 'Block height out of range' },
    });
    expect(await legacy('getblockhash', ['1'])).toMatchObject({ error: { code: -3 } });
    expect(await legacy('getblockhash', [])).toMatchObject({ error: { code: -1 } });
    expect(await legacy('getblockhash', [1, 2])).toMatchObject({ error: { code: -1 } });
    expect(await legacy('getblockhash', { height: 0 })).toMatchObject({ status: 200, error: null, id: 'x' });
    expect(await legacy('getblockhash', { hight: 0 })).toMatchObject({ error: { code: -8 } });
    expect(await legacy('getblock', ['00'.repeat(32)])).toMatchObject({
      error: { code: -5, message: 'Block not found' },
    });
    expect(await legacy('getblock', ['abc'])).toMatchObject({ error: { code: -8 } });
    expect(await legacy('getrawtransaction', ['00'.repeat(32)])).toMatchObject({ error: { code: -5 } });
  });

  it('answers batches in order, and JSON-RPC 2.0 with status 200', async () => {
    const calls = [{ id: 1, method: 'getblockcount' }, { id: 2, method: 'nothing' }, 5];
    const { status, text } = await post(JSON.stringify(calls));
    expect(status).toBe(200);
    expect(
      JSON.parse(text).map((r: { id: unknown; error: { code: number } | null }) => [r.id, r.error?.code]),
    ).toEqual([
      [1, undefined],
      [2, -32601],
      [null, -32600],
    ]);
    expect(await post('{"jsonrpc":"2.0","id":1,"method":"nothing"}')).toEqual({
      status: 200,
      text: '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}\n',
    });
    expect((await post('{"jsonrpc":"2.0","method":"getblockcount"}')).status).toBe(204);
  });

  it('reads blocks at each verbosity', async () => {
    const hash = await a.call('getblockhash', 5);
    const raw = (await a.call('getblock', hash, 0)) as string;
    const one = (await a.call('getblock', hash)) as {
      tx: string[];
      size: number;
      previousblockhash: string;
      nextblockhash: string;
    };
    const two = (await a.call('getblock', hash, 2)) as { tx: { txid: string; hex: string }[] };
    expect(one.size).toBe(raw.length / 2);
    expect(one.tx).toEqual(two.tx.map(({ txid }) => txid));
    expect(raw).toContain(two.tx[0]!.hex);
    expect(one.previousblockhash).toBe(await a.call('getblockhash', 4));
    expect(one.nextblockhash).toBe(await a.call('getblockhash', 6));
    expect(raw.slice(0, 160)).toBe(await a.call('getblockheader', hash, false));
    expect(await a.call('getblockheader', hash)).toMatchObject({
      hash,
      height: 5,
      confirmations: 106,
      bits: '207fffff',
    });
    expect(await a.call('getblockhash', 0)).toBe(
      '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
    );
    expect((await post('{"method":"getbalance"}')).text).toContain('"result":550.00000000,');
  });
});

describe('wallet and mempool', () => {
  it('pays, keeps the change and says what is wrong', async () => {
    const own = await a.call('getnewaddress');
    const txid = String(await a.call('sendtoaddress', 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 1.5));
    expect(await a.call('getrawmempool')).toEqual([txid]);
    const raw = String(await a.call('getrawtransaction', txid));
    expect(await a.call('sendrawtransaction', raw)).toBe(txid);
    const spentInput = Transaction.fromHex(raw).ins[0]!;
    const spent = Buffer.from(reversed(spentInput.hash)).toString('hex');
    expect(await a.call('gettxout', spent, spentInput.index)).toBeNull();
    expect(await a.call('gettxout', spent, spentInput.index, false)).toMatchObject({
      value: 50,
      coinbase: true,
    });
    const conflict = Transaction.fromHex(raw);
    conflict.outs[0]!.value -= 1n;
    await expect(a.call('sendrawtransaction', conflict.toHex())).rejects.toMatchObject({ code: -26 });
    await a.call('generatetoaddress', 1, own);
    expect(await a.call('gettxout', txid, 0)).toMatchObject({ value: 1.5, confirmations: 1 });
    await expect(a.call('sendrawtransaction', raw)).rejects.toMatchObject({ code: -27 });
    await expect(a.call('sendrawtransaction', conflict.toHex())).rejects.toMatchObject({ code: -25 });
    await expect(a.call('sendrawtransaction', '00')).rejects.toMatchObject({ code: -22 });
    await expect(a.call('sendtoaddress', own, 1_000_000)).rejects.toMatchObject({ code: -6 });
    await expect(
      a.call('sendtoaddress', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 1),
    ).rejects.toMatchObject({ code: -5 });
    await expect(a.call('sendtoaddress', own, 0)).rejects.toMatchObject({ code: -3 });
    await expect(a.call('sendtoaddress', own, '0.000000001')).rejects.toMatchObject({ code: -3 });
  });

  it('refuses a signature that was tampered with', async () => {
    const { node } = a;
    const tx = node.wallet.pay(Uint8Array.of(0x51), 1000n, node.chain.tip.height, node.mempool);
    tx.ins[0]!.witness[0]![20]! ^= 1;
    await expect(a.call('sendrawtransaction', tx.toHex())).rejects.toMatchObject({ code: -26 });
    tx.ins[0]!.witness[0]![20]! ^= 1;
    const low = tx.clone();
    low.outs[0]!.value += 10n;
    await expect(a.call('sendrawtransaction', low.toHex())).rejects.toThrow(/script-verify/);
    expect(await a.call('sendrawtransaction', tx.toHex())).toHaveLength(64);
  });

  it('spends its own unconfirmed change, five payments deep, in one block', async () => {
    const ids: unknown[] = [];
    for (let i = 0; i < 15; i++)
      ids.push(await a.call('sendtoaddress', 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 35));
    const [hash] = (await a.call('generatetoaddress', 1, await a.call('getnewaddress'))) as string[];
    const { tx } = (await a.call('getblock', hash)) as { tx: string[] };
    expect(tx).toEqual(expect.arrayContaining(ids));
    expect(fromHex(String(ids[0]), 'txid', 32).length).toBe(32);
  });
});

import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes, toBareHex } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { displayHash } from '../rules/checks.js';
import { foreignHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { mineAfter, rawBlock, sampleTransactions } from '../testing/samples.js';
import { CoreRpcSource } from './coreRpc.js';

type Handler = (method: string, params: unknown[]) => unknown;
class Refusal {
  constructor(readonly code: number) {}
}

const regtest = bitcoinNetwork('bitcoin-regtest');
const chain = [foreignHeader(regtest.genesisHeader, 0)];
for (let i = 0; i < 20; i++) chain.push(mineAfter(chain.at(-1)!));
const byId = (id: unknown) => chain.find((header) => displayHash(header.hash) === id);

/** A small honest node over `chain`. */
const honest: Handler = (method, params) => {
  const at = chain[Number(params[0])];
  switch (method) {
    case 'getblockcount':
      return chain.length - 1;
    case 'getblockchaininfo':
      return { blocks: chain.length - 1, bestblockhash: displayHash(chain.at(-1)!.hash) };
    case 'getblockhash':
      return at === undefined ? new Refusal(-8) : displayHash(at.hash);
    case 'getblockheader': {
      const header = byId(params[0]);
      if (header === undefined) return new Refusal(-5);
      return params[1] === true ? { height: header.height } : toBareHex(header.raw);
    }
    default:
      return new Refusal(-5);
  }
};

describe('CoreRpcSource', () => {
  let server: Server;
  let handler: Handler;
  let raw: string | undefined;
  let status = 200;
  let expectedAuth: string | undefined;
  let requests = 0;
  const sources: CoreRpcSource[] = [];

  beforeEach(async () => {
    handler = honest;
    raw = undefined;
    status = 200;
    expectedAuth = undefined;
    requests = 0;
    server = createServer((request, response) => {
      requests++;
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        if (expectedAuth !== undefined && request.headers.authorization !== expectedAuth) {
          response.writeHead(401).end();
          return;
        }
        const answer = ({ id, method, params }: { id: number; method: string; params: unknown[] }) => {
          const result = handler(method, params);
          return result instanceof Refusal
            ? { id, result: null, error: { code: result.code, message: 'refused' } }
            : { id, result, error: null };
        };
        const parsed = JSON.parse(body);
        const json = Array.isArray(parsed) ? parsed.map(answer).reverse() : answer(parsed);
        response.writeHead(status, { 'content-type': 'application/json' }).end(raw ?? JSON.stringify(json));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterEach(async () => {
    for (const one of sources.splice(0)) await one.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const source = (options: object = {}) => {
    const one = new CoreRpcSource({ chain: 'bitcoin-regtest', url: url(), timeoutMs: 2000, ...options });
    sources.push(one);
    return one;
  };

  it('reads tip and headers, linked and hashed, in batches', async () => {
    const one = source({ batchSize: 7 });
    await one.check();
    expect(await one.tip()).toEqual({ height: 20, hash: chain[20]!.hash });
    requests = 0;
    expect(await one.headers(3, 100)).toEqual(chain.slice(3));
    expect(requests).toBe(1 + 3 + 3);
    expect(await one.headers(3, 2)).toEqual(chain.slice(3, 5));
    expect(await one.headers(21, 5)).toEqual([]);
    expect(await one.finalized()).toBeUndefined();
  });

  it('refuses a node of another network', async () => {
    await expect(source({ chain: 'bitcoin-mainnet' }).check()).rejects.toThrow(/is not on bitcoin-mainnet/);
  });

  it('compares the checkpoint where block 0 is not served', async () => {
    handler = (method, params) => (params[0] === 0 ? new Refusal(-8) : honest(method, params));
    const checkpoint = { height: 5, hash: chain[5]!.hash };
    await source({ checkpoint }).check();
    await expect(source({ checkpoint: { ...checkpoint, height: 6 } }).check()).rejects.toThrow(/is not on/);
    await expect(source().check()).rejects.toMatchObject({ retryable: true });
  });

  it('retries a run that breaks by a reorganisation once, then says so', async () => {
    let lies = 1;
    const other = mineAfter(chain[4]!, 7);
    handler = (method, params) => {
      if (method === 'getblockhash' && params[0] === 5 && lies-- > 0) return displayHash(other.hash);
      if (method === 'getblockheader' && params[0] === displayHash(other.hash)) return toBareHex(other.raw);
      return honest(method, params);
    };
    expect(await source().headers(3, 5)).toEqual(chain.slice(3, 8));
    lies = 99;
    await expect(source().headers(3, 5)).rejects.toMatchObject({
      name: 'SourceUnavailableError',
      retryable: true,
    });
  });

  it('refuses a header that is not of its hash, and answers of the wrong shape', async () => {
    handler = (method, params) =>
      method === 'getblockheader' ? toBareHex(chain[1]!.raw) : honest(method, params);
    await expect(source().headers(3, 1)).rejects.toMatchObject({ name: 'SourceFaultError' });
    for (const answer of [null, 'zz', 5, {}, []]) {
      handler = () => answer;
      await expect(source().headers(0, 1)).rejects.toMatchObject({ name: 'SourceFaultError' });
      await expect(source().check()).rejects.toMatchObject({ name: 'SourceFaultError' });
      await expect(source().tip()).rejects.toMatchObject({ name: 'SourceFaultError' });
    }
  });

  /** Deeper than any recursion can go. */
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  it.each([
    ['code', `{"code":${deep},"message":"no"}`],
    ['code', '{"code":{"valueOf":1,"toString":1},"message":"no"}'],
    ['message', '{"code":-1,"message":{"toString":1}}'],
    ['message', `{"code":-1,"message":${deep}}`],
  ])('names a node whose error has a %s of another shape: %.40s', async (_, error) => {
    raw = `{"id":1,"result":null,"error":${error}}`;
    await expect(source().tip()).rejects.toThrow(/answered getblockchaininfo with an unreadable error/);
  });

  it.each(['[{"a":1}]', deep, '{"toString":1}'])('sends nothing back that is no hash: %.40s', async (id) => {
    const asked: string[] = [];
    handler = (method, params) => {
      asked.push(method);
      if (method === 'getblockhash') raw = `[{"id":2,"result":${id}},{"id":3,"result":${id}}]`;
      return honest(method, params);
    };
    await expect(source().headers(0, 2)).rejects.toMatchObject({ name: 'SourceFaultError' });
    expect(asked).toEqual(['getblockcount', 'getblockhash', 'getblockhash']);
  });

  it('reads a block and checks it', async () => {
    const transactions = sampleTransactions(5);
    const block = rawBlock(chain[20]!, transactions);
    const header = foreignHeader(block.slice(0, 80), 21);
    handler = (method, params) => {
      if (method === 'getblock') return toBareHex(block);
      return method === 'getblockheader' ? { height: 21 } : honest(method, params);
    };
    const read = await source().block(header.hash);
    expect(read.header).toEqual(header);
    expect(read.transactionHashes).toEqual(transactions.map(sha256d));
    await expect(source().block(chain[3]!.hash)).rejects.toThrow(/gave a bad block .* is .*, not /);
    handler = (method, params) =>
      method === 'getblock' ? toBareHex(concatBytes(block, new Uint8Array(1))) : honest(method, params);
    await expect(source().block(header.hash)).rejects.toMatchObject({ name: 'SourceFaultError' });
    handler = honest;
    await expect(source().block(header.hash)).rejects.toMatchObject({ name: 'SourceUnavailableError' });
  });

  it('finds a transaction by index, or by its unspent outputs', async () => {
    const txid = sha256d(new Uint8Array(1));
    handler = (method, params) =>
      method === 'getrawtransaction' ? { blockhash: displayHash(chain[9]!.hash) } : honest(method, params);
    expect(await source().findTransaction(txid)).toEqual({ height: 9, hash: chain[9]!.hash });
    handler = (method, params) => {
      if (method !== 'gettxout') return honest(method, params);
      return params[1] === 1 ? { bestblock: displayHash(chain[20]!.hash), confirmations: 3 } : null;
    };
    expect(await source().findTransaction(txid)).toEqual({ height: 18, hash: chain[18]!.hash });
    handler = honest;
    expect(await source().findTransaction(txid)).toBeUndefined();
  });

  it('sends a password or cookie, reads a new cookie, and never tells it', async () => {
    expectedAuth = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
    const port = new URL(url()).port;
    await source({ url: `http://me:s3cret@127.0.0.1:${port}` }).check();
    const wrong = source({ auth: { user: 'me', password: 'oth3r' } });
    const error = await wrong.check().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'SourceUnavailableError' });
    expect(JSON.stringify(error) + wrong.name + String((error as Error).stack)).not.toContain('oth3r');

    const cookieFile = join(await mkdtemp(join(tmpdir(), 'cookie-')), '.cookie');
    writeFileSync(cookieFile, 'old:1');
    const one = source({ auth: { cookieFile } });
    await expect(one.check()).rejects.toThrow(/credentials/);
    writeFileSync(cookieFile, 'me:s3cret\n');
    await one.check();
  });

  it('gives up clearly: too large, too slow, not JSON, busy, gone', async () => {
    await expect(source({ maxResponseBytes: 20 }).tip()).rejects.toThrow(/more than 20 bytes/);
    raw = '<html>';
    await expect(source().tip()).rejects.toThrow(/not JSON/);
    status = 503;
    await expect(source().tip()).rejects.toThrow(/HTTP 503/);
    raw = undefined;
    status = 200;
    handler = () => new Refusal(-28);
    await expect(source().check()).rejects.toMatchObject({ retryable: true });
    const dead = source({ url: 'http://127.0.0.1:1' });
    await expect(dead.tip()).rejects.toThrow(/cannot be reached/);
    await dead.close();
    await expect(dead.tip()).rejects.toThrow(/is closed/);
    const silent = createServer(() => {});
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    const slow = source({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, timeoutMs: 50 });
    await expect(slow.tip()).rejects.toThrow(/within 50 ms/);
    silent.closeAllConnections();
    silent.close();
    expect(() => source({ url: 'nonsense' })).toThrow(/is not a URL/);
    expect(() => source({ url: 'ftp://x' })).toThrow(/http or https/);
  });
});

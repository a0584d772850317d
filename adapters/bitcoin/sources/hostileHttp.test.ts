import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EsploraServer, serveEsplora } from '../../../devnet/bitcoin/esplora/server.js';
import { type HostileHttp, hostileHttp, type Lie, lies } from '../../../test/support/hostileHttp.js';
import { startRegtest, type TestRegtest } from '../../../test/support/regtest.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import type { Source } from '../../source.js';
import { CoreRestSource } from './coreRest.js';
import { CoreRpcSource } from './coreRpc.js';
import { EsploraSource } from './esplora.js';

const chain = 'bitcoin-regtest';
const HASTY = { timeoutMs: 1500, progressMs: 150, maxResponseBytes: 2 ** 20 };
/** Long enough for the busiest machine. */
const PATIENT = { ...HASTY, timeoutMs: 60_000, progressMs: 60_000 };

let regtest: TestRegtest;
let esplora: EsploraServer;
beforeAll(async () => {
  regtest = await startRegtest();
  esplora = await serveEsplora({ port: 0, view: regtest.node.chain, isWaiting: () => false });
});
afterAll(async () => {
  await esplora.close();
  await regtest.close();
});

const kinds: Record<string, { target: () => string; open: (url: string, limits?: typeof HASTY) => Source }> =
  {
    RPC: {
      target: () => regtest.rpc.url,
      open: (url, limits = PATIENT) =>
        new CoreRpcSource({ chain, url, auth: { user: 'u', password: 'p' }, ...limits }),
    },
    REST: {
      target: () => regtest.rpc.url,
      open: (url, limits = PATIENT) => new CoreRestSource({ chain, url, ...limits }),
    },
    Esplora: {
      target: () => esplora.url,
      open: (url, limits = PATIENT) =>
        new EsploraSource({ chain, url, requestsPerSecond: 1000, patienceMs: 100, ...limits }),
    },
  };

/** What only the time tells. */
const SLOW = new Set(['a body that trickles', 'no answer']);
/** Answers of a server that is down, slow or elsewhere: all others are lies. */
const UNAVAILABLE = new Set([
  ...SLOW,
  'a body that is cut off',
  'an HTML page with an error',
  'a redirect',
  'a wait of an hour',
]);

describe.each(Object.entries(kinds))('a lying %s server', (name, { target, open }) => {
  let server: HostileHttp;
  let source: Source;
  beforeAll(async () => {
    server = await hostileHttp(target());
    source = open(server.url);
  });
  afterAll(async () => {
    await source.close();
    await server.close();
  });

  const told = async (work: () => Promise<unknown>, lie: Lie): Promise<unknown> => {
    server.lie = lie;
    const error = await work().catch((caught: unknown) => caught);
    server.lie = undefined;
    return error;
  };

  it.each(Object.entries(lies) as [keyof typeof lies, Lie][])('%s', async (title, lie) => {
    const slow = SLOW.has(title);
    const own = slow || title === 'a wait of an hour' ? open(server.url, slow ? HASTY : PATIENT) : source;
    const started = Date.now();
    const memory = process.memoryUsage().rss;
    for (const work of [() => own.tip(), () => own.headers(3, 20), () => own.check()]) {
      const error = await told(work, lie);
      expect(error).toBeInstanceOf(UNAVAILABLE.has(title) ? SourceUnavailableError : SourceFaultError);
      expect(String(error)).toContain(own.name);
    }
    expect(Date.now() - started).toBeLessThan(50_000);
    expect(process.memoryUsage().rss - memory).toBeLessThan(200e6);
    if (own !== source) await own.close();
    expect((await source.tip()).height).toBe(110);
    expect(await source.headers(3, 20)).toHaveLength(20);
  });

  it('other bytes in every header', async () => {
    const flip: Lie = (response, { path, status, body }) => {
      const bytes = Buffer.from(body);
      if (name === 'REST' && path.includes('headers/')) bytes.writeUInt8((bytes[150] ?? 0) ^ 1, 150);
      const text = bytes.toString('latin1').replace(/"nonce":(\d)/g, '"nonce":1$1');
      const changed = text.replace(
        /"result":"(01|02|03|04|00)000020([0-9a-f]{152})/g,
        '"result":"05000020$2',
      );
      response.writeHead(status).end(Buffer.from(changed, 'latin1'));
    };
    const error = await told(() => source.headers(3, 20), flip);
    expect(error).toBeInstanceOf(SourceFaultError);
    expect(await source.headers(3, 20)).toHaveLength(20);
  });

  it('another block than the one asked for, and a part of it', async () => {
    const [wanted] = await source.headers(20, 1);
    const other = Buffer.from(regtest.node.chain.rawBlock(regtest.node.chain.entryAt(21)!));
    const own = Buffer.from(regtest.node.chain.rawBlock(regtest.node.chain.entryAt(20)!));
    for (const bytes of [
      other,
      own.subarray(0, own.length - 1),
      Buffer.concat([own, own]),
      Buffer.alloc(0),
    ]) {
      const answer = name === 'RPC' ? undefined : bytes;
      const error = await told(
        () => source.block(wanted!.hash),
        (response, { body }) =>
          response.end(
            answer ?? body.toString().replace(/"result":"[0-9a-f]+"/, `"result":"${bytes.toString('hex')}"`),
          ),
      );
      expect(error).toBeInstanceOf(SourceFaultError);
    }
    expect((await source.block(wanted!.hash)).header).toEqual(wanted);
  });
});

describe('an Esplora server that asks for a pause', () => {
  it.each(['0', new Date(Date.now() - 5000).toUTCString()])(
    'gets it, and the answer is read then: %s',
    async (value) => {
      const server = await hostileHttp(esplora.url);
      const source = new EsploraSource({ chain, url: server.url });
      let left = 2;
      server.lie = (response, { status, body }) =>
        left-- > 0
          ? response.writeHead(left === 0 ? 503 : 429, { 'retry-after': value }).end()
          : response.writeHead(status).end(body);
      expect((await source.tip()).height).toBe(110);
      await source.close();
      await server.close();
    },
  );

  it('for an hour is left alone meanwhile', async () => {
    const server = await hostileHttp(esplora.url);
    const source = new EsploraSource({ chain, url: server.url, patienceMs: 50 });
    server.lie = lies['a wait of an hour'];
    for (let i = 0; i < 3; i++) await expect(source.tip()).rejects.toThrow(/asks for a pause of 60 s/);
    expect(server.requests).toBe(1);
    await source.close();
    await server.close();
  });

  it('keeps to its requests a second', async () => {
    const source = new EsploraSource({ chain, url: esplora.url, requestsPerSecond: 20 });
    const started = Date.now();
    for (let i = 0; i < 5; i++) await source.tip();
    expect(Date.now() - started).toBeGreaterThan(9 * 50 - 20);
    await source.close();
  });
});

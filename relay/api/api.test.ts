import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { SourceUnavailableError } from '../../adapters/errors.js';
import { ProofKindError } from '../../adapters/payloadBuilder.js';
import { networkData } from '../../adapters/registry.js';
import { AccountSigner } from '../../mainchain/crypto/account.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { aggregateSignatures } from '../../mainchain/crypto/signer.js';
import { bytesEqual, utf8 } from '../../proofs/bytes.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { Assurance, FakeLocal, fakeKind, GENESIS, registrationOf } from '../../test/relay/fakeForeign.js';
import { FakeMain } from '../../test/relay/fakeMain.js';
import { parsePolicy } from '../../timing/policy.js';
import { RelayService } from '../service.js';
import { ListenError, statusOf } from './errors.js';
import { openApiDocument } from './openapi.js';
import { ChainList, HeaderList, ReorganisationList } from './routes/chains.js';
import { Health } from './routes/health.js';
import { RecentProofList } from './routes/proofs.js';
import * as s from './schemas.js';

/** The status of an answer to a request with these headers; `fetch` would not send a `Host` of its caller's. */
function statusFor(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

const kind = fakeKind({ 'made-up': Assurance.work, other: Assurance.attested });
const hashOf = (name: string) => kind.displayHash(sha256(utf8(name)));

describe('the API over HTTP', () => {
  const main = new FakeMain();
  const local = new FakeLocal('made-up');
  const other = new FakeLocal('other');
  const faults: unknown[] = [];
  const places = new Map([
    ['early', 102],
    ['late', 120],
    ['before', 50],
    ['lost-source', 103],
    ['elsewhere', 104],
    ['no-log', 105],
  ]);
  let relay: RelayService;
  let ticking: NodeJS.Timeout;
  let checkFails = false;

  const config = () => ({
    version: '1.2.3',
    nodes: main.delegates.map((_, i) => ({ name: `node ${i}`, client: main.client(i) })),
    operator: AccountSigner.fromSecret(new Uint8Array(32).fill(3)),
    chains: [
      {
        name: 'made-up',
        kind,
        registration: registrationOf('made-up', parsePolicy('confirmations(2)')),
        local,
      },
      { name: 'other', kind, registration: registrationOf('other', parsePolicy('finalized')), local: other },
    ],
    data: {
      async place(chain: string, hash: Uint8Array) {
        const name = [...places.keys()].find((one) => bytesEqual(sha256(utf8(one)), hash));
        const height = name === undefined ? undefined : places.get(name);
        if (chain !== 'made-up' || height === undefined) return undefined;
        const blockHash = name === 'elsewhere' ? sha256(hash) : (local.header(height)?.hash ?? GENESIS.hash);
        return { height, blockHash, index: name === 'no-log' ? 9 : 0 };
      },
      async block(_chain: string, hash: Uint8Array) {
        if (bytesEqual(hash, local.header(103)?.hash ?? hash))
          throw new SourceUnavailableError('source', 'down');
        return { header: GENESIS, transactionHashes: [] };
      },
    },
    pages: {
      page: async (_chain: string, from: number, limit: number) =>
        local.branch.filter((header) => header.height >= from).slice(0, limit),
    },
    payloads: {
      check: (chain: string, _code: number, question: { readonly aspect: string }) => {
        if (question.aspect === 'nonsense') throw new ProofKindError(`kind=nonsense: ${chain} offers tx`);
      },
      build: (_code: number, request: { readonly index: number }) => {
        if (request.index === 9) throw new ProofKindError('no such log');
        return { kind: 1 as const, payload: new Uint8Array(0) };
      },
      branch: (
        _chain: string,
        _code: number,
        { format, also }: { format: string; also: readonly string[] },
      ) => {
        if (format === 'spv') throw new ProofKindError('format=spv: made-up offers esplora');
        return { type: 'application/json', text: JSON.stringify({ format, also }) };
      },
      buildOfBlock: async (
        _code: number,
        { parameters, header }: { parameters: object; header: { height: number } },
      ) => {
        throw new ProofKindError(`${header.height} ${JSON.stringify(parameters)}`);
      },
      readState: (
        _code: number,
        { format, text, header }: { format: string; text: string; header: { height: number } },
      ) => {
        throw new ProofKindError(`${format} ${text} ${header.height}`);
      },
      stateFile: async (
        _code: number,
        request: { format: string; aspect: string; parameters: object; header: { height: number } },
      ) => {
        const { format, aspect, parameters, header } = request;
        if (format === 'xml') throw new ProofKindError('format=xml: made-up offers no state');
        const told = { format, aspect, parameters, height: header.height };
        return { type: 'application/json', text: JSON.stringify(told) };
      },
    },
    format: { networks: networkData, payloads: [], chainKind: () => undefined },
    genesis: main.genesis,
    verify: { bls: blstBls },
    scheme: { verify: blstBls.verify, aggregate: aggregateSignatures },
    checks: {
      index: async () => {
        if (checkFails) throw new Error('the index is behind');
      },
    },
    onFault: (error: unknown) => void faults.push(error),
  });

  beforeAll(async () => {
    local.grow(20);
    ticking = setInterval(() => main.block(), 20);
    relay = await RelayService.start({ ...config(), http: { port: 0 } });
    const end = Date.now() + 90_000;
    const done = () =>
      main.chain('made-up')?.committed.height === local.tip().height - 1 && main.chain('other');
    while (!done() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(main.chain('made-up')?.committed.height).toBe(119);
  });
  afterAll(async () => {
    await relay.stop();
    clearInterval(ticking);
  });

  async function get(path: string, init?: RequestInit) {
    const response = await fetch(`${relay.url}${path}`, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text ? (JSON.parse(text) as unknown) : undefined,
    };
  }

  test.each<[string, z.ZodType]>([
    ['/healthz', Health],
    ['/readyz', s.Readiness],
    ['/v1/status', s.Status],
    ['/v1/chains', ChainList],
    ['/v1/chains/made-up', s.Chain],
    ['/v1/chains/other', s.Chain],
    ['/v1/chains/made-up/headers', HeaderList],
    ['/v1/chains/made-up/headers?from=105&limit=3', HeaderList],
    ['/v1/chains/made-up/headers/105', s.HeaderDetail],
    ['/v1/chains/made-up/reorgs', ReorganisationList],
    ['/v1/chains/made-up/reorgs?limit=1', ReorganisationList],
    ['/v1/proofs', RecentProofList],
    ['/v1/commitments/head', s.Commitments],
    ['/v1/commitments/1', s.Commitments],
    ['/v1/main/headers/0', s.MainHeader],
    ['/v1/main/headers/finalized', s.MainHeader],
    ['/v1/main/finality', s.Finality],
  ])('%s answers in its documented shape', async (path, schema) => {
    const { status, body, headers } = await get(path);
    expect(status).toBe(200);
    expect(schema.parse(body)).toEqual(body);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test.each([
    [404, 'NotFoundError', '/nowhere'],
    [404, 'ChainNotConfiguredError', '/v1/chains/nothing'],
    [404, 'ChainNotConfiguredError', '/v1/chains/nothing/headers/1'],
    [404, 'NotFoundError', '/v1/chains/made-up/headers/9999'],
    [404, 'NotFoundError', `/v1/chains/made-up/headers/${'ab'.repeat(32)}`],
    [400, 'MalformedInputError', '/v1/chains/made-up/headers/xyz'],
    [400, 'BadRequestError', '/v1/chains/made-up/headers?limit=0'],
    [400, 'BadRequestError', '/v1/chains/made-up/headers?limit=501'],
    [400, 'BadRequestError', '/v1/chains/made-up/reorgs?limit=501'],
    [400, 'MalformedInputError', '/v1/chains/made-up/reorgs?cursor=nonsense'],
    [400, 'BadRequestError', '/v1/chains/made-up/headers?from=-1'],
    [400, 'BadRequestError', '/v1/chains/%E0%A4%A'],
    [404, 'NotFoundError', '/v1/main/headers/99999999'],
    [404, 'NotFoundError', '/v1/commitments/99999999'],
    [400, 'BadRequestError', '/v1/main/headers/tip'],
    [404, 'UnknownReorganisationError', '/v1/chains/made-up/reorgs/0/proof'],
    [400, 'BadRequestError', '/v1/chains/made-up/reorgs/x/proof'],
    [404, 'UnknownTransactionError', `/v1/chains/made-up/txs/${hashOf('never')}/proof`],
    [400, 'MalformedInputError', '/v1/chains/made-up/txs/zz/proof'],
    [400, 'BadRequestError', `/v1/chains/made-up/txs/${hashOf('early')}/proof?kind=log`],
    [400, 'BadRequestError', `/v1/chains/made-up/txs/${hashOf('early')}/proof?kind=tx&log=1`],
    [400, 'BadRequestError', `/v1/chains/made-up/txs/${hashOf('early')}/proof?format=xml`],
    [400, 'BadRequestError', `/v1/chains/made-up/txs/${hashOf('early')}/proof?kind=tx&kind=log`],
    [425, 'NotProvableYetError', `/v1/chains/made-up/txs/${hashOf('early')}/proof`],
    [425, 'NotProvableYetError', `/v1/chains/made-up/txs/${hashOf('late')}/proof`],
    [422, 'BelowHistoryError', `/v1/chains/made-up/txs/${hashOf('before')}/proof`],
    [503, 'SourceUnavailableError', `/v1/chains/made-up/txs/${hashOf('lost-source')}/proof`],
    [409, 'DisputedBlockError', `/v1/chains/made-up/txs/${hashOf('elsewhere')}/proof`],
    [400, 'BadRequestError', `/v1/chains/made-up/txs/${hashOf('early')}/proof?kind=Tx`],
    [400, 'BadRequestError', `/v1/chains/made-up/txs/${hashOf('early')}/proof?kind=output&output=-1`],
    [
      400,
      'BadRequestError',
      `/v1/chains/made-up/txs/${hashOf('early')}/proof?kind=txs&also=${'a,'.repeat(201)}`,
    ],
    [400, 'ProofKindError', `/v1/chains/made-up/txs/${hashOf('early')}/proof?kind=nonsense`],
    [404, 'UnknownTransactionError', `/v1/chains/made-up/txs/${hashOf('never')}/merkle`],
    [404, 'ChainNotConfiguredError', `/v1/chains/nothing/txs/${hashOf('early')}/merkle`],
    [400, 'BadRequestError', `/v1/chains/made-up/txs/${hashOf('early')}/merkle?format=${'x'.repeat(33)}`],
    [400, 'ProofKindError', `/v1/chains/made-up/txs/${hashOf('early')}/merkle?format=spv`],
    [400, 'ProofKindError', `/v1/chains/made-up/txs/${hashOf('no-log')}/proof?kind=log&log=7`],
    [400, 'BadRequestError', `/v1/chains/made-up/txs/${hashOf('early')}/proof?kind=block-log`],
    [400, 'BadRequestError', '/v1/chains/made-up/blocks/105/proof'],
    [400, 'BadRequestError', '/v1/chains/made-up/blocks/105/proof?kind=logs&from_block=x'],
    [400, 'BadRequestError', '/v1/chains/made-up/blocks/105/proof?kind=count&list=uncles'],
    [400, 'BadRequestError', `/v1/chains/made-up/blocks/105/proof?kind=logs${'&topic=any'.repeat(5)}`],
    [400, 'BadRequestError', `/v1/chains/made-up/blocks/105/proof?kind=storage&slot=${'1'.repeat(79)}`],
    [400, 'ProofKindError', '/v1/chains/made-up/blocks/105/proof?kind=nonsense'],
    [400, 'ProofKindError', '/v1/chains/made-up/blocks/105/proof?kind=account&address=x'],
    [404, 'ChainNotConfiguredError', '/v1/chains/nothing/blocks/105/proof?kind=account'],
    [404, 'UnknownBlockError', '/v1/chains/made-up/blocks/999/proof?kind=account'],
    [404, 'UnknownBlockError', `/v1/chains/made-up/blocks/${hashOf('never')}/proof?kind=account`],
    [400, 'MalformedInputError', '/v1/chains/made-up/blocks/newest/proof?kind=account'],
    [425, 'NotProvableYetError', '/v1/chains/made-up/blocks/120/proof?kind=account'],
    [400, 'BadRequestError', '/v1/chains/made-up/blocks/105/state'],
    [400, 'ProofKindError', '/v1/chains/made-up/blocks/105/state?address=x&format=xml'],
    [404, 'UnknownBlockError', '/v1/chains/made-up/blocks/999/state?address=x'],
  ])('%i %s: %s', async (status, name, path) => {
    const answer = await get(path);
    expect(s.ErrorBody.parse(answer.body)).toMatchObject({ error: { name } });
    expect(answer.status).toBe(status);
    if (status === 425 || status === 503)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(answer.body)).not.toContain('node_modules');
  });

  test.each([
    [400, 'BadRequestError', ''],
    [422, 'ProofError', 'not a proof'],
    [422, 'ProofError', '{"format":"crossroot-proof"}'],
  ])('POST /v1/proofs/verify: %i %s for %j', async (status, name, body) => {
    const answer = await get('/v1/proofs/verify', { method: 'POST', body });
    expect(answer).toMatchObject({ status, body: { error: { name } } });
  });

  test('a Merkle branch, in the form and of the transactions that are asked for', async () => {
    const path = `/v1/chains/made-up/txs/${hashOf('early')}/merkle`;
    const plain = await get(path);
    expect([plain.status, plain.body]).toEqual([200, { format: 'esplora', also: [] }]);
    expect(plain.headers.get('content-type')).toContain('application/json');
    const several = await get(`${path}?format=txoutproof&also=ab,cd`);
    expect(several.body).toEqual({ format: 'txoutproof', also: ['ab', 'cd'] });
  });

  test('a question about a block: found by height, hash or as the latest, with repeated parameters', async () => {
    const hash = kind.displayHash(local.header(110)?.hash ?? GENESIS.hash);
    const message = async (path: string) => {
      const { body } = await get(`/v1/chains/made-up/blocks/${path}`);
      return (body as { error: { message: string } }).error.message;
    };
    expect(await message(`${hash}/proof?kind=logs&topic=any&topic=0x1,0x2&from_block=7`)).toBe(
      '110 {"topic":["any","0x1,0x2"],"fromBlock":7}',
    );
    expect(await message('105/proof?kind=storage&address=x&slot=5')).toBe('105 {"address":"x","slot":["5"]}');
    const { body } = await get('/v1/chains/made-up/blocks/104/state?address=x&slot=1&slot=2');
    const parameters = { address: 'x', slot: ['1', '2'] };
    expect(body).toEqual({ format: 'eip1186', aspect: 'storage', parameters, height: 104 });
    const account = await get('/v1/chains/made-up/blocks/latest/state?address=x');
    expect(account).toMatchObject({ status: 200, body: { aspect: 'account' } });
    const post = (body: string) => get('/v1/chains/made-up/blocks/106/state', { method: 'POST', body });
    expect(await post('an answer')).toMatchObject({
      status: 400,
      body: { error: { message: 'eip1186 an answer 106' } },
    });
    expect(await post('')).toMatchObject({ status: 400, body: { error: { name: 'BadRequestError' } } });
  });

  test('a body that is too large is refused', async () => {
    const answer = await get('/v1/proofs/verify', { method: 'POST', body: new Uint8Array(2 ** 24 + 1) });
    expect(answer).toMatchObject({ status: 413, body: { error: { name: 'LimitExceededError' } } });
  });

  test('a paused chain: told, and nothing is proven', async () => {
    main.setStatus('made-up', ChainStatus.paused);
    const answer = await get(`/v1/chains/made-up/txs/${hashOf('early')}/proof`);
    expect(answer).toMatchObject({
      status: 409,
      body: { error: { name: 'DisputedBlockError', retryable: true } },
    });
    expect(await get('/v1/chains/made-up')).toMatchObject({ body: { status: 'paused' } });
    main.setStatus('made-up', ChainStatus.active);
  });

  test('readiness names what is wrong', async () => {
    checkFails = true;
    local.state = { source: 'test source', healthy: false, problem: 'connection refused' };
    const checks = {
      index: { ok: false, message: 'the index is behind' },
      'source:made-up': { ok: false },
      'main-chain': { ok: true },
    };
    // An answer of a moment ago may still be given.
    await expect.poll(() => get('/readyz')).toMatchObject({ status: 503, body: { ready: false, checks } });
    checkFails = false;
    local.state = { source: 'test source', healthy: true };
    await expect.poll(() => get('/readyz')).toMatchObject({ status: 200 });
  });

  test('a dead main chain: the status says so, the rest is 503', async () => {
    main.fault = () => 'unavailable';
    // An answer of a moment ago may still be given.
    await expect
      .poll(() => get('/v1/status'))
      .toMatchObject({ status: 200, body: { ready: false, main: null } });
    expect(await get('/v1/chains')).toMatchObject({
      status: 503,
      body: { error: { name: 'NodeUnavailableError', retryable: true } },
    });
    main.fault = () => 'none';
  });

  test('a fault of ours is told without its inside', async () => {
    const page = local.tip.bind(local);
    local.tip = () => {
      throw new TypeError('secret inside');
    };
    const answer = await get('/v1/chains/made-up/headers');
    local.tip = page;
    expect(answer).toMatchObject({ status: 500, body: { error: { name: 'InternalError' } } });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect(faults.some((fault) => fault instanceof TypeError)).toBe(true);
  });

  test('another Host name is refused: no web site reaches a loopback service by a name of its own', async () => {
    expect(await statusFor(`${relay.url}/v1/chains`, { host: 'evil.example' })).toBe(400);
    expect(await statusFor(`${relay.url}/v1/chains`, { host: 'localhost:4700' })).toBe(200);
  });

  test('names that are allowed are answered, and loopback’s stay so', async () => {
    const http = { hosts: ['crossroot.example', '[2001:db8::1]'] };
    const named = await RelayService.start({ ...config(), chains: [], http });
    const statuses: Record<string, number | undefined> = {};
    const asked = ['crossroot.example', 'CROSSROOT.example.:443', '[2001:db8::1]:8443', '127.0.0.1', '[::1]'];
    const others = ['evil.example', 'crossroot.example.evil.example', 'x.crossroot.example', '[2001:db8::2]'];
    for (const host of [...asked, ...others])
      statuses[host] = await statusFor(`${named.url}/healthz`, { host });
    await named.stop();
    for (const host of asked) expect([host, statuses[host]]).toEqual([host, 200]);
    for (const host of others) expect([host, statuses[host]]).toEqual([host, 400]);
  });

  test('where names are given, an address that everybody reaches answers to no others', async () => {
    const open = await RelayService.start({ ...config(), chains: [], http: { host: '0.0.0.0' } });
    expect(await statusFor(`${open.url}/healthz`, { host: 'any.example' })).toBe(200);
    await open.stop();
    const http = { host: '0.0.0.0', hosts: ['crossroot.example'] };
    const named = await RelayService.start({ ...config(), chains: [], http });
    expect(await statusFor(`${named.url}/healthz`, { host: 'any.example' })).toBe(400);
    expect(await statusFor(`${named.url}/healthz`, { host: 'crossroot.example' })).toBe(200);
    await named.stop();
  });

  test('rate limit and port in use', async () => {
    const limited = await RelayService.start({ ...config(), chains: [], http: { requestsPerMinute: 2 } });
    const ask = () => fetch(`${limited.url}/healthz`);
    await ask();
    await ask();
    const third = await ask();
    expect(third.status).toBe(429);
    expect(await third.json()).toMatchObject({ error: { name: 'RateLimitedError', retryable: true } });
    const port = Number(new URL(limited.url).port);
    await expect(RelayService.start({ ...config(), chains: [], http: { port } })).rejects.toThrow(
      ListenError,
    );
    await limited.stop();
  });

  test('who stands behind a proxy is told apart by what a trusted one says, and by nothing else', async () => {
    const proxies = async (trustedProxies: string[]) => {
      const http = { requestsPerMinute: 2, trustedProxies };
      const limited = await RelayService.start({ ...config(), chains: [], http });
      const ask = async (from: string, more = {}) =>
        (await fetch(`${limited.url}/healthz`, { headers: { 'x-forwarded-for': from, ...more } })).status;
      return { limited, ask };
    };
    // The proxy adds the address that it saw behind whatever the client claimed.
    const behind = await proxies(['127.0.0.0/8', '::1']);
    const statuses: number[] = [];
    for (const from of [
      '198.51.100.7',
      '203.0.113.1, 198.51.100.7',
      '203.0.113.2, 198.51.100.7',
      '198.51.100.8',
    ])
      statuses.push(await behind.ask(from));
    expect(statuses).toEqual([200, 200, 429, 200]);
    await behind.limited.stop();
    // Whoever comes from elsewhere is counted by where he comes from.
    for (const trusted of [[], ['10.0.0.0/8']]) {
      const direct = await proxies(trusted);
      const claimed = [];
      for (const from of ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
        claimed.push(await direct.ask(from));
      expect(claimed).toEqual([200, 200, 429]);
      await direct.limited.stop();
    }
  });

  test('a trusted proxy is not believed about the name that was asked for', async () => {
    const guarded = await RelayService.start({
      ...{ ...config(), chains: [] },
      http: { hosts: ['crossroot.example'], trustedProxies: ['127.0.0.1'] },
    });
    const headers = {
      host: 'other.example',
      'x-forwarded-host': 'crossroot.example',
      'x-forwarded-for': '198.51.100.7',
    };
    expect(await statusFor(`${guarded.url}/healthz`, headers)).toBe(400);
    await guarded.stop();
  });

  test('no answer tells where a source, a node or a file is', async () => {
    const words =
      'http://me:hunter2@node.internal:8332/key at 10.1.2.3:8332 or node.internal:8332, see /srv/secret/x';
    const troubled = Object.assign(new FakeLocal('made-up'), {
      state: { source: 'node at node.internal:8332', healthy: false, problem: words },
      sources: () => [
        {
          ...{
            name: 'ours',
            healthy: false,
            score: 1,
            behind: false,
            failures: 1,
            errors: 1,
          },
          ...{ faults: 0, latencyMs: 1, tipHeight: undefined, lastError: words },
        },
      ],
      evidence: {
        list: async () => [wrong],
        get: () => ({ evidence: wrong, branches: undefined }),
      },
    });
    const wrong = {
      ...{
        kind: 'source-fault' as const,
        source: 'node at 10.1.2.3:8332',
        height: 1,
        hash: '',
        message: words,
      },
      ...{ seen: 1, number: 1 },
    };
    const told: unknown[] = [];
    const base = config();
    const service = await RelayService.start({
      ...base,
      chains: base.chains.slice(0, 1).map((chain) => ({ ...chain, local: troubled })),
      data: {
        place: () => Promise.reject(new SourceUnavailableError(words, words)),
        block: () => Promise.reject(new SourceUnavailableError(words, words)),
      },
      pages: { page: () => Promise.reject(new Error(words)) },
      checks: { index: () => Promise.reject(new Error(words)) },
      onFault: (error) => void told.push(error),
    });
    const { paths } = (await (await fetch(`${service.url}/openapi.json`)).json()) as { paths: object };
    const asked = Object.keys(paths).map((path) =>
      path
        .replace('{chain}', 'made-up')
        .replace('{hash}', hashOf('early'))
        .replace(/\{\w+\}/g, '1'),
    );
    const answers = await Promise.all(
      asked.map(async (path) => {
        const response = await fetch(service.url + path);
        return [path, response.status, await response.text()] as const;
      }),
    );
    await service.stop();
    for (const [path, , text] of answers)
      expect([path, text]).toEqual([
        path,
        expect.not.stringMatching(/hunter2|node\.internal|10\.1\.2\.3|srv/),
      ]);
    const textOf = (part: string) => answers.find(([path]) => path === part)?.[2] ?? '';
    expect(textOf('/readyz')).toContain('(address) at (address) or (address), see (file)');
    expect(textOf('/v1/chains/made-up/sources')).toContain('ours');
    expect(textOf('/v1/chains/made-up/evidence')).toContain('source-fault');
    expect(textOf(`/v1/chains/made-up/txs/${hashOf('early')}/proof`)).toContain('SourceUnavailableError');
    // Who runs it reads all of it in the log.
    expect(told.some((fault) => String(fault).includes(words))).toBe(true);
  });

  test('many who look at once cost the nodes one question', async () => {
    // What is kept from before has aged.
    await new Promise((resolve) => setTimeout(resolve, 600));
    let asked = 0;
    main.fault = (call) => {
      if (call === 'commitments') asked++;
      return 'none';
    };
    await Promise.all(Array.from({ length: 60 }, () => get('/v1/status')));
    main.fault = () => 'none';
    // One look takes two; the relay's own watch and submitters ask now and then.
    expect(asked).toBeLessThan(20);
  });

  test('the page: four files of this server, nothing else', async () => {
    const page = await fetch(`${relay.url}/`);
    const html = await page.text();
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].flatMap((match) => match[1] ?? []);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links.filter((one) => one !== 'data:,')) {
      expect(link.startsWith('/')).toBe(true);
      // There is nothing to trust before a block is final and certified.
      const statuses = link === '/v1/main/trust' ? [200, 404] : [200];
      expect(statuses).toContain((await fetch(`${relay.url}${link}`)).status);
    }
    const script = await (await fetch(`${relay.url}/page.js`)).text();
    expect(() => new Function(script)).not.toThrow();
    expect(script).not.toMatch(/innerHTML|https?:|eval/);
    for (const id of script.matchAll(/byId\('([a-z]+)'\)/g)) expect(html).toContain(`id="${id[1]}"`);
  });

  test('the OpenAPI document has every route, and every route is in it', async () => {
    const { body } = await get('/openapi.json');
    const document = openApiDocument('1.2.3');
    expect(body).toEqual(JSON.parse(JSON.stringify(document)));
    expect(document.openapi).toMatch(/^3\.1/);
    const text = JSON.stringify(document);
    for (const match of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components?.schemas).toHaveProperty(match[1] ?? '');
    }
    const ids = new Set<string>();
    for (const [path, item] of Object.entries(document.paths ?? {})) {
      for (const [method, operation] of Object.entries(
        item as Record<
          string,
          {
            operationId: string;
            parameters?: { in: string; name: string; required?: boolean }[];
            responses: object;
          }
        >,
      )) {
        expect(ids.has(operation.operationId)).toBe(false);
        ids.add(operation.operationId);
        expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
        const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
        const declared = (operation.parameters ?? []).filter((one) => one.in === 'path');
        expect(declared.map((one) => one.name).sort()).toEqual(named.sort());
        expect(declared.every((one) => one.required)).toBe(true);
        const response = await fetch(`${relay.url}${path.replace(/\{\w+\}/g, 'x')}`, {
          method: method.toUpperCase(),
        });
        expect([200, 400, 404, 503]).toContain(response.status);
        expect(await response.text()).not.toContain('no such path');
      }
    }
    expect(ids.size).toBe(48);
  });
});

test('an error class that nobody listed is 503 if it may heal, else 500', () => {
  expect(statusOf(new SourceUnavailableError('x', 'y'))).toBe(503);
  expect(statusOf(new ListenError('h', 1, new Error('e')))).toBe(500);
});

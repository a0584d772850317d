import { afterAll, beforeAll, expect, it } from 'vitest';
import { networkData } from '../adapters/registry.js';
import { IndexUnavailableError } from '../indexers/store/errors.js';
import type { ServedProof } from '../indexers/store/indexStore.js';
import { blstBls } from '../mainchain/crypto/blst.js';
import { Assurance, FakeLocal, fakeKind, registrationOf } from '../test/relay/fakeForeign.js';
import { FakeMain } from '../test/relay/fakeMain.js';
import type { FakeIndex } from '../test/support/index/fakeIndex.js';
import { fakeWorld } from '../test/support/index/world.js';
import { parsePolicy } from '../timing/policy.js';
import { ApiService } from './apiService.js';
import { withIndex } from './indexed.js';

const NAME = 'bitcoin-regtest';
const main = new FakeMain();
const written: ServedProof[] = [];
let index: FakeIndex;
let services: ApiService[];

function start(): Promise<ApiService> {
  const local = new FakeLocal(NAME);
  const kind = fakeKind({ [NAME]: Assurance.work });
  const unused = () => {
    throw new Error('not asked here');
  };
  const store = Object.assign(index, {
    writeProofs: async (rows: readonly ServedProof[]) => void written.push(...rows),
  });
  const { worker, ...indexed } = withIndex(store, unused);
  return ApiService.start({
    version: '1.2.3',
    nodes: [{ name: 'node', client: main.client(0) }],
    chains: [
      { name: NAME, kind, registration: registrationOf(NAME, parsePolicy('confirmations(2)')), local },
    ],
    data: { place: async () => undefined, block: async () => unused() },
    pages: { page: async () => [] },
    payloads: {
      check: () => undefined,
      build: unused,
      branch: unused,
      buildOfBlock: unused,
      stateFile: unused,
      readState: unused,
    },
    format: { networks: networkData, payloads: [], chainKind: () => undefined },
    genesis: main.genesis,
    verify: { bls: blstBls },
    workers: [worker],
    ...indexed,
  });
}

beforeAll(async () => {
  index = fakeWorld();
  services = [await start(), await start()];
});
afterAll(() => Promise.all(services.map((service) => service.stop())));

const get = async (service: ApiService | undefined, path: string) => {
  const response = await fetch(`${service?.url}${path}`);
  return { status: response.status, body: (await response.json()) as unknown };
};

it('answers without an operator', async () => {
  const [one] = services;
  expect(await get(one, '/v1/status')).toMatchObject({
    status: 200,
    body: { ready: true, operator: null, chains: [{ name: NAME, submission: null }], evidence: [] },
  });
  expect((await fetch(`${one?.url}/`)).status).toBe(200);
});

it('any number of servers give one answer: pages begun at one go on at another', async () => {
  const [one, other] = services;
  const path = `/v1/index/chains/${NAME}/headers?limit=7`;
  const first = await get(one, path);
  expect(await get(other, path)).toEqual(first);
  const { next } = first.body as { next: string };
  const second = (await get(other, `${path}&cursor=${next}`)).body as { rows: { height: string }[] };
  expect(second.rows.map((row) => Number(row.height))).toEqual([107, 108, 109, 110, 111, 112, 113]);
});

it('goes on without its index', async () => {
  index.fault = new IndexUnavailableError('away');
  const [one] = services;
  expect((await get(one, '/v1/index/counts')).status).toBe(503);
  for (const path of [
    '/v1/status',
    '/v1/chains',
    `/v1/chains/${NAME}/headers`,
    '/v1/main/finality',
    '/readyz',
  ])
    expect({ path, ...(await get(one, path)) }).toMatchObject({ path, status: 200 });
  index.fault = undefined;
});

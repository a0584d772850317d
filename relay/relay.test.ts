import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bitcoinKind } from '../adapters/bitcoin/kind.js';
import { bitcoinPayloadVerifiers, readUnanchoredHeader } from '../adapters/bitcoin/proofs/index.js';
import { CoreRpcSource } from '../adapters/bitcoin/sources/coreRpc.js';
import { networkData, payloadBuilders } from '../adapters/registry.js';
import { RegtestNode } from '../devnet/bitcoin/node.js';
import { nodeMethods } from '../devnet/bitcoin/rpc/methods.js';
import { type RpcServer, serveRpc } from '../devnet/bitcoin/rpc/server.js';
import { Follower } from '../indexers/follow/follower.js';
import { EmbeddedLog } from '../indexers/log/embedded.js';
import { BlockCache } from '../indexers/sinks/blockCache.js';
import { MainPublisher } from '../indexers/sinks/mainPublisher.js';
import { mainEffect } from '../indexers/sinks/mainSink.js';
import { followInto } from '../indexers/sinks/streamSink.js';
import { TransactionIndex } from '../indexers/sinks/transactionIndex.js';
import { transactionSink } from '../indexers/sinks/transactionSink.js';
import type { ServedProof } from '../indexers/store/indexStore.js';
import { AccountSigner } from '../mainchain/crypto/account.js';
import { blstBls } from '../mainchain/crypto/blst.js';
import { aggregateSignatures } from '../mainchain/crypto/signer.js';
import { LocalClient } from '../mainchain/rpc/local.js';
import { nobleBls } from '../proofs/bls/bls.js';
import { bytesEqual } from '../proofs/bytes.js';
import { GenesisType } from '../proofs/containers/genesis.js';
import { ChainKindCode, ChainSpecType } from '../proofs/containers/spec.js';
import { decodeProof } from '../proofs/format/file.js';
import type { FormatContext } from '../proofs/format/json.js';
import { trustFromGenesis } from '../proofs/verify/trust.js';
import { verifyProof } from '../proofs/verify/verify.js';
import { MemoryStore } from '../storage/memory.js';
import { Cluster } from '../test/mainchain/cluster.js';
import { regtestGenesis, regtestSpec } from '../test/mainchain/foreign.js';
import { MemoryIndex } from '../test/support/indexers/memoryIndex.js';
import { parsePolicy } from '../timing/policy.js';
import { bookPages, followedChain, indexedProofData } from './bind.js';
import { publishedMain } from './bindMain.js';
import type { RelayEvent } from './events.js';
import { RelayService } from './service.js';

const NAME = 'bitcoin-regtest';
const format: FormatContext = {
  networks: networkData,
  payloads: bitcoinPayloadVerifiers,
  chainKind: (name) => (name.startsWith('bitcoin-') ? ChainKindCode.bitcoin : undefined),
};

/** A regtest node with real work, a follower, four delegates over sockets, and the relay between them. */
describe('a relay between a Bitcoin node and a main chain', { timeout: 300_000 }, () => {
  let folder: string;
  let bitcoin: RegtestNode;
  let rpc: RpcServer;
  let cluster: Cluster;
  let follower: Follower;
  let source: CoreRpcSource;
  let relay: RelayService;
  const events: RelayEvent[] = [];
  const served: ServedProof[] = [];
  const faults: unknown[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crossroot-relay-'));
    bitcoin = await RegtestNode.open({ dataDir: folder, store: new MemoryStore(), firstBlocks: 3 });
    const credentials = { user: 'user', password: 'password' };
    rpc = await serveRpc({
      host: '127.0.0.1',
      port: 0,
      credentials: [credentials],
      methods: nodeMethods(bitcoin, () => undefined),
    });
    const spec = regtestSpec();
    source = new CoreRpcSource({
      chain: NAME,
      name: 'a node',
      url: rpc.url,
      auth: credentials,
      checkpoint: spec.checkpoint,
    });
    const store = new MemoryStore();
    const log = new EmbeddedLog(store);
    follower = await Follower.open({
      chain: NAME,
      kind: bitcoinKind,
      checkpoint: spec.checkpoint,
      sources: [source],
      log,
      store,
      pollMs: 50,
    });
    cluster = await Cluster.start({
      nodes: 4,
      slotMilliseconds: 100,
      kinds: [bitcoinKind],
      attestor: () => ({ check: async () => undefined, approve: async () => undefined }),
    });
    const blocks = new BlockCache({ sources: new Map([[NAME, [source]]]) });
    const index = new TransactionIndex(store, blocks, new Map([[NAME, follower.book]]));
    const sink = transactionSink({ log, store, book: follower.book, blocks, retryMs: 100 });
    const registration = {
      spec,
      policy: parsePolicy('confirmations(2)'),
      checkpointHeader: regtestGenesis.raw,
    };
    const local = followedChain(follower);
    relay = await RelayService.start({
      version: '0.0.0',
      nodes: [0, 1, 2, 3].map((i) => ({ name: `delegate ${i}`, client: new LocalClient(cluster.node(i)) })),
      operator: cluster.user,
      chains: [{ name: NAME, kind: bitcoinKind, registration, local }],
      data: indexedProofData(index, blocks),
      pages: bookPages([follower.book]),
      payloads: payloadBuilders,
      format,
      genesis: cluster.genesis,
      verify: { bls: blstBls, readHeader: readUnanchoredHeader },
      scheme: { verify: blstBls.verify, aggregate: aggregateSignatures },
      workers: [
        { name: 'follower', start: () => follower.start(), stop: () => follower.stop() },
        { name: 'transactions', start: () => sink.start(), stop: () => sink.stop() },
      ],
      lowBalance: 10n ** 18n,
      onEvent: (event) => events.push(event),
      onProof: (proof) => served.push(proof),
      onFault: (error) => faults.push(error),
    });
  });

  afterAll(async () => {
    await relay.stop();
    await cluster.stop();
    await rpc.close();
    await bitcoin.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
    const end = Date.now() + 120_000;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`${what}: ${JSON.stringify(events.slice(-5))}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const get = async (path: string) => {
    const response = await fetch(`${relay.url}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };
  const chain = async () =>
    (await get(`/v1/chains/${NAME}`)).body as unknown as Record<string, { height: string } | null>;
  const finalizedHeight = async () => Number((await chain()).finalized?.height ?? -1);

  test('shows the health of its sources and what they did wrong', async () => {
    await follower.evidence.record(NAME, {
      kind: 'source-fault',
      source: source.name,
      height: 2,
      hash: '',
      message: 'told something untrue',
      seen: 1_700_000_000,
    });
    const read = async (path: string) => (await fetch(`${relay.url}/v1/chains/${NAME}/${path}`)).json();
    const { sources } = (await read('sources')) as { sources: { name: string; score: number }[] };
    expect(sources).toMatchObject([{ name: source.name, behind: false }]);
    expect(sources[0]?.score).toBeGreaterThanOrEqual(0);
    expect(await read('evidence')).toMatchObject({
      evidence: [{ number: '1', kind: 'source-fault', height: '2', time: '2023-11-14T22:13:20.000Z' }],
    });
    expect(await read('evidence/1')).toMatchObject({ evidence: { branches: false }, branches: null });
    expect((await fetch(`${relay.url}/v1/chains/${NAME}/evidence/9`)).status).toBe(404);
    expect((await fetch(`${relay.url}/v1/chains/${NAME}/evidence/x`)).status).toBe(400);
  });

  test('registers, submits, and the chain becomes final up to the policy', async () => {
    await until(async () => (await finalizedHeight()) >= 2, 'finalised height 2');
    await until(() => events.some((event) => event.type === 'finalized' && event.height >= 2), 'the event');
    // Each comes from a look of its own, in no order.
    for (const type of ['listening', 'registered', 'submitted', 'committed'])
      await until(() => events.some((event) => event.type === type), type);
    await until(
      () => events.some((event) => event.type === 'warning' && event.message.includes('balance is low')),
      'the warning',
    );
    await until(async () => (await get('/readyz')).status === 200, 'readiness');
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { ready: true } });
  });

  test.each(['json', 'ssz'])('a proof as %s verifies offline and at the API', async (how) => {
    const coinbase = bitcoin.chain.tip;
    const header = await get(`/v1/chains/${NAME}/headers/1`);
    expect(header.body).toMatchObject({ state: 'finalized' });
    expect(coinbase.height).toBeGreaterThanOrEqual(3);
    const block = await source.block(bitcoinKind.parseHash(header.body.hash ?? ''));
    const txid = bitcoinKind.displayHash(block.transactionHashes[0]!);
    const response = await fetch(`${relay.url}/v1/chains/${NAME}/txs/${txid}/proof?format=${how}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toContain(`.${how}"`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const trust = trustFromGenesis(cluster.genesis);
    const { proof } = decodeProof(bytes, format);
    const verdict = verifyProof(proof, {
      networks: format.networks,
      payloads: format.payloads,
      bls: nobleBls,
      trust,
    });
    expect(verdict).toMatchObject({ kind: 'bitcoin-transaction', chain: NAME, height: 1, assurance: 'work' });

    const checked = await fetch(`${relay.url}/v1/proofs/verify`, { method: 'POST', body: bytes });
    expect(checked.status).toBe(200);
    expect(await checked.json()).toMatchObject({ valid: true, height: '1', blockHash: header.body.hash });
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
    const spoilt = await fetch(`${relay.url}/v1/proofs/verify`, { method: 'POST', body: bytes });
    expect(spoilt.status).toBe(422);
    expect(await spoilt.json()).toMatchObject({ error: { name: 'ProofError' } });
    expect(served.at(-1)).toMatchObject({
      chain: NAME,
      kind: 'bitcoin-transaction',
      subject: txid,
      bytes: bytes.length,
    });
    expect((await get('/v1/proofs')).body).toMatchObject({
      proofs: [{ chain: NAME, kind: 'bitcoin-transaction' }],
    });
  });

  test('a transaction in the newest block is told to wait', async () => {
    const { hash } = bitcoin.chain.tip as unknown as { hash: Uint8Array };
    expect(hash).toBeDefined();
    const tip = (await chain()).local as unknown as { hash: string };
    const block = await source.block(bitcoinKind.parseHash(tip.hash));
    const txid = bitcoinKind.displayHash(block.transactionHashes[0]!);
    const { status, body } = await get(`/v1/chains/${NAME}/txs/${txid}/proof`);
    expect(status).toBe(425);
    expect(body).toMatchObject({
      error: { name: 'NotProvableYetError', retryable: true, progress: { depth: '1', needed: '2' } },
    });
  });

  test('new blocks follow, and a reorganisation below the committed tip is recorded and proven', async () => {
    await bitcoin.generate(3, Uint8Array.of(0x51));
    const top = bitcoin.chain.tip.height;
    await until(async () => (await finalizedHeight()) >= top - 1, 'three more');
    const call = (method: string, params: unknown[]) =>
      fetch(rpc.url, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa('user:password')}`, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
      }).then(async (response) => ((await response.json()) as { result: string }).result);
    const victim = await call('getblockhash', [top - 2]);
    await call('invalidateblock', [victim]);
    await bitcoin.generate(5, Uint8Array.of(0x52));
    await until(
      async () =>
        ((await get(`/v1/chains/${NAME}/reorgs`)).body.reorganisations as unknown as unknown[]).length === 1,
      'a reorganisation',
    );
    await until(async () => (await finalizedHeight()) >= top, 'the new branch');
    const old = await get(`/v1/chains/${NAME}/headers/${victim}`);
    expect(old.body).toMatchObject({ state: 'stale', depth: null, reorganisations: [0] });
    const { status, body } = await get(`/v1/chains/${NAME}/reorgs/0/proof`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'reorg' });
    expect(await get(`/v1/chains/${NAME}/reorgs/1/proof`)).toMatchObject({ status: 404 });
  });

  test('commitments, main headers, finality and metrics', async () => {
    expect((await get('/v1/commitments/finalized')).body).toMatchObject({
      commitments: [{ chain: NAME, status: 'active', epoch: '1' }],
    });
    const finality = (await get('/v1/main/finality')).body as unknown as {
      finalized: { root: string; height: string };
    };
    expect(finality).toMatchObject({ delegates: 4, certificate: { term: '0' } });
    const header = await get(`/v1/main/headers/${finality.finalized.root}`);
    expect(header.body).toMatchObject({ height: finality.finalized.height, finalized: true });
    const metrics = await (await fetch(`${relay.url}/metrics`)).text();
    expect(metrics).toMatch(/crossroot_chain_height\{chain="bitcoin-regtest",stage="finalized"\} \d+/);
    expect(metrics).toContain('crossroot_proof_build_seconds_count');
    expect(faults).toEqual([]);
  });

  test('publishes finalised main-chain blocks with their commitments and certificates, which an index takes', async () => {
    const store = new MemoryStore();
    const log = new EmbeddedLog(store);
    const main = publishedMain(new LocalClient(cluster.node(1)), GenesisType.hashTreeRoot(cluster.genesis));
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const publisher = new MainPublisher({ streams: log, main, store, pollMs: 50, onError });
    const index = new MemoryIndex();
    const sink = log.blocks();
    const specRoot = ChainSpecType.hashTreeRoot(regtestSpec());
    const chainOf = (root: Uint8Array) => (bytesEqual(root, specRoot) ? NAME : undefined);
    const client = new LocalClient(cluster.node(2));
    const trust = {
      trust: trustFromGenesis(cluster.genesis),
      bls: blstBls,
      handovers: (fromTerm: number) => client.handovers(fromTerm),
    };
    const effect = mainEffect({ chainOf, genesisRoot: main.genesisRoot, trust, onConflict: onError });
    followInto(sink, 'main', index.client().sets, effect);
    publisher.start();
    await until(
      () => [...index.tables.main.values()].some((row) => row.commitments.length > 0),
      'a commitment',
    );
    const end = await main.finalizedHeight();
    await until(() => index.tables.main.has(end), 'the newest final block');
    await publisher.stop();
    await sink.stop();
    expect(errors).toEqual([]);
    const rows = [...index.tables.main.values()];
    expect(rows.map(({ block }) => block.height)).toEqual(rows.map((_, i) => i));
    const newest = rows.findLast((row) => row.certificate !== undefined && row.commitments.length > 0);
    expect(newest?.commitments).toMatchObject([{ chain: NAME, status: 1, mainRoot: newest?.block.root }]);
    expect(newest?.certificate).toMatchObject({
      mainHeight: newest?.block.height,
      mainRoot: newest?.block.root,
    });
    expect(newest?.certificate?.signers).toBeGreaterThanOrEqual(3);
    const certificates = rows.flatMap(({ certificate }) => certificate ?? []);
    expect(certificates.map(({ verified }) => verified)).toEqual(certificates.map(() => true));
    // The newest one's certificate is waited for, so that it is not lost for good.
    expect(index.tables.main.get(end)?.certificate).toBeDefined();
  });
});

test('an operator is an account of the main chain', () => {
  expect(AccountSigner.fromSecret(new Uint8Array(32).fill(1)).account).toHaveLength(20);
});

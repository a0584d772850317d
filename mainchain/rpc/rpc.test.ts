import { BitArray } from '@chainsafe/ssz';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, toHex, utf8, ZERO32 } from '../../proofs/bytes.js';
import {
  type Attest,
  CommitAttestedType,
  type GovernanceAction,
  GovernanceKind,
  GovernedCallType,
  PolicyKind,
  RegistrationType,
  TransferType,
} from '../../proofs/containers/calls.js';
import { LeafAnchorType } from '../../proofs/containers/proof.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { rootFromPath } from '../../proofs/history/path.js';
import { LightClient } from '../../proofs/verify/lightClient.js';
import { headerRoot, trustFromGenesis } from '../../proofs/verify/trust.js';
import { Cluster } from '../../test/mainchain/cluster.js';
import { specRootOf, toyCheckpoint, toyKind, toyRun, toySpec } from '../../test/mainchain/foreign.js';
import { blstBls } from '../crypto/blst.js';
import { aggregateSignatures } from '../crypto/signer.js';
import { AttestationRefusedError } from '../node/attestation.js';
import { httpClient } from './http.js';
import { LocalClient, type NodeClient } from './local.js';
import { RpcServer } from './server.js';
import type { DelegateSignature } from './types.js';

const NAME = 'toy-local';
const run = toyRun(toyCheckpoint, 6);
let cluster: Cluster;
let servers: RpcServer[];
let clients: NodeClient[];

beforeAll(async () => {
  cluster = await Cluster.start({
    nodes: 4,
    slotMilliseconds: 100,
    termBlocks: 20,
    kinds: [toyKind],
    attestor: () => ({
      check: async (attest) => {
        if (attest.digest[0] === 0xee) throw new AttestationRefusedError('its source says otherwise', true);
      },
      approve: async () => undefined,
    }),
  });
  servers = await Promise.all(
    [0, 1, 2, 3].map((i) => RpcServer.start({ client: new LocalClient(cluster.node(i)), port: 0 })),
  );
  clients = servers.map((server) => httpClient({ url: server.url, timeoutMilliseconds: 120_000 }));
});
afterAll(async () => {
  await Promise.all(servers.map((s) => s.stop()));
  await cluster.stop();
});

/** Sends a call and waits until it is final. @returns its root and what its receipt says */
async function deliver(call: Call): Promise<{ readonly root: Uint8Array; readonly error: string }> {
  const client = clients[0]!;
  const signer = cluster.user;
  const { nonce } = await client.account(signer.account);
  const [fee, genesis] = [await client.fee(call.payload.length), (await client.status()).genesisRoot];
  let root: Uint8Array | undefined;
  while (root === undefined) {
    const mark = await client.mark();
    const signed = signer.sign({ sender: signer.account, nonce, fee, mark, call }, genesis);
    root = await client.send(signed).catch((error: unknown) => {
      // Its block was replaced by another meanwhile, or is too old by now: then a newer one is taken.
      if (error instanceof Error && error.message.endsWith('bad-mark')) return undefined;
      throw error;
    });
  }
  const end = Date.now() + 120_000;
  for (;;) {
    const status = await client.transaction(root);
    if (status.status === 'finalized')
      return { root, error: new TextDecoder().decode(status.receipt?.error) };
    if (Date.now() > end) throw new Error(`transaction is ${status.status}: ${cluster.describe()}`);
    await cluster.pause(30);
  }
}

async function send(call: Call): Promise<Uint8Array> {
  const { root, error } = await deliver(call);
  expect(error).toBe('');
  return root;
}

/**
 * Sends what the delegates of the term signed. A term of two seconds may end between the signatures and the block: then the
 * next one's delegates have to sign, as whoever submits has to ask them.
 */
async function sendSigned(sign: () => Promise<Call>): Promise<void> {
  const setRoot = async () => toHex((await clients[0]!.status()).setRoot);
  for (;;) {
    const before = await setRoot();
    const { error } = await deliver(await sign());
    if (error === 'bad-signature' && (await setRoot()) !== before) continue;
    expect(error).toBe('');
    return;
  }
}

/** Asks twice, until both answers are of one term. */
async function sameTerm(ask: () => Promise<DelegateSignature>) {
  for (;;) {
    const [first, again] = [await ask(), await ask()];
    if (toHex(first.setRoot) === toHex(again.setRoot)) return [first, again] as const;
  }
}

function combine(signatures: readonly DelegateSignature[]) {
  const bits = BitArray.fromBitLen(4);
  for (const s of signatures) bits.set(s.index, true);
  return { bits, signature: aggregateSignatures(signatures.map((s) => s.signature)) };
}

async function register(): Promise<void> {
  const spec = toySpec();
  const policy = { kind: PolicyKind.finalized, value: 0 };
  const payload = RegistrationType.serialize({ spec, policy, checkpointHeader: toyCheckpoint.raw });
  const action: GovernanceAction = {
    sequence: await clients[0]!.governanceSequence(),
    kind: GovernanceKind.register,
    specRoot: specRootOf(spec),
    payload,
  };
  await sendSigned(async () => {
    const signatures = await Promise.all(clients.slice(0, 3).map((c) => c.approve(action)));
    return {
      method: Method.govern,
      payload: GovernedCallType.serialize({ action, ...combine(signatures) }),
    };
  });
}

async function commit(from: number, to: number, seq: number): Promise<void> {
  const headers = concatBytes(...run.slice(from, to).map((h) => h.raw));
  const attest: Attest = {
    specRoot: specRootOf(toySpec()),
    epoch: 0,
    seq,
    from: run[from]!.height,
    to: run[to - 1]!.height,
    digest: sha256(headers),
  };
  await sendSigned(async () => {
    const signatures = await Promise.all(clients.slice(1, 4).map((c) => c.attest(attest)));
    const payload = CommitAttestedType.serialize({ attest, headers, ...combine(signatures) });
    return { method: Method.commitAttested, payload };
  });
}

describe('a node over JSON-RPC', () => {
  it('answers like the node in process', async () => {
    const [local, remote] = [new LocalClient(cluster.node(0)), clients[0]!];
    expect(await remote.genesis()).toEqual(await local.genesis());
    expect(await remote.header(0)).toEqual(await local.header(0));
    expect(await remote.header(new Uint8Array(32))).toBeUndefined();
    expect(await remote.block('finalized')).toBeDefined();
    expect(await remote.receipts('head')).toEqual(await local.receipts('head'));
    expect(await remote.chain('nothing')).toBeUndefined();
    expect((await remote.status()).delegates).toBe(4);
    expect(await remote.fee(5)).toBe(15n);
    expect(await remote.evidence()).toEqual([]);
    await cluster.until(() => cluster.finalized() > 2, 'finality');
    const { finalized } = await remote.status();
    expect((await remote.certificate(finalized.height))?.vote.source).toEqual(finalized);
    expect(await remote.certificate(10_000)).toBeUndefined();
  });

  it('moves money, and takes the same transaction twice', async () => {
    const to = new Uint8Array(20).fill(9);
    const payload = TransferType.serialize({ to, amount: 7n });
    await send({ method: Method.transfer, payload });
    expect((await clients[3]!.account(to)).balance).toBe(7n);
  });

  it('registers a chain, commits to it, and anchors leaves across terms', async () => {
    await register();
    const state = await clients[1]!.chain(NAME);
    expect(state?.committed.height).toBe(100);
    await commit(0, 3, 1);
    const early = (await clients[2]!.status()).finalized.height;
    await commit(3, 6, 2);
    await cluster.until(
      () => cluster.running.every((n) => n.core.engine.finalized.height > 45),
      'the third term',
    );
    const trust = trustFromGenesis(cluster.genesis);
    for (const at of [undefined, early, early + 1]) {
      const options = at === undefined ? {} : { at };
      const answer = await clients[1]!.leafAnchor(NAME, 102, options);
      expect(LeafAnchorType.serialize(answer)).toBeInstanceOf(Uint8Array);
      const light = new LightClient(trust, blstBls);
      for (const handover of answer.anchor.handovers) light.applyHandover(handover);
      const { header, ancestry, certificate } = answer.anchor;
      if (at !== undefined) expect(header.height).toBe(at);
      const newer = ancestry[0];
      light.verify(newer?.header ?? header, certificate);
      if (newer) {
        expect(
          toHex(rootFromPath(headerRoot(header), header.height, 0, newer.header.height, newer.path)),
        ).toBe(toHex(newer.header.historyRoot));
      }
    }
    await expect(clients[0]!.leafAnchor(NAME, 99)).rejects.toMatchObject({
      name: 'BelowStartError',
      retryable: false,
    });
    await expect(clients[0]!.leafAnchor(NAME, 107)).rejects.toMatchObject({
      name: 'NotCommittedError',
      retryable: true,
    });
    await expect(clients[0]!.leafAnchor('none', 1)).rejects.toMatchObject({ name: 'UnknownChainError' });
    await expect(clients[0]!.leafAnchor(NAME, 101, { at: 100_000 })).rejects.toMatchObject({
      name: 'NotFinalError',
    });
    await expect(clients[0]!.reorgAnchor(NAME, 0)).rejects.toMatchObject({ name: 'UnknownReorgError' });
    expect(toHex((await clients[0]!.branchHash(NAME, 103))!)).toBe(toHex(run[2]!.hash));
  });

  it('has changed the delegates’ keys with each term, and erased the old ones', async () => {
    const handovers = await clients[0]!.handovers(0);
    expect(handovers.length).toBeGreaterThanOrEqual(2);
    const light = new LightClient(trustFromGenesis(cluster.genesis), blstBls);
    for (const handover of handovers) light.applyHandover(handover);
    const first = cluster.genesis.delegates.map((d) => toHex(d.delegate.blsKey));
    const now = handovers.at(-1)!.members.map((d) => toHex(d.blsKey));
    expect(now.filter((key) => first.includes(key))).toEqual([]);
    await cluster.until(
      () => cluster.keys.every((keys) => !keys.list().some((key) => first.includes(toHex(key)))),
      'erased keys',
    );
  });

  it('never attests two digests for one seq', async () => {
    const attest = { specRoot: specRootOf(toySpec()), epoch: 0, seq: 9, from: 107, to: 108, digest: ZERO32 };
    // Within one term: the next one's key signs otherwise.
    const [first, again] = await sameTerm(() => clients[0]!.attest(attest));
    expect(again).toEqual(first);
    await expect(clients[0]!.attest({ ...attest, digest: sha256(utf8('x')) })).rejects.toMatchObject({
      name: 'AttestationRefusedError',
      retryable: false,
    });
    const behind = { ...attest, seq: 10, digest: new Uint8Array(32).fill(0xee) };
    await expect(clients[0]!.attest(behind)).rejects.toMatchObject({
      name: 'AttestationRefusedError',
      retryable: true,
    });
  });

  it('refuses what is no request', async () => {
    const url = servers[0]!.url;
    const headers = { 'content-type': 'application/json' };
    const post = async (body: string) => (await fetch(url, { method: 'POST', headers, body })).json();
    expect(await post('{')).toMatchObject({ error: { code: -32700 } });
    expect(await post('[]')).toMatchObject({ error: { code: -32600 } });
    expect(await post('{"method":"constructor","id":1}')).toMatchObject({ id: 1, error: { code: -32601 } });
    expect(await post('{"method":"fee","params":[5]}')).toMatchObject({ error: { code: -32602 } });
    expect(await post('{"method":"fee","params":["-1"]}')).toMatchObject({ error: { code: -32602 } });
    expect(await post('{"method":"send","params":["0x00"]}')).toMatchObject({ error: { code: -32602 } });
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(415);
    expect((await fetch(url, { method: 'POST', headers, body: 'x'.repeat(7 * 2 ** 20) })).status).toBe(413);
    await expect(httpClient({ url: 'http://127.0.0.1:1' }).status()).rejects.toMatchObject({
      name: 'NodeUnavailableError',
      retryable: true,
    });
  });
});

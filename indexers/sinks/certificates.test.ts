import { BitArray } from '@chainsafe/ssz';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { nativeBls } from '../../mainchain/crypto/blst.js';
import { aggregateSignatures, BlsSigner } from '../../mainchain/crypto/signer.js';
import {
  type Certificate,
  CertificateType,
  type DelegateSet,
  DelegateSetType,
  type VoteData,
  VoteDataType,
} from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { type MainHeader, MainHeaderType } from '../../proofs/containers/header.js';
import type { Handover } from '../../proofs/containers/proof.js';
import { isRetryable } from '../../proofs/errors/base.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { emptyHistory, historyRoot } from '../../proofs/history/history.js';
import type { Trust } from '../../proofs/verify/trust.js';
import { MemoryStore } from '../../storage/memory.js';
import { MemoryIndex } from '../../test/support/indexers/memoryIndex.js';
import { EmbeddedLog } from '../log/embedded.js';
import { poisonCount } from '../log/embeddedStream.js';
import type { BlockRecord } from '../log/records.js';
import type { RecordStream } from '../log/streams.js';
import type { CertificateVerdict, MainTrust } from './certificates.js';
import { HandoverMissingError } from './errors.js';
import { MAIN_STREAM, mainEffect } from './mainSink.js';
import { followInto } from './streamSink.js';

const bls = nativeBls(64);
const TERM_BLOCKS = 4;
const genesisRoot = new Uint8Array(32).fill(1);
const signers = Array.from({ length: 8 }, (_, i) => BlsSigner.fromSeed(sha256(Uint8Array.of(9, i))));
const setOf = (members: readonly number[]): DelegateSet =>
  members.map((i) => ({ account: new Uint8Array(20).fill(i), blsKey: signers[i]!.publicKey }));
const rootOf = (members: readonly number[]) => DelegateSetType.hashTreeRoot(setOf(members));
/** Terms 0 and 1 have the genesis's delegates, term 2 others. */
const SETS = [
  [0, 1, 2, 3],
  [0, 1, 2, 3],
  [4, 5, 6, 7],
  [4, 5, 6, 7],
];
const trust: Trust = {
  ...{ genesisRoot, genesisTime: 0, slotMilliseconds: 1000, termBlocks: TERM_BLOCKS },
  ...{ term: 0, members: setOf(SETS[0]!), height: 0 },
};

/** Blocks of terms of four, each certified by three of its delegates. */
class SignedChain {
  readonly headers: MainHeader[] = [];

  constructor(blocks: number) {
    for (let height = 0; height < blocks; height++) {
      const term = Math.floor(height / TERM_BLOCKS);
      const before = this.headers.at(-1);
      this.headers.push({
        ...MainHeaderType.defaultValue(),
        ...{ version: 1, genesisRoot, height, slot: height, term, termStart: term * TERM_BLOCKS },
        parentRoot: before === undefined ? new Uint8Array(32) : MainHeaderType.hashTreeRoot(before),
        indexRoot: historyRoot(emptyHistory(0)),
        setRoot: rootOf(SETS[term]!),
        nextSetRoot: rootOf(SETS[term + 1] ?? SETS[term]!),
      });
    }
  }

  certificate(height: number, by?: readonly number[], more: Partial<VoteData> = {}): Certificate {
    const header = this.headers[height]!;
    const members = SETS[header.term]!;
    const signing = by ?? members.slice(0, 3);
    const vote = {
      ...{ genesisRoot, term: header.term, setRoot: rootOf(members) },
      source: { height, root: MainHeaderType.hashTreeRoot(header) },
      target: { height: height + 1, root: new Uint8Array(32).fill(7) },
      ...more,
    };
    const message = signingRoot(VoteDataType, vote, 'vote', genesisRoot);
    return {
      vote,
      bits: BitArray.fromBoolArray(members.map((_, i) => i < signing.length)),
      signature: aggregateSignatures(signing.map((i) => signers[i]!.sign(message))),
    };
  }

  record(height: number, certificate: Certificate | undefined = this.certificate(height)): BlockRecord {
    return {
      header: MainHeaderType.serialize(this.headers[height]!),
      certificate: certificate === undefined ? new Uint8Array() : CertificateType.serialize(certificate),
      commitments: [],
    };
  }

  bare(height: number): BlockRecord {
    return { ...this.record(height), certificate: new Uint8Array() };
  }

  /** From the end of a term, as an honest node has it. */
  handover(term: number): Handover {
    const height = (term + 1) * TERM_BLOCKS - 1;
    const { vote, bits, signature } = this.certificate(height);
    const certificate = { term, targetRoot: vote.target.root, bits, signature };
    return { header: this.headers[height]!, certificate, members: setOf(SETS[term + 1]!) };
  }
}

const WAIT = { timeout: 90_000, interval: 5 };
const streams: RecordStream<unknown>[] = [];
let chain: SignedChain;
beforeAll(() => {
  chain = new SignedChain(16);
});
afterEach(async () => {
  for (const stream of streams.splice(0)) await stream.stop();
});

/** A sink over a stream, in its own process: what it has learned is its own. */
function sink(log: EmbeddedLog, index: MemoryIndex, nodes: MainTrust['handovers'], attempts = 2) {
  const verdicts: CertificateVerdict['type'][] = [];
  const refused: string[] = [];
  const stream = log.blocks();
  streams.push(stream);
  const effect = mainEffect({
    chainOf: () => undefined,
    genesisRoot,
    trust: { trust, bls, handovers: nodes, attempts },
    onCertificate: (verdict) => verdicts.push(verdict),
    onConflict: ({ message }) => refused.push(message),
  });
  followInto(stream, MAIN_STREAM, index.client().sets, effect);
  return { stream, verdicts, refused };
}
const honest = async (from: number) =>
  [0, 1, 2].filter((term) => term >= from).map((term) => chain.handover(term));
const none = async () => [];
const verifiedOf = (index: MemoryIndex) =>
  [...index.tables.main.values()].map(({ certificate }) => certificate?.verified);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('certificates are checked against the delegates of their terms, hand-overs included', async () => {
  const log = new EmbeddedLog(new MemoryStore());
  const index = new MemoryIndex();
  const asked: number[] = [];
  const { stream, verdicts, refused } = sink(log, index, async (from) => {
    asked.push(from);
    return honest(from);
  });
  await log
    .blocks()
    .publish(range(0, 16).map((height) => (height % 3 === 1 ? chain.bare(height) : chain.record(height))));
  await stream.caughtUp();
  expect(refused).toEqual([]);
  expect(verdicts).toEqual(range(0, 11).map(() => 'verified'));
  expect(verifiedOf(index)).toEqual(range(0, 16).map((height) => (height % 3 === 1 ? undefined : true)));
  // Sets that stay need no node.
  expect(asked).toEqual([1]);
});

test('a process that goes on later needs the members of the present set alone', async () => {
  const log = new EmbeddedLog(new MemoryStore());
  const index = new MemoryIndex();
  const first = sink(log, index, honest);
  await log.blocks().publish(range(0, 10).map((height) => chain.record(height)));
  await first.stream.caughtUp();
  await first.stream.stop();
  const asked: number[] = [];
  const second = sink(log, index, async (from) => {
    asked.push(from);
    return [chain.handover(from)];
  });
  await log.blocks().publish(range(10, 16).map((height) => chain.record(height)));
  await second.stream.caughtUp();
  expect(verifiedOf(index)).toEqual(range(0, 16).map(() => true));
  expect(asked).toEqual([1]);
});

test.each<[string, (height: number) => Certificate, RegExp]>([
  ['too few signed', (height) => chain.certificate(height, [0, 1]), /2 of 4 delegates signed, 3 needed/],
  ['others signed', (height) => chain.certificate(height, [4, 5, 6]), /not signed by the delegates it names/],
  [
    'the signature is of another vote',
    (height) => ({ ...chain.certificate(height), signature: chain.certificate(height + 1).signature }),
    /not signed by/,
  ],
  [
    'the bits do not fit the set',
    (height) => ({ ...chain.certificate(height), bits: BitArray.fromBoolArray([true, true, true]) }),
    /3 bits for 4 delegates/,
  ],
  [
    'the link is not to a child',
    (height) =>
      chain.certificate(height, undefined, { target: { height: height + 2, root: new Uint8Array(32) } }),
    /finalises neither/,
  ],
  [
    'the height is another',
    (height) => {
      const { source } = chain.certificate(height).vote;
      return chain.certificate(height, undefined, { source: { ...source, height: height + 1 } });
    },
    /of another block/,
  ],
  [
    'the genesis is another',
    (height) => chain.certificate(height, undefined, { genesisRoot: new Uint8Array(32).fill(2) }),
    /of another main chain/,
  ],
  ['the term is another', (height) => chain.certificate(height, undefined, { term: 3 }), /of term 3/],
  [
    'the set is another',
    (height) => chain.certificate(height, [4, 5, 6], { setRoot: rootOf(SETS[2]!) }),
    /another delegate set/,
  ],
])('%s: set aside, and the block is indexed without it', async (_, wrong, reason) => {
  const store = new MemoryStore();
  const log = new EmbeddedLog(store);
  const index = new MemoryIndex();
  const { stream, verdicts, refused } = sink(log, index, none);
  await log
    .blocks()
    .publish([chain.record(0), chain.record(1, wrong(1)), chain.record(2), chain.record(1, wrong(1))]);
  await stream.caughtUp();
  expect(verdicts).toEqual(['verified', 'wrong', 'verified']);
  expect(verifiedOf(index)).toEqual([true, undefined, true]);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatch(reason);
  expect(await poisonCount(store)).toBe(1);
});

test('what is not known yet waits; what no node has is indexed as not verified', async () => {
  const log = new EmbeddedLog(new MemoryStore());
  const index = new MemoryIndex();
  let away = true;
  let calls = 0;
  const { stream, verdicts } = sink(
    log,
    index,
    async () => {
      calls++;
      if (away) throw new HandoverMissingError(2);
      return [];
    },
    3,
  );
  await log.blocks().publish(range(0, 8).map((height) => chain.record(height)));
  await stream.caughtUp();
  await log.blocks().publish([chain.record(8), chain.record(9)]);
  await expect.poll(() => calls, WAIT).toBeGreaterThan(3);
  expect(index.tables.main.size).toBe(8);
  away = false;
  await stream.caughtUp();
  expect(verdicts).toEqual([...range(0, 8).map(() => 'verified'), 'unverified', 'unverified']);
  expect(verifiedOf(index).slice(-3)).toEqual([true, false, false]);
});

test('nodes that fail for ever do not hold up the stream for ever', async () => {
  const log = new EmbeddedLog(new MemoryStore());
  const index = new MemoryIndex();
  let calls = 0;
  const fail = async () => {
    calls++;
    throw new HandoverMissingError(2);
  };
  const { stream } = sink(log, index, fail, 1);
  await log.blocks().publish(range(0, 10).map((height) => chain.record(height)));
  await stream.caughtUp();
  expect(calls).toBe(4);
  expect(verifiedOf(index).slice(-3)).toEqual([true, false, false]);
});

test('hand-overs that do not hold are not believed', async () => {
  const forged = async () => {
    const handover = chain.handover(1);
    return [{ ...handover, members: setOf([0, 1, 6, 7]) }];
  };
  const early = async () => {
    const { header: _, ...rest } = chain.handover(1);
    return [{ ...rest, header: chain.headers[6]! }];
  };
  for (const nodes of [forged, early]) {
    const log = new EmbeddedLog(new MemoryStore());
    const index = new MemoryIndex();
    const { stream } = sink(log, index, nodes);
    await log
      .blocks()
      .publish(range(0, 10).map((height) => (height === 7 ? chain.bare(height) : chain.record(height))));
    await stream.caughtUp();
    expect(verifiedOf(index).slice(-3)).toEqual([undefined, false, false]);
  }
  expect(isRetryable(new HandoverMissingError(1))).toBe(true);
});

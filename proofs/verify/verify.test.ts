import { BitArray } from '@chainsafe/ssz';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  anchoredFixture,
  fixtureContext,
  fixtureNetworks,
  preimagePayload,
} from '../../test/fixtures/anchored.js';
import { quickBls } from '../../test/fixtures/bls.js';
import { certify, testSet } from '../../test/fixtures/mainChain.js';
import { nobleBls } from '../bls/bls.js';
import { ChainStatus } from '../containers/commitment.js';
import { type Flaw, ProofError } from '../errors/proof.js';
import { decodeProof, encodeProof } from '../format/file.js';
import type { AnchoredProof } from '../format/proof.js';
import { useFastHasher } from '../hash/fast.js';
import { trustFromGenesis } from './trust.js';
import { type VerifyOptions, verifyProof } from './verify.js';

beforeAll(useFastHasher);

type Bend = (proof: AnchoredProof) => void;

function optionsOf(
  fixture: ReturnType<typeof anchoredFixture>,
  over: Partial<VerifyOptions> = {},
): VerifyOptions {
  return {
    networks: fixtureNetworks,
    payloads: [preimagePayload],
    bls: quickBls,
    trust: trustFromGenesis(fixture.genesis),
    ...over,
  };
}

function flawOf(run: () => unknown): Flaw | 'accepted' {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (error instanceof ProofError) return error.flaw;
    throw error;
  }
}

function bent(fixture: ReturnType<typeof anchoredFixture>, bend: Bend): AnchoredProof {
  const bytes = encodeProof(fixture.proof, 'ssz', fixtureContext);
  const copy = decodeProof(bytes, fixtureContext).proof as AnchoredProof;
  bend(copy);
  return copy;
}

describe('anchored proofs', () => {
  const fixture = anchoredFixture();

  it('are accepted with their genesis, by every implementation of the signatures', () => {
    for (const bls of [quickBls, nobleBls]) {
      expect(verifyProof(fixture.proof, optionsOf(fixture, { bls }))).toMatchObject({
        chain: 'fixture-chain',
        height: 113,
        assurance: 'work',
        depth: 11,
        main: { height: 10, certifiedHeight: 10, quorum: { signed: 3, needed: 3, total: 4 } },
      });
    }
  });

  it('survive both encodings', () => {
    for (const format of ['ssz', 'json'] as const) {
      const decoded = decodeProof(encodeProof(fixture.proof, format, fixtureContext), fixtureContext);
      expect(decoded).toEqual({ proof: fixture.proof, format });
    }
  });

  const bends: [string, Flaw, Bend][] = [
    ['another genesis', 'wrong-genesis', (p) => p.genesisRoot.fill(1)],
    ['a header of another genesis', 'wrong-genesis', (p) => p.leafAnchor.anchor.header.genesisRoot.fill(1)],
    ['a checkpoint of its own', 'index-mismatch', (p) => (p.leafAnchor.chain.checkpoint.work = 6n)],
    ['another assurance', 'wrong-assurance', (p) => (p.leafAnchor.leaf.assurance = 3)],
    ['another height', 'index-mismatch', (p) => (p.leafAnchor.leaf.height -= 1)],
    ['a path too long', 'history-mismatch', (p) => p.leafAnchor.historyPath.push(new Uint8Array(32))],
    ['an empty path', 'history-mismatch', (p) => p.leafAnchor.historyPath.splice(0)],
    ['another epoch', 'index-mismatch', (p) => (p.leafAnchor.commitment.epoch += 1)],
    ['another position in the index', 'index-mismatch', (p) => (p.leafAnchor.anchor.indexPosition = 2)],
    ['fewer votes than a quorum', 'no-quorum', (p) => p.leafAnchor.anchor.certificate.bits.set(0, false)],
    ['a vote nobody cast', 'bad-signature', (p) => p.leafAnchor.anchor.certificate.bits.set(1, true)],
    [
      'bits beyond the set',
      'bad-certificate',
      (p) => (p.leafAnchor.anchor.certificate.bits = BitArray.fromBoolArray([true, true, true, true, false])),
    ],
    [
      'a certificate for another child',
      'bad-signature',
      (p) => p.leafAnchor.anchor.certificate.targetRoot.fill(9),
    ],
    [
      'a signature at infinity',
      'bad-signature',
      (p) => p.leafAnchor.anchor.certificate.signature.fill(0).set([0xc0]),
    ],
    ['another index root', 'index-mismatch', (p) => p.leafAnchor.anchor.header.indexRoot.fill(0)],
    ['a header version not known', 'unsupported-version', (p) => (p.leafAnchor.anchor.header.version = 2)],
    [
      'a certificate of a term not reached',
      'unknown-term',
      (p) => (p.leafAnchor.anchor.certificate.term = 1),
    ],
    ['a certificate of a far term', 'bad-certificate', (p) => (p.leafAnchor.anchor.certificate.term = 2)],
    ['another payload', 'transaction-mismatch', (p) => (p.payload = Uint8Array.of(1))],
  ];
  it.each(bends)('with %s are refused as %s', (_, flaw, bend) => {
    expect(flawOf(() => verifyProof(bent(fixture, bend), optionsOf(fixture)))).toBe(flaw);
  });

  it('are refused without trust, and with that of another chain', () => {
    const { trust: _, ...without } = optionsOf(fixture);
    expect(flawOf(() => verifyProof(fixture.proof, without))).toBe('no-trust');
    const other = anchoredFixture({ terms: 1 });
    const trust = {
      ...trustFromGenesis(other.genesis),
      genesisRoot: trustFromGenesis(fixture.genesis).genesisRoot,
      members: testSet('strangers', 4).members,
    };
    expect(flawOf(() => verifyProof(fixture.proof, optionsOf(fixture, { trust })))).toBe('bad-certificate');
  });

  it('of a paused chain are refused', () => {
    const paused = bent(fixture, (p) => (p.leafAnchor.commitment.status = ChainStatus.paused));
    expect(flawOf(() => verifyProof(paused, optionsOf(fixture)))).toBe('index-mismatch');
  });

  it('are refused when older than asked for', () => {
    expect(flawOf(() => verifyProof(fixture.proof, optionsOf(fixture, { minMainHeight: 11 })))).toBe(
      'too-old',
    );
    expect(flawOf(() => verifyProof(fixture.proof, optionsOf(fixture, { minMainHeight: 10 })))).toBe(
      'accepted',
    );
    // Main height 10 is slot 20, that is 10 s after genesis.
    const at = (seconds: number) => ({
      maxAge: { seconds: 60, now: fixture.genesis.time + 10_000 + seconds * 1000 },
    });
    expect(flawOf(() => verifyProof(fixture.proof, optionsOf(fixture, at(61))))).toBe('too-old');
    expect(flawOf(() => verifyProof(fixture.proof, optionsOf(fixture, at(60))))).toBe('accepted');
  });

  it('as of an older header need consent', () => {
    const older = anchoredFixture({ older: true });
    expect(flawOf(() => verifyProof(older.proof, optionsOf(older)))).toBe('as-of-required');
    expect(verifyProof(older.proof, optionsOf(older, { asOf: true }))).toMatchObject({
      main: { height: 10, certifiedHeight: 11 },
    });
    const cut = bent(older, (p) => p.leafAnchor.anchor.ancestry[0]!.path.pop());
    expect(flawOf(() => verifyProof(cut, optionsOf(older, { asOf: true })))).toBe('bad-ancestry');
  });
});

describe('hand-overs of the delegate set', () => {
  it('lead from the genesis to a later term, three at most without consent', () => {
    for (const terms of [1, 2, 3, 4]) {
      const fixture = anchoredFixture({ terms });
      expect(flawOf(() => verifyProof(fixture.proof, optionsOf(fixture)))).toBe(
        terms > 3 ? 'anchor-stale' : 'accepted',
      );
      expect(flawOf(() => verifyProof(fixture.proof, optionsOf(fixture, { acceptStaleAnchor: true })))).toBe(
        'accepted',
      );
    }
  });

  const fixture = anchoredFixture({ terms: 2 });
  const bends: [string, Flaw, Bend][] = [
    ['a missing one', 'bad-handover', (p) => p.leafAnchor.anchor.handovers.shift()],
    ['the last one missing', 'non-canonical', (p) => p.leafAnchor.anchor.handovers.pop()],
    [
      'one too many',
      'bad-handover',
      (p) => p.leafAnchor.anchor.handovers.push(p.leafAnchor.anchor.handovers[1]!),
    ],
    [
      'other members',
      'bad-handover',
      (p) => (p.leafAnchor.anchor.handovers[0]!.members = testSet('strangers', 4).members),
    ],
    [
      'a header before the end of the term',
      'bad-handover',
      (p) => (p.leafAnchor.anchor.handovers[0]!.header.height -= 1),
    ],
    [
      'a certificate by the new set',
      'bad-signature',
      (p) => {
        const handover = p.leafAnchor.anchor.handovers[0]!;
        handover.certificate = certify(handover.header, fixture.sets[1]!, [0, 1, 2], 0);
      },
    ],
    [
      'a certificate by an old set',
      'bad-signature',
      (p) => {
        p.leafAnchor.anchor.certificate = certify(p.leafAnchor.anchor.header, fixture.sets[0]!, [0, 1, 2, 3]);
      },
    ],
  ];
  it.each(bends)('with %s are refused as %s', (_, flaw, bend) => {
    expect(flawOf(() => verifyProof(bent(fixture, bend), optionsOf(fixture)))).toBe(flaw);
  });
});

describe('every byte', () => {
  const fixture = anchoredFixture({ terms: 1, older: true });
  const options = optionsOf(fixture, { asOf: true });
  const verdict = (bytes: Uint8Array) =>
    flawOf(() => verifyProof(decodeProof(bytes, fixtureContext).proof, options));

  it('of the binary form matters', () => {
    const good = encodeProof(fixture.proof, 'ssz', fixtureContext);
    expect(verdict(good)).toBe('accepted');
    for (let i = 0; i < good.length; i++) {
      const bad = good.slice();
      bad[i]! ^= 1 << (i % 8);
      expect(verdict(bad), `byte ${i}`).not.toBe('accepted');
    }
    expect(verdict(good.slice(0, -1))).not.toBe('accepted');
    expect(verdict(Uint8Array.of(...good, 0))).not.toBe('accepted');
  });

  it('has no second spelling in JSON', () => {
    const text = new TextDecoder().decode(encodeProof(fixture.proof, 'json', fixtureContext));
    const respelled = [
      text.replace('"version": 1', '"version": 1.0'),
      text.replace('"version": 1', '"version": 1, "version": 1'),
      text.replace('"format"', '"\\u0066ormat"'),
      text.replace('"0x', '"0X'),
      text.replace(/"height": "(\d+)"/, '"height": "0$1"'),
      text.replace('"version": 1,', '').replace('"format"', '"version": 1, "format"'),
      `\ufeff${text}`,
      `${text}{}`,
    ];
    for (const one of respelled) {
      expect(one).not.toBe(text);
      expect(verdict(new TextEncoder().encode(one))).not.toBe('accepted');
    }
  });
});

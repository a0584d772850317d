import { beforeAll, describe, expect, it } from 'vitest';
import { BlockProver, readUnanchoredHeader } from '../../adapters/bitcoin/proofs/index.js';
import { buildPart } from '../../adapters/bitcoin/proofs/part.js';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { segwitBlock } from '../../adapters/bitcoin/testing/segwit.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { utf8 } from '../../proofs/bytes.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { decodeProof, encodeProof, type ProofFormat } from '../../proofs/format/file.js';
import { minify } from '../../proofs/format/minify.js';
import type { AnchoredKind, Proof } from '../../proofs/format/proof.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import type { PayloadClaim } from '../../proofs/verify/payload.js';
import { trustFromGenesis } from '../../proofs/verify/trust.js';
import type { Verdict } from '../../proofs/verify/verdict.js';
import { verifyProof } from '../../proofs/verify/verify.js';
import { bitcoinFixture, registryContext } from '../fixtures/bitcoinProof.js';
import { ethereumFixture } from '../fixtures/ethereumProof.js';

beforeAll(useFastHasher);

/** Each kind of proof that a chain of ours can have. */
const proofs = {
  'a Bitcoin transaction': bitcoinFixture(),
  'an Ethereum log': ethereumFixture('log'),
  'a Bitcoin output': partFixture(),
};

/** The output of the fixture's transaction, under the same anchor. */
function partFixture() {
  const fixture = bitcoinFixture();
  const kind = ProofKind.bitcoinOutput;
  return {
    ...fixture,
    proof: { ...fixture.proof, kind, payload: buildPart(kind, fixture.proof.payload, 0) },
  };
}

describe.each(Object.entries(proofs))('a proof of %s', (_, { proof, genesis }) => {
  it.each<ProofFormat>(['ssz', 'json'])('as %s is refused after a change of any one byte', (format) => {
    const good = compact(encodeProof(proof, format, registryContext), format);
    expect(flawOf(good, genesis)).toBeUndefined();
    const accepted: number[] = [];
    const flaws = new Map<string, number>();
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at] = format === 'ssz' ? good[at]! ^ (1 << (at % 8)) : another(good[at]!, at);
      const flaw = flawOf(bad, genesis);
      if (flaw === undefined) accepted.push(at);
      else flaws.set(flaw, (flaws.get(flaw) ?? 0) + 1);
    }
    expect(accepted).toEqual([]);
    // Not the format alone refuses: each layer above it catches something.
    const layers = ['malformed', 'wrong-genesis', 'index-mismatch', 'transaction-mismatch', 'bad-signature'];
    expect([...flaws.keys()]).toEqual(expect.arrayContaining(layers));
  });
});

describe('proofs without an anchor', () => {
  const { raw } = segwitBlock(foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0), 5);
  const prover = new BlockProver(raw);
  const one = prover.prove([prover.txids[3]!]);
  const about = { chain: utf8('bitcoin-regtest'), header: prover.header };
  const unanchored = (payloadKind: AnchoredKind, payload: Uint8Array): Proof => ({
    kind: ProofKind.unanchored,
    ...about,
    payloadKind,
    payload,
  });
  const cases: [string, Proof][] = [
    ['an inclusion', { kind: ProofKind.bitcoinInclusion, ...about, payload: one }],
    ['a transaction', unanchored(ProofKind.bitcoinTransaction, one)],
    ['transactions', unanchored(ProofKind.bitcoinTransactions, one)],
    ['a witness', unanchored(ProofKind.bitcoinWitness, prover.proveWitness(prover.txids[3]!))],
    ['an output', unanchored(ProofKind.bitcoinOutput, buildPart(ProofKind.bitcoinOutput, one, 2))],
    ['a spend', unanchored(ProofKind.bitcoinSpend, buildPart(ProofKind.bitcoinSpend, one, 1))],
    ['data', unanchored(ProofKind.bitcoinData, buildPart(ProofKind.bitcoinData, one, 1))],
  ];
  const blockHash = displayHash(sha256d(prover.header));
  const check = (bytes: Uint8Array, hash: string | undefined): Verdict =>
    verifyProof(decodeProof(bytes, registryContext).proof, {
      ...registryContext,
      bls: blstBls,
      readHeader: readUnanchoredHeader,
      ...(hash === undefined ? {} : { blockHash: hash }),
    });
  const flaw = (bytes: Uint8Array): string | undefined => flawUnder(bytes, blockHash);
  const flawUnder = (bytes: Uint8Array, hash: string | undefined): string | undefined => {
    try {
      check(bytes, hash);
      return undefined;
    } catch (error) {
      if (error instanceof ProofError) return error.flaw;
      throw new Error('refused without a named flaw', { cause: error });
    }
  };

  it.each(cases)('of %s are refused after a change of any one byte', (_, proof) => {
    for (const format of ['ssz', 'json'] as const) {
      const good = compact(encodeProof(proof, format, registryContext), format);
      expect(flaw(good)).toBeUndefined();
      expect([flawUnder(good, undefined), withoutAnchor(good)]).toEqual(['unanchored', 'unanchored']);
      expect(flawUnder(good, '00'.repeat(32))).toBe('block-mismatch');
      const accepted: number[] = [];
      for (let at = 0; at < good.length; at++) {
        const bad = good.slice();
        bad[at] = format === 'ssz' ? good[at]! ^ (1 << (at % 8)) : another(good[at]!, at);
        if (flaw(bad) === undefined) accepted.push(at);
      }
      expect(accepted).toEqual([]);
    }
  });

  it('have a payload of one of the anchored kinds of their own chain', () => {
    const good = encodeProof(cases[4]![1], 'ssz', registryContext);
    // Magic, version, kind; the offsets of chain and header; the kind of the payload.
    const place = 6 + 4 + 4;
    expect(good[place]).toBe(ProofKind.bitcoinOutput);
    const flaws = new Map<number, string | undefined>();
    for (let kind = 0; kind < 256; kind++) {
      const bad = good.slice();
      bad[place] = kind;
      flaws.set(kind, flaw(bad));
    }
    expect([...flaws].filter(([, one]) => one === undefined)).toEqual([[ProofKind.bitcoinOutput, undefined]]);
    for (const kind of [ProofKind.reorg, ProofKind.bitcoinInclusion, ProofKind.unanchored, 0, 99])
      expect(flaws.get(kind)).toBe('malformed');
    expect(flaws.get(ProofKind.ethereumLog)).toBe('wrong-chain');
    const text = new TextDecoder().decode(encodeProof(cases[4]![1], 'json', registryContext));
    for (const name of ['unanchored', 'reorg', 'bitcoin-inclusion', 'x']) {
      const bad = text.replace('"payloadKind": "bitcoin-output"', `"payloadKind": "${name}"`);
      expect(flaw(utf8(bad))).toBe('malformed');
    }
  });

  /** Nothing that is trusted of a main chain helps. */
  function withoutAnchor(bytes: Uint8Array): string | undefined {
    return flawOf(bytes, bitcoinFixture().genesis);
  }
});

it('a log proof is bound to its log: another index in the same receipt is refused', () => {
  const first = ethereumFixture('log', { logs: 2 });
  const second = ethereumFixture('log', { logs: 2, logIndex: 1 });
  const facts = [first, second].map(({ proof, genesis }) => claimOf(proof, genesis).facts);
  expect(facts.map((one) => one.logIndex)).toEqual([0, 1]);
  expect(facts[0]!.data).not.toEqual(facts[1]!.data);
  const withIndex = (logIndex: number) => {
    const payload = first.proof.payload.slice();
    payload[12] = logIndex;
    return () => claimOf({ ...first.proof, payload }, first.genesis);
  };
  expect(withIndex(1)).toThrow(/log 1 is not the one that the proof is about/);
  expect(withIndex(2)).toThrow(/2 logs, not one at index 2/);
});

/** Accepts what a user can accept, so that an added ancestry or a changed term is not refused for that alone. */
function verify(proof: Proof, genesis: Genesis): Verdict {
  const trust = trustFromGenesis(genesis);
  return verifyProof(proof, {
    ...registryContext,
    bls: blstBls,
    trust,
    readHeader: readUnanchoredHeader,
    asOf: true,
    acceptStaleAnchor: true,
  });
}

function claimOf(proof: Proof, genesis: Genesis): PayloadClaim {
  const verdict = verify(proof, genesis);
  if (!('claims' in verdict)) throw new Error('claims nothing');
  return verdict.claims[0]!;
}

/** `undefined` for a good proof. Any other error than a named flaw fails the test. */
function flawOf(bytes: Uint8Array, genesis: Genesis): string | undefined {
  try {
    verify(decodeProof(bytes, registryContext).proof, genesis);
    return undefined;
  } catch (error) {
    if (error instanceof ProofError) return error.flaw;
    throw new Error('refused without a named flaw', { cause: error });
  }
}

/** Another digit for a hex or decimal digit, which the format cannot refuse for its spelling; else another byte. */
function another(byte: number, at: number): number {
  const digits = new TextEncoder().encode('0123456789abcdef');
  const digit = digits.indexOf(byte);
  if (digit < 0) return byte ^ (1 << (at % 7));
  return digit < 10 ? digits[(digit + 1 + (at % 9)) % 10]! : digits[10 + ((digit - 10 + 1 + (at % 5)) % 6)]!;
}

/** White space between tokens of JSON is free, so it is taken out. */
function compact(bytes: Uint8Array, format: ProofFormat): Uint8Array {
  return format === 'ssz' ? bytes : new TextEncoder().encode(minify(new TextDecoder().decode(bytes)));
}

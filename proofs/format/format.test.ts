import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anchoredFixture, fixtureContext } from '../../test/fixtures/anchored.js';
import { quickBls } from '../../test/fixtures/bls.js';
import { certify, testGenesis, testHeader, testSet } from '../../test/fixtures/mainChain.js';
import { LimitExceededError } from '../errors/input.js';
import { ProofError } from '../errors/proof.js';
import type { Json } from '../verify/payload.js';
import { decodeProof, encodeProof } from './file.js';
import { minify } from './minify.js';
import { MAX_PROOF_BYTES } from './proof.js';
import { PROOF_MAGIC } from './ssz.js';
import { decodeTrust, encodeTrust } from './trust.js';

/** Decoding either succeeds or throws ProofError; anything else fails the test. */
function decodes(bytes: Uint8Array): boolean {
  try {
    decodeProof(bytes, fixtureContext);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ProofError);
    return false;
  }
}

describe('reading proof files', () => {
  it('never fails otherwise than by a named flaw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        decodes(bytes);
        decodes(Uint8Array.of(...PROOF_MAGIC, 1, 1 + ((bytes[0] ?? 0) % 6), ...bytes));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        decodes(new TextEncoder().encode(text));
      }),
      { numRuns: 500 },
    );
  });

  it('survives any piece of a good file put anywhere else', () => {
    const good = encodeProof(anchoredFixture({ terms: 1 }).proof, 'ssz', fixtureContext);
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(good.length), fc.nat(good.length), (a, b, c) => {
        const bytes = good.slice();
        bytes.set(good.subarray(Math.min(a, b), Math.max(a, b)).subarray(0, good.length - c), c);
        decodes(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses megabytes of hex or of nesting by a named flaw', () => {
    const { proof } = anchoredFixture({ terms: 1 });
    const text = new TextDecoder().decode(encodeProof(proof, 'json', fixtureContext));
    const json = JSON.parse(text) as { payload: Json; genesisRoot: Json };
    const long = `0x${'ab'.repeat(6_000_000)}`;
    const reads = (change: object) =>
      decodes(new TextEncoder().encode(JSON.stringify({ ...json, ...change })));
    expect(reads({})).toBe(true);
    expect(reads({ genesisRoot: long })).toBe(false);
    // The fixture takes any payload: long hex is read as any other.
    expect(reads({ payload: long })).toBe(true);
    expect(reads({ payload: `${long}a` })).toBe(false);
    const nested = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
    for (const member of ['chain', 'leaf', 'commitment', 'anchor', 'payload']) {
      for (const value of [nested, `{"checkpoint":${nested},"name":"fixture-chain"}`]) {
        const changed = JSON.stringify({ ...json, [member]: 'HERE' }).replace('"HERE"', value);
        expect(decodes(new TextEncoder().encode(changed)), member).toBe(false);
      }
    }
  });

  it('refuses what is too large before reading it', () => {
    expect(() => decodeProof(new Uint8Array(MAX_PROOF_BYTES + 1), fixtureContext)).toThrow(
      LimitExceededError,
    );
  });

  it('names the member that is wrong', () => {
    const json = JSON.parse(
      new TextDecoder().decode(encodeProof(anchoredFixture().proof, 'json', fixtureContext)),
    );
    const attempt = (change: (j: typeof json) => void) => {
      const copy = structuredClone(json);
      change(copy);
      return () => decodeProof(new TextEncoder().encode(JSON.stringify(copy)), fixtureContext);
    };
    expect(attempt((j) => delete j.anchor.header.slot)).toThrow(/anchor\.header lacks slot/);
    expect(attempt((j) => (j.leaf.extra = 1))).toThrow(/leaf has an unknown member extra/);
    expect(attempt((j) => (j.anchor.header.slot = 20))).toThrow(
      /anchor\.header\.slot is not a decimal string/,
    );
    expect(attempt((j) => (j.commitment.status = 256))).toThrow(
      /commitment\.status is not an integer of 8 bits/,
    );
    expect(attempt((j) => (j.chain.name = 'bitcoin-mainmet'))).toThrow(/chain bitcoin-mainmet is not known/);
    expect(attempt((j) => (j.chain.checkpoint.work = (2n ** 256n).toString()))).toThrow(
      /chain\.checkpoint\.work is not a decimal string in range/,
    );
  });
});

describe('minify', () => {
  it('is JSON.stringify of JSON.parse for values written by JSON.stringify', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ noUnicodeString: false }),
        fc.constantFrom(0, 1, 2, '\t'),
        (value, space) => {
          expect(minify(JSON.stringify(value, undefined, space))).toBe(JSON.stringify(value));
        },
      ),
    );
  });
});

describe('trust files', () => {
  const set = testSet('trust', 4);
  const genesis = testGenesis(set, 50);
  const header = testHeader(genesis, set, { height: 60, term: 1, termStart: 50 });
  const file = {
    genesisTime: genesis.time,
    slotMilliseconds: genesis.slotMilliseconds,
    termBlocks: genesis.termBlocks,
    header,
    certificate: certify(header, set, [0, 1, 3]),
    members: set.members,
  };
  const read = (change: (file: { [key: string]: Json }) => void = () => undefined) => {
    const json = JSON.parse(encodeTrust(file)) as { [key: string]: Json };
    change(json);
    return decodeTrust(json, quickBls);
  };

  it('give the set of their term', () => {
    expect(read()).toMatchObject({ term: 1, height: 60, members: set.members, termBlocks: 50 });
  });

  it('are refused if they do not agree with themselves', () => {
    expect(() => read((f) => (f.members = []))).toThrow(/not the set/);
    expect(() => read((f) => ((f.header as { slot: Json }).slot = '1'))).toThrow(/not signed/);
    expect(() => read((f) => (f.version = 2))).toThrow(/known version/);
    expect(() => read((f) => delete f.members)).toThrow(/lacks members/);
  });
});

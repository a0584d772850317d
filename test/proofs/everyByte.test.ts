import { beforeAll, describe, expect, it } from 'vitest';
import { blstBls } from '../../mainchain/crypto/blst.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { decodeProof, encodeProof, type ProofFormat } from '../../proofs/format/file.js';
import { minify } from '../../proofs/format/minify.js';
import type { Proof } from '../../proofs/format/proof.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
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
};

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
  return verifyProof(proof, { ...registryContext, bls: blstBls, trust, asOf: true, acceptStaleAnchor: true });
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

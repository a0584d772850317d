import { beforeAll, describe, expect, it } from 'vitest';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { decodeProof, encodeProof, type ProofFormat } from '../../proofs/format/file.js';
import { minify } from '../../proofs/format/minify.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { trustFromGenesis } from '../../proofs/verify/trust.js';
import { verifyProof } from '../../proofs/verify/verify.js';
import { bitcoinFixture, registryContext } from '../fixtures/bitcoinProof.js';

beforeAll(useFastHasher);

/** Each kind of proof that a chain of ours can have. */
const proofs = {
  'a Bitcoin transaction': bitcoinFixture(),
  'a Bitcoin transaction, one hand-over later': bitcoinFixture({ terms: 1, size: 700, height: 600 }),
};

describe.each(Object.entries(proofs))('a proof of %s', (_, { proof, genesis }) => {
  const trust = trustFromGenesis(genesis);

  it.each<ProofFormat>(['ssz', 'json'])('as %s is refused after a change of any one byte', (format) => {
    const good = compact(encodeProof(proof, format, registryContext), format);
    expect(flawOf(good)).toBeUndefined();
    const accepted: number[] = [];
    const flaws = new Map<string, number>();
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at] = format === 'ssz' ? good[at]! ^ (1 << (at % 8)) : another(good[at]!, at);
      const flaw = flawOf(bad);
      if (flaw === undefined) accepted.push(at);
      else flaws.set(flaw, (flaws.get(flaw) ?? 0) + 1);
    }
    expect(accepted).toEqual([]);
    // Not the format alone refuses: each layer above it catches something.
    const layers = ['malformed', 'wrong-genesis', 'index-mismatch', 'transaction-mismatch', 'bad-signature'];
    expect([...flaws.keys()]).toEqual(expect.arrayContaining(layers));
  });

  function flawOf(bytes: Uint8Array): string | undefined {
    try {
      const read = decodeProof(bytes, registryContext);
      verifyProof(read.proof, {
        networks: registryContext.networks,
        payloads: registryContext.payloads,
        bls: blstBls,
        trust,
        // So that an added ancestry would not be refused for that alone, nor a changed term.
        asOf: true,
        acceptStaleAnchor: true,
      });
      return undefined;
    } catch (error) {
      if (error instanceof ProofError) return error.flaw;
      throw error instanceof CrossrootError ? new Error('no named flaw', { cause: error }) : error;
    }
  }
});

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

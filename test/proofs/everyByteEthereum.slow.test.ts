import { beforeAll, describe, expect, it } from 'vitest';
import { leafOfHeader } from '../../adapters/ethereum/testing/chain.js';
import { samples } from '../../adapters/ethereum/testing/kinds.js';
import { readUnanchoredHeader } from '../../adapters/registry.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { toHex, utf8 } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { decodeProof, encodeProof, type ProofFormat } from '../../proofs/format/file.js';
import { minify } from '../../proofs/format/minify.js';
import { isAnchoredKind, type Proof } from '../../proofs/format/proof.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { trustFromGenesis } from '../../proofs/verify/trust.js';
import { type VerifyOptions, verifyProof } from '../../proofs/verify/verify.js';
import { registryContext } from '../fixtures/bitcoinProof.js';
import { anchorBlock } from '../fixtures/ethereumProof.js';

beforeAll(useFastHasher);

const CHAIN = 'ethereum-local';
const common = { ...registryContext, bls: blstBls, readHeader: readUnanchoredHeader };
const trusting = ({ hash }: ForeignHeader): VerifyOptions => ({ ...common, blockHash: toHex(hash) });

function unanchored(kind: number, payload: Uint8Array, { raw }: ForeignHeader): Proof {
  if (!isAnchoredKind(kind)) throw new RangeError(`${kind} has no payload`);
  return { kind: ProofKind.unanchored, chain: utf8(CHAIN), header: raw, payloadKind: kind, payload };
}

/** `undefined` for a good proof. Any other error than a named flaw fails the test. */
function flawOf(bytes: Uint8Array, options: VerifyOptions): string | undefined {
  try {
    verifyProof(decodeProof(bytes, registryContext).proof, options);
    return undefined;
  } catch (error) {
    if (error instanceof ProofError) return error.flaw;
    throw new Error('refused without a named flaw', { cause: error });
  }
}

/** Another digit for a hex or decimal digit, which the format cannot refuse for its spelling; else another byte. */
function another(byte: number, at: number): number {
  const digits = '0123456789abcdef';
  const digit = digits.indexOf(String.fromCharCode(byte));
  if (digit < 0) return byte ^ (1 << (at % 7));
  const other = digit < 10 ? (digit + 1 + (at % 9)) % 10 : 10 + ((digit - 9 + (at % 5)) % 6);
  return digits.charCodeAt(other);
}

function acceptedChanges(proof: Proof, format: ProofFormat, options: VerifyOptions): number[] {
  const written = encodeProof(proof, format, registryContext);
  const good = format === 'ssz' ? written : utf8(minify(new TextDecoder().decode(written)));
  expect(flawOf(good, options)).toBeUndefined();
  const accepted: number[] = [];
  for (let at = 0; at < good.length; at++) {
    const bad = good.slice();
    bad[at] = format === 'ssz' ? good[at]! ^ (1 << (at % 8)) : another(good[at]!, at);
    if (flawOf(bad, options) === undefined) accepted.push(at);
  }
  return accepted;
}

describe.each(Object.entries(samples))('a proof without an anchor of: %s', (_, [kind, payload, header]) => {
  const proof = unanchored(kind, payload, header);

  it.each<ProofFormat>(['ssz', 'json'])('as %s is refused after a change of any one byte', (format) => {
    expect(acceptedChanges(proof, format, trusting(header))).toEqual([]);
  });

  it('is nothing without the block that it is of', () => {
    const good = encodeProof(proof, 'ssz', registryContext);
    expect(flawOf(good, common)).toBe('unanchored');
    expect(flawOf(good, { ...common, blockHash: toHex(new Uint8Array(32)) })).toBe('block-mismatch');
  });
});

it.each(['no account', 'empty slot beside a single one', 'no logs'])(
  'a proof under the main chain of: %s is refused after a change of any one byte',
  (name) => {
    const [kind, payload, header] = samples[name]!;
    if (!isAnchoredKind(kind)) throw new RangeError(`${kind} has no payload`);
    const { genesis, proof } = anchorBlock(CHAIN, leafOfHeader(header), kind, payload);
    const options = { ...common, trust: trustFromGenesis(genesis), asOf: true, acceptStaleAnchor: true };
    expect(acceptedChanges(proof, 'ssz', options)).toEqual([]);
  },
);

it('no kind passes for another', () => {
  for (const [name, [kind, payload, header]] of Object.entries(samples)) {
    for (let other = 0; other < 32; other++) {
      if (other === kind || !isAnchoredKind(other)) continue;
      const proof = unanchored(other, payload, header);
      const flaw = flawOf(encodeProof(proof, 'ssz', registryContext), trusting(header));
      expect(flaw, `${name} as ${other}`).toBeDefined();
    }
  }
});

import { beforeAll, expect, it } from 'vitest';
import {
  anchoredFixture,
  fixtureContext,
  fixtureNetworks,
  preimagePayload,
} from '../../test/fixtures/anchored.js';
import { quickBls } from '../../test/fixtures/bls.js';
import { ProofError } from '../errors/proof.js';
import { decodeProof, encodeProof } from '../format/file.js';
import { useFastHasher } from '../hash/fast.js';
import { trustFromGenesis } from './trust.js';
import { verifyProof } from './verify.js';

beforeAll(useFastHasher);

it('every byte of the JSON form of a proof with hand-overs matters, white space between tokens apart', () => {
  const { proof, genesis } = anchoredFixture({ terms: 1, older: true });
  const verdict = (bytes: Uint8Array) => {
    try {
      verifyProof(decodeProof(bytes, fixtureContext).proof, {
        networks: fixtureNetworks,
        payloads: [preimagePayload],
        bls: quickBls,
        trust: trustFromGenesis(genesis),
        asOf: true,
      });
      return 'accepted';
    } catch (error) {
      if (error instanceof ProofError) return error.flaw;
      throw error;
    }
  };
  const good = encodeProof(proof, 'json', fixtureContext);
  expect(verdict(good)).toBe('accepted');
  const minified = new TextEncoder().encode(JSON.stringify(JSON.parse(new TextDecoder().decode(good))));
  expect(verdict(minified)).toBe('accepted');
  for (let i = 0; i < minified.length; i++) {
    const bad = minified.slice();
    bad[i]! ^= 1;
    expect(verdict(bad), `byte ${i}`).not.toBe('accepted');
  }
});

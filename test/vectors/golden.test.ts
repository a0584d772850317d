import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import {
  formatContext,
  networkData,
  payloadVerifiers,
  readUnanchoredHeader,
} from '../../adapters/registry.js';
import { nobleBls } from '../../proofs/bls/bls.js';
import { fromHex, utf8 } from '../../proofs/bytes.js';
import { decodeProof } from '../../proofs/format/file.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import type { Verdict } from '../../proofs/verify/verdict.js';
import { verifyProof } from '../../proofs/verify/verify.js';
import { goldenVectors } from './golden.js';

describe('golden vectors', () => {
  it('are what the code writes today: a difference breaks proofs that exist', () => {
    const file = fileURLToPath(new URL('./golden.json', import.meta.url));
    expect(goldenVectors()).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });

  it('of every kind about Bitcoin are good proofs', () => {
    const { proofs, block } = goldenVectors().bitcoinKinds;
    const blockHash = displayHash(sha256d(fromHex(block.slice(0, 162), 'header')));
    const verified = proofs.map(({ ssz, json }) => {
      const verdicts = [fromHex(ssz, 'vector'), utf8(json)].map((bytes) => verdictOf(bytes, blockHash));
      expect(verdicts[0]).toEqual(verdicts[1]);
      return verdicts[0];
    });
    expect(verified).toHaveLength(6);
  });

  it('of the newer kinds about Ethereum are good proofs', () => {
    const vectors = goldenVectors().ethereumKinds;
    for (const { name, ssz, json, blockHash } of vectors) {
      const verdict = verdictOf(fromHex(ssz, 'vector'), blockHash);
      if (json !== undefined) expect(verdictOf(utf8(json), blockHash), name).toEqual(verdict);
    }
    const kinds = new Set(vectors.map(({ payloadKind }) => payloadKind));
    expect([...kinds].sort()).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
  });
});

function verdictOf(bytes: Uint8Array, blockHash: string): Verdict {
  const { proof } = decodeProof(bytes, formatContext);
  return verifyProof(proof, {
    networks: networkData,
    payloads: payloadVerifiers,
    bls: nobleBls,
    readHeader: readUnanchoredHeader,
    blockHash,
  });
}

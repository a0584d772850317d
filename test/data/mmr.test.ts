import { keccak_256 } from '@noble/hashes/sha3.js';
import { describe, expect, it } from 'vitest';
import { compareBytes, concatBytes, fromHex, toBareHex } from '../../proofs/bytes.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { append, emptyHistory } from '../../proofs/history/history.js';
import { MemoryNodes } from '../../proofs/history/nodes.js';
import { bagFromPath, leafPath } from '../../proofs/history/path.js';
import { type HashRules, popcount } from '../../proofs/history/rules.js';
import { hasData, needsData, readJson } from './folder.js';

interface Kat39 {
  leaves: string[];
  nodes: string[];
  peaksByLastIndex: Record<string, string[]>;
}

function bigEndian64(n: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(n));
  return out;
}

/** MMRIVER: inner nodes commit to their 1-based position. */
const mmriver: HashRules = {
  node: (left, right, position) => sha256(concatBytes(bigEndian64(position + 1), left, right)),
};

/** aelf's web library: inner nodes of sorted pairs. */
const sortedPairs: HashRules = {
  node: (left, right) =>
    sha256(compareBytes(left, right) <= 0 ? concatBytes(left, right) : concatBytes(right, left)),
};

describe.skipIf(!hasData)(needsData('Merkle mountain range vectors'), () => {
  it('reproduces every peak and inner node of MMRIVER KAT39', () => {
    const kat = readJson<Kat39>('misc-merkle/mmr/mmriver_kat39.json');
    const leaves = kat.leaves.map((hex) => fromHex(hex));
    const nodes = new MemoryNodes();
    for (let size = 1; size <= leaves.length; size++) {
      const history = append(emptyHistory(0), leaves.slice(0, size), nodes, mmriver);
      const lastIndex = 2 * size - popcount(size) - 1;
      expect(history.peaks.map(toBareHex)).toEqual(kat.peaksByLastIndex[String(lastIndex)]);
    }
    const known = new Set(kat.nodes);
    expect(nodes.count).toBe(kat.nodes.length - kat.leaves.length);
    for (const hex of kat.nodes) {
      if (!kat.leaves.includes(hex)) expect(nodes.get(fromHex(hex))).toBeDefined();
    }
    expect(known.size).toBe(kat.nodes.length);
    const whole = append(emptyHistory(0), leaves.slice(0, 16), nodes, mmriver);
    leaves.slice(0, 16).forEach((leaf, i) => {
      expect(bagFromPath(leaf, i, 16, leafPath(whole, i, nodes), mmriver)).toEqual(whole.peaks[0]);
    });
  });

  it('reproduces the aelf roots and paths of full trees', () => {
    const { cases } = readJson<{
      cases: { leaves: string[]; root?: string; pathIndex?: number; path?: string[] }[];
    }>('misc-merkle/aelf/aelf_web3js_merkle.json');
    for (const one of cases.filter((c) => c.leaves.length === 4)) {
      const nodes = new MemoryNodes();
      const leaves = one.leaves.map((text) => keccak_256(new TextEncoder().encode(text)));
      const history = append(emptyHistory(0), leaves, nodes, sortedPairs);
      if (one.root !== undefined) expect(toBareHex(history.peaks[0]!)).toBe(one.root);
      if (one.path !== undefined)
        expect(leafPath(history, one.pathIndex!, nodes).map(toBareHex)).toEqual(one.path);
    }
  });
});

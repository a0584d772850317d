// A header history (Merkle mountain range) of 100,000 leaves: one root, short paths, proof that it only ever grew.
import assert from 'node:assert/strict';
import { sha256 } from '../proofs/hash/hasher.js';
import {
  append,
  consistencyPath,
  emptyHistory,
  historyRoot,
  leafPath,
  MemoryNodes,
  rootFromPath,
  rootsFromConsistency,
  toHex,
  truncate,
  useFastHasher,
} from '../proofs/index.js';

useFastHasher();
const start = 800_000;
const leaves = Array.from({ length: 100_000 }, (_, i) =>
  sha256(new TextEncoder().encode(`block ${start + i}`)),
);

// Appending gives a new value; the inner nodes go to any store, here to memory.
const nodes = new MemoryNodes();
const older = append(emptyHistory(start), leaves.slice(0, 60_000), nodes);
const newer = append(older, leaves.slice(60_000), nodes);
console.log(`${newer.size} leaves from height ${start}: ${toHex(historyRoot(newer))}`);

// One leaf is in it: whoever has the root needs the leaf, its place, and a few hashes.
const index = 12_345;
const leaf = leaves[index] ?? new Uint8Array();
const path = leafPath(newer, index, nodes);
const root = rootFromPath(leaf, index, start, newer.size, path);
assert.equal(toHex(root), toHex(historyRoot(newer)));
console.log(`the leaf of height ${start + index} is in it: ${path.length} hashes`);

// No other leaf is there.
const other = rootFromPath(sha256(leaf), index, start, newer.size, path);
assert.notEqual(toHex(other), toHex(root));

// The newer history begins with the older one: nothing was rewritten.
const consistency = consistencyPath(newer, older.size, nodes);
const { oldRoot, newRoot } = rootsFromConsistency(start, older.size, newer.size, consistency);
assert.equal(toHex(oldRoot), toHex(historyRoot(older)));
assert.equal(toHex(newRoot), toHex(historyRoot(newer)));
console.log(
  `it begins with the history of ${older.size}: ${consistency.oldPeaks.length + consistency.path.length} hashes`,
);

// A reorganisation: leaves are cut off and others appended, and the cut history is the old one again.
assert.deepEqual(truncate(newer, older.size, nodes), older);
console.log('cut back to 60000 leaves it is the older history again');

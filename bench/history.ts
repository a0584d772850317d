import { useFastHasher, wasmHasher } from '../proofs/hash/fast.js';
import { append, emptyHistory, historyRoot } from '../proofs/history/history.js';
import { discardNodes, MemoryNodes } from '../proofs/history/nodes.js';
import { leafPath, rootFromPath } from '../proofs/history/path.js';
import { race, report } from './measure.js';

/** History appends against the hashes they cannot avoid: one 64-byte pair a leaf. */
useFastHasher();
const count = 2 ** 17;
const bytes = new Uint8Array(count * 32);
for (let i = 0; i < bytes.length; i += 4) new DataView(bytes.buffer).setUint32(i, Math.imul(i, 2654435761));
const leaves = Array.from({ length: count }, (_, i) => bytes.subarray(i * 32, i * 32 + 32));
const pairs = new Uint8Array(count * 64);

report(
  `Header history: ${count} pre-hashed leaves`,
  await race([
    {
      name: 'bare SHA-256 of as many 64-byte pairs, batched',
      count,
      run: () => wasmHasher.digestPairs(pairs),
    },
    {
      name: 'append, one batch, nodes discarded',
      count,
      run: () => append(emptyHistory(0), leaves, discardNodes),
    },
    {
      name: 'append, one batch, nodes kept in memory',
      count,
      run: () => append(emptyHistory(0), leaves, new MemoryNodes()),
    },
    {
      name: 'append, batches of 2,016, nodes discarded',
      count,
      run: () => {
        let history = emptyHistory(0);
        for (let i = 0; i < count; i += 2016)
          history = append(history, leaves.slice(i, i + 2016), discardNodes);
        return history;
      },
    },
  ]),
);

const nodes = new MemoryNodes();
const history = append(emptyHistory(0), leaves, nodes);
const root = historyRoot(history);
const index = 77_777;
const path = leafPath(history, index, nodes);
report(
  `Paths in a history of ${count}`,
  await race([
    { name: 'build a path', count: 2000, run: () => repeat(2000, () => leafPath(history, index, nodes)) },
    {
      name: 'check a path',
      count: 2000,
      run: () => repeat(2000, () => rootFromPath(leaves[index]!, index, 0, count, path)),
    },
  ]),
);
if (Buffer.compare(rootFromPath(leaves[index]!, index, 0, count, path), root) !== 0)
  throw new Error('path does not lead to the root');

function repeat(times: number, run: () => unknown): void {
  for (let i = 0; i < times; i++) run();
}

import { sha256 } from '../../proofs/hash/hasher.js';
import type { NodeReader } from '../../proofs/history/nodes.js';
import type { StateEntryProof } from '../../proofs/state/proof.js';
import { stateKey } from '../../proofs/state/tree.js';
import { StateCorruptError } from './errors.js';
import { treeGet, treeProof } from './tree.js';

/** Reads a state. */
export interface StateReader {
  /** Value of `key` in `module`, or `undefined`. Do not change the bytes. */
  get(module: string, key: Uint8Array): Uint8Array | undefined;
}

/** The state of one root: it never changes. */
export class StateView implements StateReader {
  constructor(
    readonly root: Uint8Array,
    readonly nodes: NodeReader,
  ) {}

  /** @throws StateCorruptError */
  get(module: string, key: Uint8Array): Uint8Array | undefined {
    const hash = treeGet(this.root, stateKey(module, key), this.nodes);
    if (hash === undefined) return undefined;
    const value = this.nodes.get(hash);
    if (value === undefined) throw new StateCorruptError(hash, '(a value) is missing');
    return value;
  }

  /** Proof of an entry or of its absence, for `verifyStateEntry`. @throws StateCorruptError */
  prove(module: string, key: Uint8Array): StateEntryProof {
    const hashed = stateKey(module, key);
    const value = this.get(module, key);
    return { proof: treeProof(this.root, hashed, this.nodes), value: value === undefined ? [] : [value] };
  }
}

/** What a leaf of the tree holds of a value: its SHA-256. */
export function valueHash(value: Uint8Array): Uint8Array {
  return sha256(value);
}

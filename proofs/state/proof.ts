import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { bytesEqual, isZero, ZERO32 } from '../bytes.js';
import { ByteListType, ListCompositeType } from '../containers/lists.js';
import { Bytes32 } from '../containers/primitives.js';
import { CrossrootError } from '../errors/base.js';
import { digest64, sha256 } from '../hash/hasher.js';
import { keyBit, leafHash, STATE_DEPTH, sharedBits } from './tree.js';

/** Preimage data of the leaf at which a proof ends. */
export const StateLeafType = new ContainerType(
  { key: Bytes32, valueHash: Bytes32 },
  { typeName: 'StateLeaf', jsonCase: 'eth2' },
);
export type StateLeaf = ValueOf<typeof StateLeafType>;

/**
 * What a state root says of one key. `siblings` run from the root down; `leaf` is what stands at the end of the key's
 * path: nothing, the key's own leaf, or that of another key.
 */
export const StateProofType = new ContainerType(
  {
    siblings: new ListCompositeType(Bytes32, STATE_DEPTH),
    leaf: new ListCompositeType(StateLeafType, 1),
  },
  { typeName: 'StateProof', jsonCase: 'eth2' },
);
export type StateProof = ValueOf<typeof StateProofType>;

/** A state proof with the value itself; an empty list if there is none. */
export const StateEntryProofType = new ContainerType(
  { proof: StateProofType, value: new ListCompositeType(new ByteListType(2 ** 24), 1) },
  { typeName: 'StateEntryProof', jsonCase: 'eth2' },
);
export type StateEntryProof = ValueOf<typeof StateEntryProofType>;

/** A state proof that does not hold. */
export class StateProofError extends CrossrootError {
  override readonly name = 'StateProofError';
}

/**
 * Checks what `root` says of `key` (32 bytes, as of `stateKey`).
 * @returns the SHA-256 of the value, or `undefined` if the proof shows that there is none
 * @throws StateProofError if it does not lead to the root or is not in the one valid form
 */
export function verifyStateProof(
  root: Uint8Array,
  key: Uint8Array,
  proof: StateProof,
): Uint8Array | undefined {
  const { siblings } = proof;
  const [leaf] = proof.leaf;
  if (root.length !== 32 || key.length !== 32) throw new StateProofError('state root and key have 32 bytes');
  if (siblings.length > STATE_DEPTH || proof.leaf.length > 1) {
    throw new StateProofError('state proof is too long');
  }
  const last = siblings.at(-1);
  // A subtree with one entry is its leaf: next to the end of the path there is always something.
  if (last !== undefined && isZero(last))
    throw new StateProofError('state proof is longer than it needs to be');
  if (leaf !== undefined && sharedBits(leaf.key, key) < siblings.length) {
    throw new StateProofError('the leaf of the state proof is not on the path of its key');
  }
  let hash = leaf === undefined ? ZERO32 : leafHash(leaf.key, leaf.valueHash);
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth];
    if (sibling?.length !== 32) throw new StateProofError(`sibling ${depth} is not 32 bytes`);
    hash = keyBit(key, depth) === 1 ? digest64(sibling, hash) : digest64(hash, sibling);
  }
  if (!bytesEqual(hash, root)) throw new StateProofError('state proof does not lead to the state root');
  return leaf !== undefined && bytesEqual(leaf.key, key) ? leaf.valueHash : undefined;
}

/**
 * The value that `root` has for `key`, from a proof that carries it.
 * @returns `undefined` if the proof shows that there is none
 * @throws StateProofError
 */
export function verifyStateEntry(
  root: Uint8Array,
  key: Uint8Array,
  entry: StateEntryProof,
): Uint8Array | undefined {
  const hash = verifyStateProof(root, key, entry.proof);
  const [value] = entry.value;
  if (hash === undefined) {
    if (value !== undefined) throw new StateProofError('a value is given for a key that has none');
    return undefined;
  }
  if (value === undefined || !bytesEqual(sha256(value), hash)) {
    throw new StateProofError('the value given is not the one under the state root');
  }
  return value;
}

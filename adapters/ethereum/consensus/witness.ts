import { bytesEqual, concatBytes } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { digest64 } from '../../../proofs/hash/hasher.js';
import { absentees, committeeRoot, keyRoot, rowsOf } from './committee.js';
import { LightClientRuleError } from './errors.js';
import type { ConsensusNetwork } from './networks.js';
import type { ParticipationBits, SyncCommittee } from './types.js';
import { syncCommitteeType } from './types.js';

/** First byte of an encoded committee. */
export const CommitteeKind = {
  /** SSZ of the whole committee. */
  whole: 1,
  /** The aggregate key, the absent members' keys, and the nodes that lead from them to the committee's root. */
  absentees: 2,
} as const;

const KEY = 48;
const NODE = 32;
const WHAT = 'sync committee';

/** What is needed of a committee to check one signature: the committee's sum and who is to be taken away from it. */
export interface CommitteeWitness {
  readonly aggregatePubkey: Uint8Array;
  /** Keys of the seats that did not sign, ascending by seat. */
  readonly absent: readonly Uint8Array[];
}

/**
 * A committee as far as an update's signature needs it, in the shorter of two forms.
 * @param bits of the update that it shall check
 */
export function encodeCommittee(
  network: ConsensusNetwork,
  committee: SyncCommittee,
  bits: ParticipationBits,
): Uint8Array {
  const absent = absentees(bits);
  const nodes: Uint8Array[] = [];
  const rows = rowsOf(committee.pubkeys);
  foldNodes(absent, rows.length - 1, (height, index) => {
    const node = rows[height]?.subarray(NODE * index, NODE * index + NODE) ?? new Uint8Array(NODE);
    nodes.push(node);
    return node;
  });
  const keys = absent.map((seat) => committee.pubkeys[seat] ?? new Uint8Array(KEY));
  const size = 1 + KEY * (1 + keys.length) + NODE * nodes.length;
  if (size > KEY * (network.syncCommitteeSize + 1)) return encodeWholeCommittee(network, committee);
  return concatBytes(Uint8Array.of(CommitteeKind.absentees), committee.aggregatePubkey, ...keys, ...nodes);
}

/** A whole committee, which serves for any update that it signed. */
export function encodeWholeCommittee(network: ConsensusNetwork, committee: SyncCommittee): Uint8Array {
  return concatBytes(
    Uint8Array.of(CommitteeKind.whole),
    syncCommitteeType(network.syncCommitteeSize).serialize(committee as never),
  );
}

/**
 * Reads a committee and checks that it is the one with this root.
 * @param bits of the update whose signature it shall check
 * @param slot for errors
 * @throws MalformedInputError; LightClientRuleError `wrong-committee`
 */
export function decodeCommittee(
  network: ConsensusNetwork,
  bytes: Uint8Array,
  bits: ParticipationBits,
  root: Uint8Array,
  slot: number,
): CommitteeWitness {
  const absent = absentees(bits);
  const body = bytes.subarray(1);
  const { witness, found } =
    bytes[0] === CommitteeKind.whole
      ? readWhole(network, body, absent)
      : bytes[0] === CommitteeKind.absentees
        ? readAbsentees(network, body, absent)
        : unknownKind(bytes[0]);
  if (!bytesEqual(found, root))
    throw new LightClientRuleError(
      'wrong-committee',
      slot,
      'is not the sync committee that must have signed',
    );
  return witness;
}

interface Read {
  readonly witness: CommitteeWitness;
  readonly found: Uint8Array;
}

function unknownKind(kind: number | undefined): Read {
  throw new MalformedInputError(WHAT, `has no known kind: ${kind}`);
}

function readWhole(network: ConsensusNetwork, body: Uint8Array, absent: readonly number[]): Read {
  const { syncCommitteeSize: size } = network;
  expectLength(body, KEY * (size + 1));
  const pubkeys = Array.from({ length: size }, (_, i) => body.slice(KEY * i, KEY * (i + 1)));
  const committee = { pubkeys, aggregatePubkey: body.slice(KEY * size) };
  return {
    witness: {
      aggregatePubkey: committee.aggregatePubkey,
      absent: absent.map((seat) => pubkeys[seat] ?? new Uint8Array(KEY)),
    },
    found: committeeRoot(committee),
  };
}

function readAbsentees(network: ConsensusNetwork, body: Uint8Array, absent: readonly number[]): Read {
  const depth = Math.log2(network.syncCommitteeSize);
  let count = 0;
  foldNodes(absent, depth, () => {
    count++;
    return new Uint8Array(NODE);
  });
  const nodesAt = KEY * (1 + absent.length);
  expectLength(body, nodesAt + NODE * count);
  const keys = absent.map((_, i) => body.slice(KEY * (i + 1), KEY * (i + 2)));
  const aggregatePubkey = body.slice(0, KEY);
  let at = nodesAt;
  const keysRoot = foldNodes(
    absent,
    depth,
    () => {
      at += NODE;
      return body.subarray(at - NODE, at);
    },
    keys.map(keyRoot),
  );
  return { witness: { aggregatePubkey, absent: keys }, found: digest64(keysRoot, keyRoot(aggregatePubkey)) };
}

/**
 * Goes from some leaves of a perfect tree up to its root, level by level from left to right, asking for each node that
 * neither is among them nor follows from them. With no leaf at all, the root itself is asked for.
 * @param leaves indices, ascending
 * @param nodeAt a node by its height above the leaves and its index in that row
 * @param values of the leaves; without them the result means nothing
 */
function foldNodes(
  leaves: readonly number[],
  depth: number,
  nodeAt: (height: number, index: number) => Uint8Array,
  values: readonly Uint8Array[] = [],
): Uint8Array {
  if (leaves.length === 0) return nodeAt(depth, 0);
  const hashes = values.length > 0;
  let row = leaves.map((index, i) => ({ index, value: values[i] ?? new Uint8Array(NODE) }));
  for (let height = 0; height < depth; height++) {
    const above: typeof row = [];
    for (let i = 0; i < row.length; i++) {
      const node = row[i];
      if (node === undefined) break;
      const follower = row[i + 1];
      const isLeft = node.index % 2 === 0;
      let sibling: Uint8Array;
      if (isLeft && follower?.index === node.index + 1) {
        sibling = follower.value;
        i++;
      } else {
        sibling = nodeAt(height, node.index + (isLeft ? 1 : -1));
      }
      const [left, right] = isLeft ? [node.value, sibling] : [sibling, node.value];
      above.push({ index: Math.floor(node.index / 2), value: hashes ? digest64(left, right) : left });
    }
    row = above;
  }
  return row[0]?.value ?? new Uint8Array(NODE);
}

function expectLength(body: Uint8Array, length: number): void {
  if (body.length !== length)
    throw new MalformedInputError(WHAT, `has ${body.length} bytes after its kind, expected ${length}`);
}

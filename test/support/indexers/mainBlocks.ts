import { BitArray } from '@chainsafe/ssz';
import type { BlockRecord } from '../../../indexers/log/records.js';
import type { Commitment } from '../../../proofs/containers/commitment.js';
import { CommitmentType } from '../../../proofs/containers/commitment.js';
import { CertificateType } from '../../../proofs/containers/consensus.js';
import { MainHeaderType } from '../../../proofs/containers/header.js';
import { append, emptyHistory, historyRoot } from '../../../proofs/history/history.js';
import { discardNodes } from '../../../proofs/history/nodes.js';

/** One chain's commitment, different for each `n`. */
export function fakeCommitment(n: number): Commitment {
  const fill = (salt: number) => new Uint8Array(32).fill((n * 7 + salt) % 251);
  return {
    ...{ specRoot: new Uint8Array(32).fill(9), status: 1, epoch: 0, start: 0, size: n + 1 },
    ...{ historyRoot: fill(1), tipHeight: n, tipHash: fill(2), reorgRoot: fill(3), reorgCount: 0 },
    policyVersion: 1,
  };
}

/** A main-chain block as the stream has it, over `parent`. `salt` makes another block of it. */
export function fakeMainBlock(parent: BlockRecord | undefined, salt = 0): BlockRecord {
  const below = parent && MainHeaderType.deserialize(parent.header);
  const height = below === undefined ? 0 : below.height + 1;
  const commitments = [fakeCommitment(height + salt)];
  const roots = commitments.map((one) => CommitmentType.hashTreeRoot(one));
  const header = {
    ...MainHeaderType.defaultValue(),
    ...{ height, slot: height + salt },
    indexRoot: historyRoot(append(emptyHistory(0), roots, discardNodes)),
    parentRoot: below === undefined ? new Uint8Array(32) : MainHeaderType.hashTreeRoot(below),
  };
  return {
    header: MainHeaderType.serialize(header),
    certificate: fakeCertificate(height, MainHeaderType.hashTreeRoot(header), salt),
    commitments,
  };
}

/** Of every third block none: only a later one is certified. Nothing in it is signed. */
function fakeCertificate(height: number, root: Uint8Array, salt: number): Uint8Array {
  if (height % 3 === 2) return new Uint8Array();
  const none = CertificateType.defaultValue();
  return CertificateType.serialize({
    vote: {
      ...none.vote,
      term: 1,
      source: { height, root },
      target: { height: height + 1, root: none.vote.setRoot },
    },
    bits: BitArray.fromBoolArray([true, true, false, true]),
    signature: new Uint8Array(96).fill(1 + salt),
  });
}

/** Blocks 0 .. count − 1. */
export function fakeMainChain(count: number): BlockRecord[] {
  const blocks: BlockRecord[] = [];
  while (blocks.length < count) blocks.push(fakeMainBlock(blocks.at(-1)));
  return blocks;
}

import { negatePublicKey } from '../../../proofs/bls/bls.js';
import { isZero } from '../../../proofs/bytes.js';
import { digest64, hasher } from '../../../proofs/hash/hasher.js';
import type { ParticipationBits, SyncCommittee } from './types.js';

const KEY = 48;

/** Root of a key: its 48 bytes in two chunks. */
export function keyRoot(key: Uint8Array): Uint8Array {
  const chunks = new Uint8Array(64);
  chunks.set(key);
  return digest64(chunks.subarray(0, 32), chunks.subarray(32));
}

/** `hash_tree_root` of a committee, level by level, so that a fast hasher takes many hashes at once. */
export function committeeRoot(committee: SyncCommittee): Uint8Array {
  return digest64(rowsOf(committee.pubkeys).at(-1) ?? new Uint8Array(32), keyRoot(committee.aggregatePubkey));
}

/** The levels of the tree over the keys, leaves first, 32 bytes a node. */
export function rowsOf(pubkeys: readonly Uint8Array[]): Uint8Array[] {
  const chunks = new Uint8Array(64 * pubkeys.length);
  for (const [i, key] of pubkeys.entries()) chunks.set(key.subarray(0, KEY), 64 * i);
  let row = hasher().digestPairs(chunks);
  const rows = [row];
  while (row.length > 32) {
    row = hasher().digestPairs(row);
    rows.push(row);
  }
  return rows;
}

/** Whether all keys are zero: the form in which an update says that it brings no committee. */
export function isEmptyCommittee(committee: SyncCommittee): boolean {
  return isZero(committee.aggregatePubkey) && committee.pubkeys.every(isZero);
}

/** How many seats signed. */
export function participation(bits: ParticipationBits): number {
  let count = 0;
  for (let i = 0; i < bits.bitLen; i++) if (bits.get(i)) count++;
  return count;
}

/** Seats that did not sign, ascending. */
export function absentees(bits: ParticipationBits): number[] {
  const absent: number[] = [];
  for (let i = 0; i < bits.bitLen; i++) if (!bits.get(i)) absent.push(i);
  return absent;
}

/** Whether at least two thirds signed. */
export function hasSupermajority(bits: ParticipationBits): boolean {
  return participation(bits) * 3 >= bits.bitLen * 2;
}

/**
 * Keys whose sum is the sum of those who signed. `aggregate`: the committee's aggregate key less the absent ones, which is
 * committed to with the committee; `participants`: each key that signed; by default whichever are fewer.
 */
export function signingKeys(
  committee: SyncCommittee,
  bits: ParticipationBits,
  way?: 'aggregate' | 'participants',
): Uint8Array[] {
  const absent = absentees(bits);
  const few = absent.length < committee.pubkeys.length - absent.length;
  if (way === 'aggregate' || (way === undefined && few))
    return lessAbsent(
      committee.aggregatePubkey,
      absent.map((i) => committee.pubkeys[i] ?? new Uint8Array(0)),
    );
  return committee.pubkeys.filter((_, i) => bits.get(i));
}

/** Keys whose sum is `aggregate` less `absent`. */
export function lessAbsent(aggregate: Uint8Array, absent: readonly Uint8Array[]): Uint8Array[] {
  return [aggregate, ...absent.map(negatePublicKey)];
}

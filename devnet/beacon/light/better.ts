import { isZero } from '../../../proofs/bytes.js';
import type { LightUpdate } from '../containers/light.js';
import { periodOf, SYNC_COMMITTEE_SIZE } from '../preset.js';

function signers(update: LightUpdate): number {
  return update.syncAggregate.syncCommitteeBits.getTrueBitIndexes().length;
}

/** Whether `next` serves light clients better than `old` of the same period (altair `sync-protocol.md`, `is_better_update`). */
export function isBetterUpdate(next: LightUpdate, old: LightUpdate): boolean {
  const majority = (update: LightUpdate) => signers(update) * 3 >= SYNC_COMMITTEE_SIZE * 2;
  if (majority(next) !== majority(old)) return majority(next);
  if (!majority(next) && signers(next) !== signers(old)) return signers(next) > signers(old);
  const teaches = (update: LightUpdate) =>
    periodOf(update.attestedHeader.beacon.slot) === periodOf(update.signatureSlot) &&
    !update.nextSyncCommitteeBranch.every(isZero);
  if (teaches(next) !== teaches(old)) return teaches(next);
  const finalises = (update: LightUpdate) => !update.finalityBranch.every(isZero);
  if (finalises(next) !== finalises(old)) return finalises(next);
  const within = (update: LightUpdate) =>
    finalises(update) &&
    periodOf(update.finalizedHeader.beacon.slot) === periodOf(update.attestedHeader.beacon.slot);
  if (within(next) !== within(old)) return within(next);
  if (signers(next) !== signers(old)) return signers(next) > signers(old);
  const [a, b] = [next.attestedHeader.beacon.slot, old.attestedHeader.beacon.slot];
  return a === b ? next.signatureSlot < old.signatureSlot : a < b;
}

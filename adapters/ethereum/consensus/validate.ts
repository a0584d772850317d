import type { Bls } from '../../../proofs/bls/bls.js';
import { bytesEqual, ZERO32 } from '../../../proofs/bytes.js';
import { isValidBranch } from './branch.js';
import { committeeRoot, isEmptyCommittee, participation } from './committee.js';
import { type LightClientRule, LightClientRuleError, LightClientTooEarlyError } from './errors.js';
import { forkAt, periodAt } from './forks.js';
import { stateIndices } from './gindices.js';
import { beaconRoot, isEmptyHeader, isSupported, isValidHeader } from './header.js';
import type { ConsensusNetwork } from './networks.js';
import { syncSigningRoot } from './signing.js';
import type { LightClientBootstrap, LightClientUpdate } from './types.js';
import { isCommitteeUpdate, isFinalityUpdate } from './update.js';

/** What an update is checked against. */
export interface KnownFinality {
  /** Of the newest finalized header. */
  readonly finalizedSlot: number;
  /** Root of the next period's committee; `undefined` while unknown. */
  readonly nextCommitteeRoot: Uint8Array | undefined;
}

/** What the checks of an update, its signature aside, found. */
export interface CheckedUpdate {
  /** Which committee must have signed. */
  readonly signedBy: 'current' | 'next';
  /** Root of the next sync committee that it brings; `undefined` where it brings none. */
  readonly nextCommitteeRoot: Uint8Array | undefined;
}

/**
 * `validate_light_client_update` of consensus-specs `altair/light-client/sync-protocol.md` with the later forks' changes,
 * its signature aside (`checkSignature`).
 * @param currentSlot `Infinity` where there is no clock
 * @throws LightClientRuleError naming the first check that fails; LightClientTooEarlyError
 */
export function checkUpdate(
  network: ConsensusNetwork,
  known: KnownFinality,
  update: LightClientUpdate,
  currentSlot: number,
): CheckedUpdate {
  const attested = update.attestedHeader.beacon;
  const finalizedSlot = update.finalizedHeader.beacon.slot;
  const { signatureSlot } = update;
  const check = (holds: boolean, rule: LightClientRule, message: string): void => {
    if (!holds) throw new LightClientRuleError(rule, attested.slot, message);
  };
  check(participation(update.syncAggregate.syncCommitteeBits) > 0, 'no-participants', 'nobody signed');
  check(isSupported(network, attested.slot), 'unsupported-fork', `${network.name} has no known fork there`);
  check(
    isValidHeader(network, update.attestedHeader),
    'invalid-execution-branch',
    'the attested block does not contain the execution payload header',
  );
  if (signatureSlot > currentSlot) throw new LightClientTooEarlyError(signatureSlot, currentSlot);
  check(
    signatureSlot > attested.slot,
    'slot-order',
    `signed at ${signatureSlot}, not after the attested block`,
  );
  check(attested.slot >= finalizedSlot, 'slot-order', `finalizes ${finalizedSlot}, after the attested block`);

  const period = periodAt(network, known.finalizedSlot);
  const signaturePeriod = periodAt(network, signatureSlot);
  const nextKnown = known.nextCommitteeRoot !== undefined;
  check(
    signaturePeriod === period || (nextKnown && signaturePeriod === period + 1),
    'period-skip',
    `signed in period ${signaturePeriod}; ${period} is known${nextKnown ? ', and the next one' : ''}`,
  );
  const attestedPeriod = periodAt(network, attested.slot);
  const bringsCommittee = isCommitteeUpdate(update);
  check(
    attested.slot > known.finalizedSlot || (!nextKnown && bringsCommittee && attestedPeriod === period),
    'not-relevant',
    `brings nothing newer than the finalized slot ${known.finalizedSlot}`,
  );
  checkFinality(network, update);
  const nextCommitteeRoot = bringsCommittee ? committeeRoot(update.nextSyncCommittee) : undefined;
  if (nextCommitteeRoot === undefined) {
    check(
      isEmptyCommittee(update.nextSyncCommittee),
      'committee-without-branch',
      'brings a next sync committee without its branch',
    );
  } else {
    check(
      known.nextCommitteeRoot === undefined ||
        attestedPeriod !== period ||
        bytesEqual(nextCommitteeRoot, known.nextCommitteeRoot),
      'committee-contradiction',
      'brings another next sync committee than the one that is known',
    );
    check(
      isValidBranch(
        nextCommitteeRoot,
        update.nextSyncCommitteeBranch,
        stateIndices(forkAt(network, attested.slot)?.fork ?? 'altair').nextCommittee,
        attested.stateRoot,
      ),
      'invalid-next-committee-branch',
      'the attested state does not hold this next sync committee',
    );
  }
  return { signedBy: signaturePeriod === period ? 'current' : 'next', nextCommitteeRoot };
}

/** The finalized header is the one that the attested state names; one at genesis stands as empty. */
function checkFinality(network: ConsensusNetwork, update: LightClientUpdate): void {
  const { finalizedHeader, attestedHeader } = update;
  const { slot } = finalizedHeader.beacon;
  if (!isFinalityUpdate(update)) {
    if (!isEmptyHeader(finalizedHeader))
      throw new LightClientRuleError(
        'finality-without-branch',
        slot,
        'a finalized header without its branch',
      );
    return;
  }
  let leaf = ZERO32;
  if (slot !== 0) {
    if (!isValidHeader(network, finalizedHeader))
      throw new LightClientRuleError(
        'invalid-execution-branch',
        slot,
        'the finalized block does not contain the execution payload header',
      );
    leaf = beaconRoot(finalizedHeader.beacon);
  } else if (!isEmptyHeader(finalizedHeader)) {
    throw new LightClientRuleError('invalid-finality-branch', slot, 'a finalized genesis that is not empty');
  }
  const fork = forkAt(network, attestedHeader.beacon.slot)?.fork ?? 'altair';
  if (
    !isValidBranch(
      leaf,
      update.finalityBranch,
      stateIndices(fork).finalizedRoot,
      attestedHeader.beacon.stateRoot,
    )
  )
    throw new LightClientRuleError(
      'invalid-finality-branch',
      slot,
      'the attested state does not name this finalized block',
    );
}

/**
 * The committee's aggregate signature over the attested header.
 * @param keys whose sum is the sum of those who signed: `signingKeys`
 * @throws LightClientRuleError `invalid-signature`, `unsupported-fork`
 */
export function checkSignature(
  network: ConsensusNetwork,
  update: LightClientUpdate,
  keys: readonly Uint8Array[],
  bls: Bls,
): void {
  const { attestedHeader, signatureSlot, syncAggregate } = update;
  const root = syncSigningRoot(network, attestedHeader.beacon, signatureSlot);
  if (!bls.fastAggregateVerify(keys, root, syncAggregate.syncCommitteeSignature))
    throw new LightClientRuleError(
      'invalid-signature',
      attestedHeader.beacon.slot,
      'the sync committee’s signature does not hold',
    );
}

/**
 * The checks of `initialize_light_client_store`.
 * @returns root of the current sync committee
 * @throws LightClientRuleError `untrusted-root`, `unsupported-fork`, `invalid-execution-branch`, `invalid-current-committee-branch`
 */
export function checkBootstrap(
  network: ConsensusNetwork,
  trustedRoot: Uint8Array,
  bootstrap: LightClientBootstrap,
): Uint8Array {
  const { beacon } = bootstrap.header;
  const refuse = (rule: LightClientRule, message: string): never => {
    throw new LightClientRuleError(rule, beacon.slot, message);
  };
  if (!bytesEqual(beaconRoot(beacon), trustedRoot)) refuse('untrusted-root', 'is not the trusted block');
  if (!isSupported(network, beacon.slot))
    refuse('unsupported-fork', `${network.name} has no known fork there`);
  if (!isValidHeader(network, bootstrap.header))
    refuse('invalid-execution-branch', 'the block does not contain the execution payload header');
  const root = committeeRoot(bootstrap.currentSyncCommittee);
  const indices = stateIndices(forkAt(network, beacon.slot)?.fork ?? 'altair');
  if (!isValidBranch(root, bootstrap.currentSyncCommitteeBranch, indices.currentCommittee, beacon.stateRoot))
    refuse('invalid-current-committee-branch', 'the state does not hold this sync committee');
  return root;
}

import type { Bls } from '../../../proofs/bls/bls.js';
import { isZero, ZERO32 } from '../../../proofs/bytes.js';
import { decodeBootstrap, decodeUpdate } from './codec.js';
import { hasSupermajority, lessAbsent } from './committee.js';
import { type LightClientRule, LightClientRuleError } from './errors.js';
import { type BeaconFork, forkAt, periodAt, slotAtTime } from './forks.js';
import { beaconRoot, executionOf } from './header.js';
import type { ConsensusNetwork } from './networks.js';
import type { FinalityRecord } from './record.js';
import type { ExecutionHeader, LightClientHeader } from './types.js';
import { asUpdate, isFinalityUpdate } from './update.js';
import { checkBootstrap, checkSignature, checkUpdate } from './validate.js';
import { decodeCommittee } from './witness.js';

/**
 * Begins a record of a beacon chain's finality at a trusted block. A pure function of its input: everybody who has the
 * same input has the same record.
 * @param trustedRoot root of the trusted beacon block
 * @param bootstrap the fork byte, then SSZ: `encodeBootstrap`
 * @throws LightClientRuleError, MalformedInputError, LimitExceededError
 */
export function startFinality(
  network: ConsensusNetwork,
  trustedRoot: Uint8Array,
  bootstrap: Uint8Array,
): FinalityRecord {
  const { fork, data } = decodeBootstrap(network, bootstrap);
  checkFork(network, fork, data.header);
  const currentCommitteeRoot = checkBootstrap(network, trustedRoot, data);
  const execution = provenExecution(network, data.header);
  return {
    slot: data.header.beacon.slot,
    beaconRoot: trustedRoot,
    executionHeight: execution.blockNumber,
    executionHash: execution.blockHash,
    currentCommitteeRoot,
    nextCommitteeRoot: ZERO32,
  };
}

/**
 * The record after an update that finalizes something newer or proves the next sync committee, signed by at least two
 * thirds of the right committee. A pure function of its input.
 * @param update the kind byte, the fork byte, then SSZ: `encodeUpdate`
 * @param committee who signed: `encodeCommittee`
 * @param now Unix seconds; of no account where the network has no clock
 * @throws LightClientRuleError naming the check that fails; LightClientTooEarlyError (retryable); MalformedInputError, LimitExceededError
 */
export function advanceFinality(
  network: ConsensusNetwork,
  record: FinalityRecord,
  update: Uint8Array,
  committee: Uint8Array,
  now: number,
  bls: Bls,
): FinalityRecord {
  const decoded = decodeUpdate(network, update);
  const { fork } = decoded.versioned;
  const data = decoded.kind === 'update' ? decoded.versioned.data : asUpdate(network, decoded.versioned.data);
  const { slot: attestedSlot } = data.attestedHeader.beacon;
  const { syncCommitteeBits: bits } = data.syncAggregate;
  const refuse = (rule: LightClientRule, message: string): never => {
    throw new LightClientRuleError(rule, attestedSlot, message);
  };
  if (!hasSupermajority(bits))
    refuse('too-few-participants', 'fewer than two thirds of the committee signed');
  checkFork(network, fork, data.attestedHeader);
  const nextKnown = !isZero(record.nextCommitteeRoot);
  const { signedBy, nextCommitteeRoot } = checkUpdate(
    network,
    { finalizedSlot: record.slot, nextCommitteeRoot: nextKnown ? record.nextCommitteeRoot : undefined },
    data,
    slotAtTime(network, now) ?? Number.POSITIVE_INFINITY,
  );

  const { finalizedHeader } = data;
  const { slot } = finalizedHeader.beacon;
  const period = periodAt(network, record.slot);
  const finalizedPeriod = periodAt(network, slot);
  const isNewer = slot > record.slot;
  const teaches =
    !nextKnown &&
    nextCommitteeRoot !== undefined &&
    isFinalityUpdate(data) &&
    finalizedPeriod === periodAt(network, attestedSlot);
  if (!isNewer && !teaches) refuse('not-relevant', 'finalizes nothing newer and proves no unknown committee');
  const execution = isNewer ? provenExecution(network, finalizedHeader) : undefined;

  const signers = signedBy === 'next' ? record.nextCommitteeRoot : record.currentCommitteeRoot;
  const { aggregatePubkey, absent } = decodeCommittee(network, committee, bits, signers, attestedSlot);
  checkSignature(network, data, lessAbsent(aggregatePubkey, absent), bls);

  const brought = nextCommitteeRoot ?? ZERO32;
  const committees = nextKnown
    ? finalizedPeriod === period + 1
      ? { currentCommitteeRoot: record.nextCommitteeRoot, nextCommitteeRoot: brought }
      : {}
    : { nextCommitteeRoot: brought };
  const finalized =
    execution === undefined
      ? {}
      : {
          slot,
          beaconRoot: beaconRoot(finalizedHeader.beacon),
          executionHeight: execution.blockNumber,
          executionHash: execution.blockHash,
        };
  return { ...record, ...committees, ...finalized };
}

/** One encoding alone is valid: that of the fork active at the header's slot. */
function checkFork(network: ConsensusNetwork, fork: BeaconFork, header: LightClientHeader): void {
  const { slot } = header.beacon;
  const active = forkAt(network, slot)?.fork;
  if (active === undefined)
    throw new LightClientRuleError('unsupported-fork', slot, `${network.name} has no known fork there`);
  if (active !== fork)
    throw new LightClientRuleError('wrong-fork', slot, `has the form of ${fork}, not of ${active}`);
}

function provenExecution(network: ConsensusNetwork, header: LightClientHeader): ExecutionHeader {
  const execution = executionOf(network, header);
  if (execution === undefined)
    throw new LightClientRuleError(
      'no-execution-payload',
      header.beacon.slot,
      'blocks from before Capella prove no execution payload',
    );
  return execution;
}

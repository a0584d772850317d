import { LightClientRuleError, LightClientTooEarlyError } from '../../adapters/ethereum/consensus/errors.js';
import { trustedBlockRoot } from '../../adapters/ethereum/trustedBlock.js';
import { bytesEqual, ZERO32 } from '../../proofs/bytes.js';
import { LightClientStep, type SubmitLightClient } from '../../proofs/containers/calls.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import type { StateWriter } from '../state/overlay.js';
import { Branch } from './branch.js';
import { needActive } from './chains.js';
import { type BlockContext, MAX_FINALITY_LEAD } from './context.js';
import { pauseWithEvidence } from './evidence.js';
import {
  type CommitteeChain,
  closeRun,
  needCommittee,
  needFinality,
  openRun,
  readFinality,
  writeFinality,
} from './finality.js';
import {
  BadLightClientError,
  FinalityStartedError,
  HeadersFirstError,
  MalformedLightClientError,
  UpdateTooEarlyError,
} from './finalityErrors.js';
import { committedHeight, readIndex } from './histories.js';
import { CheckpointMismatchError } from './registryErrors.js';

/**
 * Takes finality that a chain's own committee signed: first the bootstrap, which must be of the checkpoint's trusted block, then
 * updates. Every delegate checks every signature here. A committee that contradicts what it signed before pauses the chain: nothing is truncated.
 */
export function submitLightClient(state: StateWriter, context: BlockContext, call: SubmitLightClient): void {
  const chain = needCommittee(context, needActive(state, call.specRoot));
  if (call.step === LightClientStep.bootstrap) start(state, chain, call);
  else if (call.step === LightClientStep.update) advance(state, context, chain, call);
  else throw new MalformedLightClientError(`there is no step ${call.step}`);
}

function start(
  state: StateWriter,
  { chain, network, committee }: CommitteeChain,
  call: SubmitLightClient,
): void {
  const { specRoot, data } = call;
  const { checkpoint } = chain.spec;
  const { name } = network.info;
  if (readFinality(state, specRoot) !== undefined)
    throw new FinalityStartedError('the light client has begun already');
  if (call.committee.length > 0)
    throw new MalformedLightClientError('a bootstrap brings no committee of its own');
  const trustedRoot = trustedBlockRoot(checkpoint) ?? ZERO32;
  const record = refusing(() => committee.start(name, trustedRoot, data));
  const { height, hash } = committee.view(name, record);
  if (height !== checkpoint.height || !bytesEqual(hash, checkpoint.hash))
    throw new CheckpointMismatchError(
      `the trusted beacon block contains block ${height}, which is not the checkpoint`,
    );
  const none = { topHeight: 0, topHash: ZERO32, nextHeight: 0, nextHash: ZERO32 };
  writeFinality(state, specRoot, { record, ...none });
}

function advance(
  state: StateWriter,
  context: BlockContext,
  { chain, network, committee }: CommitteeChain,
  call: SubmitLightClient,
): void {
  const { specRoot, data } = call;
  const { name } = network.info;
  const finality = needFinality(state, specRoot);
  const record = refusing(() =>
    committee.advance(name, finality.record, data, call.committee, context.now, context.bls),
  );
  const index = readIndex(state, specRoot);
  const [old, next] = [committee.view(name, finality.record), committee.view(name, record)];
  if (next.slot > old.slot && next.height <= Math.max(old.height, index.tipHeight)) {
    // Every block is above the one before it, so two chains were signed. The signed data is the evidence: anybody can check it by its committee.
    const signed = {
      forkHeight: Math.max(0, next.height - 1),
      raw: data,
      count: 0,
      tip: next.hash,
      work: 0n,
    };
    pauseWithEvidence(state, context, chain, new Branch(state, network, specRoot, index), signed);
    // Taken as the newest that was signed, it cannot pause the chain again once that is resumed.
    writeFinality(state, specRoot, closeRun({ ...finality, record }));
    return;
  }
  const lead = next.height - committedHeight(index);
  if (lead > MAX_FINALITY_LEAD)
    throw new HeadersFirstError(`finality would be ${lead} blocks ahead of the newest leaf`);
  writeFinality(state, specRoot, openRun({ ...finality, record }, next, index.tipHeight));
}

/** @throws BadLightClientError, MalformedLightClientError; UpdateTooEarlyError (retryable) */
function refusing<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof LightClientTooEarlyError)
      throw new UpdateTooEarlyError(error.message, { cause: error });
    if (error instanceof LightClientRuleError) throw new BadLightClientError(error);
    if (error instanceof MalformedInputError || error instanceof LimitExceededError)
      throw new MalformedLightClientError(error.message, { cause: error });
    throw error;
  }
}

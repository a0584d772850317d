import { assuranceFor, parametersFor } from '../../adapters/mode.js';
import { bytesEqual, isZero } from '../../proofs/bytes.js';
import {
  type GovernanceAction,
  GovernanceActionType,
  GovernanceKind,
  type GovernedCall,
  PolicyType,
  type Registration,
  RegistrationType,
} from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import type { StateWriter } from '../state/overlay.js';
import { writeHeader } from './branch.js';
import {
  addChain,
  chainCount,
  governanceSequence,
  needChain,
  setGovernanceSequence,
  specRootOf,
  writeChain,
} from './chains.js';
import { type BlockContext, findNetwork, type Network } from './context.js';
import { decodeStrict } from './decode.js';
import { decodeHeader } from './headers.js';
import { appendLeaves, newIndexRecord, writeIndex } from './histories.js';
import { checkPolicy } from './policies.js';
import { checkQuorum } from './quorum.js';
import type { ChainRecord } from './records.js';
import {
  BadSequenceError,
  ChainNotPausedError,
  ChainPausedError,
  CheckpointMismatchError,
  MalformedActionError,
  NameTakenError,
  SpecMismatchError,
  UnknownActionError,
  UnknownKindError,
  UnknownNetworkCallError,
} from './registryErrors.js';

/**
 * Applies an action that the current delegates approved by quorum.
 * @throws BadSequenceError, quorum errors, and what the action itself refuses
 */
export function govern(state: StateWriter, context: BlockContext, call: GovernedCall): void {
  const { action } = call;
  const sequence = governanceSequence(state);
  if (action.sequence !== sequence) {
    throw new BadSequenceError(`the action has sequence ${action.sequence}, the next one is ${sequence}`);
  }
  const message = signingRoot(GovernanceActionType, action, 'governance', context.genesisRoot);
  checkQuorum(context.bls, context.term.members, call.bits, message, call.signature);
  perform(state, context, action);
  setGovernanceSequence(state, sequence + 1);
}

function perform(state: StateWriter, context: BlockContext, action: GovernanceAction): void {
  const { specRoot, payload } = action;
  switch (action.kind) {
    case GovernanceKind.register:
      register(state, context, specRoot, decodeStrict(RegistrationType, payload, malformed));
      return;
    case GovernanceKind.pause:
      noPayload(payload);
      setStatus(state, specRoot, ChainStatus.paused);
      return;
    case GovernanceKind.resume:
      noPayload(payload);
      setStatus(state, specRoot, ChainStatus.active);
      return;
    case GovernanceKind.setPolicy: {
      const policy = decodeStrict(PolicyType, payload, malformed);
      const chain = needChain(state, specRoot);
      checkPolicy(policy, networkOf(context, chain), chain.spec.checkpoint);
      writeChain(state, specRoot, { ...chain, policy, policyVersion: chain.policyVersion + 1 });
      return;
    }
    default:
      throw new UnknownActionError(`no action has the kind ${action.kind}`);
  }
}

/** Network data of a registered chain. @throws UnknownKindError if this build has lost its rules */
export function networkOf(context: BlockContext, chain: ChainRecord): Network {
  const name = chainName(chain.spec.name);
  const network = findNetwork(context.kinds, chain.spec.kind, name);
  if (network === undefined) throw new UnknownKindError(`this build has no rules for ${name}`);
  return network;
}

/** A chain name from its bytes, which are ASCII. */
export function chainName(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function register(
  state: StateWriter,
  context: BlockContext,
  specRoot: Uint8Array,
  { spec, policy, checkpointHeader }: Registration,
): void {
  if (!bytesEqual(ChainSpecType.hashTreeRoot(spec), specRoot)) {
    throw new SpecMismatchError('the spec root is not that of the registration');
  }
  const kind = context.kinds.find((k) => k.code === spec.kind);
  if (kind === undefined) throw new UnknownKindError(`no kind of chain has the code ${spec.kind}`);
  const name = chainName(spec.name);
  const network = findNetwork(context.kinds, spec.kind, name);
  if (network === undefined) throw new UnknownNetworkCallError(`${kind.name} has no network called ${name}`);
  if (!bytesEqual(parametersFor(network.kind, network.info, spec.checkpoint), spec.parameters)) {
    throw new SpecMismatchError(`the parameters are not those of ${name}`);
  }
  if (!bytesEqual(network.info.genesisHash, spec.genesisHash)) {
    throw new SpecMismatchError(`the genesis hash is not that of ${name}`);
  }
  if (specRootOf(state, spec.name) !== undefined) throw new NameTakenError(`${name} is registered already`);
  checkPolicy(policy, network, spec.checkpoint);
  enterCheckpoint(state, context, network, specRoot, { spec, policy, checkpointHeader });
}

function enterCheckpoint(
  state: StateWriter,
  context: BlockContext,
  network: Network,
  specRoot: Uint8Array,
  { spec, policy, checkpointHeader }: Registration,
): void {
  const { checkpoint } = spec;
  const header = decodeHeader(network.kind, checkpointHeader, checkpoint.height);
  if (!bytesEqual(header.hash, checkpoint.hash)) {
    throw new CheckpointMismatchError('the checkpoint header has another hash than the checkpoint');
  }
  if (checkpoint.height === 0 && !isZero(spec.genesisHash) && !bytesEqual(header.hash, spec.genesisHash)) {
    throw new CheckpointMismatchError('the checkpoint at height 0 is not the genesis block');
  }
  const own = network.kind.work(header);
  const assurance = assuranceFor(network.kind, network.info, checkpoint);
  const possible =
    assurance === Assurance.syncCommittee ||
    (assurance === Assurance.work ? checkpoint.work >= own : checkpoint.work === 0n);
  const isGenesis = assurance !== Assurance.syncCommittee && checkpoint.height === 0;
  if (!possible || (isGenesis && checkpoint.work !== own)) {
    throw new CheckpointMismatchError(`the checkpoint cannot have a total work of ${checkpoint.work}`);
  }
  const chain: ChainRecord = {
    spec,
    policy,
    policyVersion: 1,
    rulesVersion: network.kind.rulesVersion,
    status: ChainStatus.active,
    position: chainCount(state),
  };
  addChain(state, specRoot, chain);
  // A trusted block stands where chains of work have their work.
  const work = assurance === Assurance.work ? checkpoint.work : 0n;
  writeHeader(state, specRoot, { header, work });
  const empty = { ...newIndexRecord(checkpoint.height), tipHash: header.hash, tipWork: work };
  writeIndex(
    state,
    specRoot,
    appendLeaves(empty, [header], { specRoot, network, chain, context }, state.nodes),
  );
}

function setStatus(state: StateWriter, specRoot: Uint8Array, status: number): void {
  const chain = needChain(state, specRoot);
  if (chain.status === status) {
    if (status === ChainStatus.paused) throw new ChainPausedError('the chain is paused already');
    throw new ChainNotPausedError('the chain is not paused');
  }
  writeChain(state, specRoot, { ...chain, status });
}

function noPayload(payload: Uint8Array): void {
  if (payload.length > 0) throw malformed('pausing and resuming take no payload');
}

function malformed(problem: string, cause?: unknown): MalformedActionError {
  return new MalformedActionError(problem, cause === undefined ? {} : { cause });
}

import { assuranceFor } from '../../adapters/mode.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { SubmitHeaders } from '../../proofs/containers/calls.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { committableUpTo } from '../../timing/policy.js';
import type { StateWriter } from '../state/overlay.js';
import { Branch, type BranchHeader } from './branch.js';
import { needActive } from './chains.js';
import { type BlockContext, MAX_BATCH_HEADERS, MAX_EVIDENCE_HEADERS } from './context.js';
import { pauseWithEvidence } from './evidence.js';
import { decodeHeaders, validateRun } from './headers.js';
import { appendLeaves, committedHeight, type Provenance, readIndex, writeIndex } from './histories.js';
import {
  ForkBelowWindowError,
  InsufficientWorkError,
  NothingToAdvanceError,
  TooManyHeadersError,
  UnknownForkError,
  WrongAssuranceError,
} from './indexErrors.js';
import type { ChainRecord, IndexRecord } from './records.js';
import { networkOf } from './registry.js';
import { truncateTo } from './truncation.js';
import { extendBranch, pruneWindow } from './window.js';

/**
 * Takes a batch of headers of a `work` chain whole, if it makes the best branch strictly heavier, and appends the leaves
 * that the timing policy now allows. An empty batch only does the latter.
 */
export function submitHeaders(state: StateWriter, context: BlockContext, call: SubmitHeaders): void {
  const chain = needActive(state, call.specRoot);
  const network = networkOf(context, chain);
  if (assuranceFor(network.kind, network.info, chain.spec.checkpoint) !== Assurance.work) {
    throw new WrongAssuranceError(`${network.info.name} is not a chain of work`);
  }
  const record = readIndex(state, call.specRoot);
  const branch = new Branch(state, network, call.specRoot, record);
  const from: Provenance = { specRoot: call.specRoot, network, chain, context };
  if (call.headers.length === 0) {
    const advanced = advance(state, branch, record, from);
    if (advanced.size === record.size)
      throw new NothingToAdvanceError('no header satisfies the timing policy yet');
    writeIndex(state, call.specRoot, pruneWindow(state, branch, advanced));
    return;
  }
  if (call.forkHeight > record.tipHeight || call.forkHeight < record.start) {
    throw new UnknownForkError(
      `height ${call.forkHeight} is not on the branch ${record.start}-${record.tipHeight}`,
    );
  }
  const submitted = decodeHeaders(network.kind, call.headers, call.forkHeight + 1, MAX_EVIDENCE_HEADERS);
  const { forkHeight, run } = withoutShared(branch, call.forkHeight, submitted);
  const deep = forkHeight < record.windowBase;
  const limit = deep ? MAX_EVIDENCE_HEADERS : MAX_BATCH_HEADERS;
  if (submitted.length > limit)
    throw new TooManyHeadersError(`${submitted.length} headers, at most ${limit}`);
  if (deep) {
    showDeepFork(state, context, chain, branch, { forkHeight, run });
    return;
  }
  follow(state, from, branch, forkHeight, run);
}

/** Drops headers that the best branch has already: the fork is where the two really part. */
function withoutShared(
  branch: Branch,
  forkHeight: number,
  submitted: readonly ForeignHeader[],
): { readonly forkHeight: number; readonly run: readonly ForeignHeader[] } {
  let shared = 0;
  for (const header of submitted) {
    const ours = branch.header(header.height);
    if (ours === undefined || !bytesEqual(ours.hash, header.hash)) break;
    shared++;
  }
  return { forkHeight: forkHeight + shared, run: submitted.slice(shared) };
}

function follow(
  state: StateWriter,
  from: Provenance,
  branch: Branch,
  forkHeight: number,
  headers: readonly ForeignHeader[],
): void {
  const { record, specRoot, network } = branch;
  const fork = branch.at(forkHeight);
  if (fork === undefined) throw new UnknownForkError(`height ${forkHeight} is not on the best branch`);
  const run: BranchHeader[] = [];
  let { work } = fork;
  for (const header of headers) {
    work += network.kind.work(header);
    run.push({ header, work });
  }
  const tip = headers.at(-1);
  if (tip === undefined || work <= record.tipWork) {
    throw new InsufficientWorkError(
      `total work ${work} is not above that of the best branch, ${record.tipWork}`,
    );
  }
  const ancestors = branch.ancestors(from.chain.spec.checkpoint, forkHeight, headers);
  validateRun(network.kind, network.info.name, headers, ancestors, from.context.now);
  const cut = truncateTo(
    record,
    {
      specRoot,
      forkHeight,
      forkHash: fork.header.hash,
      newTipHeight: tip.height,
      newTipHash: tip.hash,
      mainHeight: from.context.height,
    },
    state.nodes,
  );
  const extended = extendBranch(state, branch, cut, run);
  const fresh = new Branch(state, network, specRoot, extended);
  writeIndex(state, specRoot, pruneWindow(state, fresh, advance(state, fresh, extended, from)));
}

/** Appends leaves as far as the timing policy is satisfied. */
function advance(state: StateWriter, branch: Branch, record: IndexRecord, from: Provenance): IndexRecord {
  const committed = committedHeight(record);
  const last = committableUpTo(from.chain.policy, committed, (height) => branch.at(height)?.header.time, {
    tipHeight: record.tipHeight,
    finalizedHeight: undefined,
    now: from.context.now,
  });
  const headers: ForeignHeader[] = [];
  for (let height = committed + 1; height <= last; height++) {
    const header = branch.at(height)?.header;
    if (header === undefined) break;
    headers.push(header);
  }
  return appendLeaves(record, headers, from, state.nodes);
}

/** A run that leaves the branch below the window and outweighs all of it: only governance can decide. */
function showDeepFork(
  state: StateWriter,
  context: BlockContext,
  chain: ChainRecord,
  branch: Branch,
  other: { readonly forkHeight: number; readonly run: readonly ForeignHeader[] },
): void {
  const { record, network } = branch;
  const oldest = branch.at(record.windowBase);
  if (oldest === undefined) throw new UnknownForkError('the window is empty');
  const below = oldest.work - network.kind.work(oldest.header);
  const work = other.run.reduce((sum, header) => sum + network.kind.work(header), 0n);
  if (work <= record.tipWork - below) {
    throw new ForkBelowWindowError(
      `the fork at height ${other.forkHeight} is below the window, which begins at ${record.windowBase} and is heavier`,
    );
  }
  const ancestors = branch.ancestors(chain.spec.checkpoint, other.forkHeight, other.run);
  validateRun(network.kind, network.info.name, other.run, ancestors, context.now);
  pauseWithEvidence(state, context, chain, branch, { ...other, work });
}

import type { Ancestors, ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { SubmitFinalized } from '../../proofs/containers/calls.js';
import { committableUpTo } from '../../timing/policy.js';
import type { StateWriter } from '../state/overlay.js';
import { Branch, readHeader, writeHeader } from './branch.js';
import { needActive } from './chains.js';
import { type BlockContext, MAX_BATCH_HEADERS, MAX_FINALITY_LEAD } from './context.js';
import { pauseWithEvidence } from './evidence.js';
import {
  type CommitteeChain,
  closeRun,
  type FinalityState,
  missingHeader,
  needCommittee,
  needFinality,
  openRun,
  writeFinality,
} from './finality.js';
import { NotFinalError, NotMissingError } from './finalityErrors.js';
import { decodeHeaders, validateRun } from './headers.js';
import { appendLeaves, committedHeight, type Provenance, readIndex, writeIndex } from './histories.js';
import { BadRangeError, NothingToAdvanceError, UnlinkedHeadersError } from './indexErrors.js';
import type { IndexRecord } from './records.js';
import { pruneWindow } from './window.js';

/**
 * Takes headers below a final block: the last of a batch is the one whose hash is known, the parent of its first the next one known,
 * until they join the best branch. Then leaves are appended as the timing policy allows, a batch at most; empty headers append further ones.
 */
export function submitFinalized(state: StateWriter, context: BlockContext, call: SubmitFinalized): void {
  const { specRoot } = call;
  const committee = needCommittee(context, needActive(state, specRoot));
  const { chain, network } = committee;
  const finality = needFinality(state, specRoot);
  const record = readIndex(state, specRoot);
  const branch = new Branch(state, network, specRoot, record);
  const from: Provenance = { specRoot, network, chain, context };
  if (call.headers.length === 0) {
    const advanced = advance(state, branch, record, from);
    if (advanced.size === record.size)
      throw new NothingToAdvanceError('no final header satisfies the timing policy yet');
    writeIndex(state, specRoot, advanced);
    return;
  }
  const run = readRun(branch, finality, call);
  const [first] = run;
  if (first === undefined) throw new BadRangeError('no headers');
  const joins = first.height === record.tipHeight + 1;
  if (joins && !bytesEqual(first.parentHash, record.tipHash)) {
    pauseWithEvidence(state, context, chain, branch, { forkHeight: record.tipHeight, run, work: 0n });
    // Resumed, the chain waits for newer finality, which has to meet its branch.
    writeFinality(state, specRoot, closeRun(finality));
    return;
  }
  check(branch, finality, run, from);
  for (const header of run) writeHeader(state, specRoot, { header, work: 0n });
  const next = { ...finality, nextHeight: first.height - 1, nextHash: first.parentHash };
  if (joins) join(state, branch, committee, next, from);
  else writeFinality(state, specRoot, next);
}

/**
 * The headers of a call, each the parent of the next one, the last of them the one that is missing.
 * @throws NotMissingError, BadRangeError (retryable: another relay was first), TooManyHeadersError, MalformedHeadersError, NotFinalError, UnlinkedHeadersError
 */
function readRun(
  { network, record }: Branch,
  finality: FinalityState,
  { from, headers }: SubmitFinalized,
): readonly ForeignHeader[] {
  const missing = missingHeader(finality, record.tipHeight);
  if (missing === undefined) throw new NotMissingError('no header below a final block is missing');
  if (from <= record.tipHeight || from > missing.height)
    throw new NotMissingError(`${from} is not one of ${record.tipHeight + 1}-${missing.height}`);
  const run = decodeHeaders(network.kind, headers, from, MAX_BATCH_HEADERS);
  if (run.at(-1)?.height !== missing.height)
    throw new NotMissingError(`${run.length} headers from ${from} do not end at ${missing.height}`);
  let expected = missing.hash;
  for (const header of run.toReversed()) {
    if (!bytesEqual(header.hash, expected)) {
      if (header.height === missing.height)
        throw new NotFinalError(`the header at height ${header.height} is not the final one`);
      throw new UnlinkedHeadersError(
        `the header at height ${header.height} is not the parent of the next one`,
      );
    }
    expected = header.parentHash;
  }
  return run;
}

/**
 * Checks every header whose parent is known by its chain's own rules. The last one above the run is among them: its parent has only
 * now become known.
 */
function check(
  branch: Branch,
  finality: FinalityState,
  run: readonly ForeignHeader[],
  { chain, context }: Provenance,
): void {
  const { network, record, state, specRoot } = branch;
  const base = (run[0]?.height ?? 0) - 1;
  const above =
    finality.nextHeight < finality.topHeight
      ? readHeader(state, network, specRoot, finality.nextHeight + 1)
      : undefined;
  const known = above === undefined ? run : [...run, above];
  const parent = base === record.tipHeight ? branch.header(base) : undefined;
  const ancestors: Ancestors = {
    checkpoint: chain.spec.checkpoint,
    header: (height) => (height > base ? known[height - base - 1] : height === base ? parent : undefined),
  };
  const checked = parent === undefined ? known.slice(1) : known;
  validateRun(network.kind, network.info.name, checked, ancestors, context.now);
}

/** The run has met the best branch and becomes a part of it. What has become final meanwhile is the next run. */
function join(
  state: StateWriter,
  { specRoot, record, network }: Branch,
  { committee }: CommitteeChain,
  finality: FinalityState,
  from: Provenance,
): void {
  const { topHeight, topHash } = finality;
  const joined = { ...record, tipHeight: topHeight, tipHash: topHash };
  const final = committee.view(network.info.name, finality.record);
  writeFinality(state, specRoot, openRun(finality, final, topHeight));
  writeIndex(state, specRoot, advance(state, new Branch(state, network, specRoot, joined), joined, from));
}

/** Appends leaves as far as the timing policy is satisfied, at most one batch, and forgets what is out of the window. */
function advance(state: StateWriter, branch: Branch, record: IndexRecord, from: Provenance): IndexRecord {
  const committed = committedHeight(record);
  const last = committableUpTo(from.chain.policy, committed, (height) => branch.at(height)?.header.time, {
    tipHeight: record.tipHeight,
    finalizedHeight: record.tipHeight,
    now: from.context.now,
  });
  const headers: ForeignHeader[] = [];
  for (let height = committed + 1; height <= Math.min(last, committed + MAX_BATCH_HEADERS); height++) {
    const header = branch.at(height)?.header;
    if (header === undefined) break;
    headers.push(header);
  }
  return pruneWindow(state, branch, appendLeaves(record, headers, from, state.nodes), MAX_FINALITY_LEAD + 1);
}

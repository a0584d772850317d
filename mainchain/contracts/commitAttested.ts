import { assuranceFor } from '../../adapters/mode.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { type Attest, AttestType, type CommitAttested, PolicyKind } from '../../proofs/containers/calls.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { satisfied } from '../../timing/policy.js';
import type { StateWriter } from '../state/overlay.js';
import { Branch } from './branch.js';
import { needActive } from './chains.js';
import { type BlockContext, MAX_BATCH_HEADERS } from './context.js';
import { pauseWithEvidence } from './evidence.js';
import { decodeHeaders, validateRun } from './headers.js';
import { appendLeaves, committedHeight, type Provenance, readIndex, writeIndex } from './histories.js';
import {
  BadDigestError,
  BadEpochError,
  BadRangeError,
  BadSeqError,
  NoChangeError,
  PolicyNotMetError,
  TooManyHeadersError,
  WrongAssuranceError,
} from './indexErrors.js';
import { checkQuorum } from './quorum.js';
import type { IndexRecord } from './records.js';
import { networkOf } from './registry.js';
import { truncateTo } from './truncation.js';
import { extendBranch, pruneWindow } from './window.js';

/**
 * Appends a range of headers of an `attested` chain that a quorum of the current delegates read from their own sources.
 * A range that begins at or below the newest leaf replaces what stood there.
 */
export function commitAttested(state: StateWriter, context: BlockContext, call: CommitAttested): void {
  const { attest } = call;
  const chain = needActive(state, attest.specRoot);
  const network = networkOf(context, chain);
  if (assuranceFor(network.kind, network.info, chain.spec.checkpoint) !== Assurance.attested) {
    throw new WrongAssuranceError(`${network.info.name} is not an attested chain`);
  }
  const record = readIndex(state, attest.specRoot);
  checkRange(attest, record);
  if (!bytesEqual(sha256(call.headers), attest.digest)) {
    throw new BadDigestError('the headers are not those that were attested');
  }
  const message = signingRoot(AttestType, attest, 'attestation', context.genesisRoot);
  checkQuorum(context.bls, context.term.members, call.bits, message, call.signature);
  const headers = decodeHeaders(network.kind, call.headers, attest.from, MAX_BATCH_HEADERS);
  if (headers.length !== attest.to - attest.from + 1) {
    throw new BadRangeError(`${headers.length} headers for the range ${attest.from}-${attest.to}`);
  }
  const branch = new Branch(state, network, attest.specRoot, record);
  const replaced = branch.header(attest.from);
  if (replaced !== undefined && headers[0] !== undefined && bytesEqual(replaced.hash, headers[0].hash)) {
    throw new NoChangeError(`height ${attest.from} is committed with this hash already`);
  }
  const forkHeight = attest.from - 1;
  const ancestors = branch.ancestors(chain.spec.checkpoint, forkHeight, headers);
  validateRun(network.kind, network.info.name, headers, ancestors, context.now);
  if (forkHeight < record.windowBase) {
    const seen = new Branch(state, network, attest.specRoot, { ...record, lastSeq: attest.seq });
    pauseWithEvidence(state, context, chain, seen, { forkHeight, run: headers, work: 0n });
    return;
  }
  checkAge(headers, context, chain.policy);
  replace(state, branch, { specRoot: attest.specRoot, network, chain, context }, attest, headers);
}

/** @throws BadSeqError, BadRangeError, BadEpochError, TooManyHeadersError */
function checkRange(attest: Attest, record: IndexRecord): void {
  const tip = committedHeight(record);
  const { seq, from, to, epoch } = attest;
  if (seq <= record.lastSeq) throw new BadSeqError(`seq ${seq} is not above ${record.lastSeq}`);
  if (from > tip + 1 || from <= record.start || to < from) {
    throw new BadRangeError(`${from}-${to} does not follow on, or replace a part of, ${record.start}-${tip}`);
  }
  if (to - from + 1 > MAX_BATCH_HEADERS) {
    throw new TooManyHeadersError(`${to - from + 1} headers, at most ${MAX_BATCH_HEADERS}`);
  }
  const expected = from === tip + 1 ? record.epoch : record.epoch + 1;
  if (epoch !== expected) throw new BadEpochError(`epoch ${epoch} for a range of epoch ${expected}`);
}

/** Delegates answer for finality and confirmations; a header's age can be checked here too. */
function checkAge(
  headers: readonly ForeignHeader[],
  context: BlockContext,
  policy: Provenance['chain']['policy'],
): void {
  if (policy.kind !== PolicyKind.age) return;
  const tipHeight = headers.at(-1)?.height ?? 0;
  const chain = { tipHeight, finalizedHeight: tipHeight, now: context.now };
  const young = headers.find((header) => !satisfied(policy, header, chain));
  if (young !== undefined) throw new PolicyNotMetError(`the block at height ${young.height} is too young`);
}

function replace(
  state: StateWriter,
  branch: Branch,
  from: Provenance,
  attest: Attest,
  headers: readonly ForeignHeader[],
): void {
  const { record, specRoot } = branch;
  const forkHeight = attest.from - 1;
  const fork = branch.header(forkHeight);
  const tip = headers.at(-1);
  if (fork === undefined || tip === undefined) throw new BadRangeError(`height ${forkHeight} is not known`);
  const cut = truncateTo(
    record,
    {
      specRoot,
      forkHeight,
      forkHash: fork.hash,
      newTipHeight: tip.height,
      newTipHash: tip.hash,
      mainHeight: from.context.height,
    },
    state.nodes,
  );
  const run = headers.map((header) => ({ header, work: 0n }));
  const extended = extendBranch(state, branch, { ...cut, lastSeq: attest.seq }, run);
  const appended = appendLeaves(extended, headers, from, state.nodes);
  writeIndex(state, specRoot, pruneWindow(state, branch, appended));
}

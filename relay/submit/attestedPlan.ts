import type { SourceTip } from '../../adapters/source.js';
import type { ForeignHeader } from '../../adapters/types.js';
import type { ChainState, MainChainClient } from '../../mainchain/rpc/types.js';
import { bytesEqual, concatBytes } from '../../proofs/bytes.js';
import { satisfied } from '../../timing/policy.js';
import type { LocalChain } from '../ports.js';
import { ForkBelowStartError, LocalGapError } from './errors.js';
import { forkHeight } from './forkHeight.js';

/** Limits of one attested range. */
export interface RangeLimits {
  readonly headers: number;
  readonly bytes: number;
}
export const RANGE_LIMITS: RangeLimits = { headers: 512, bytes: 1_000_000 };

/** A range that delegates are asked to attest. */
export interface AttestedRange {
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly headers: readonly ForeignHeader[];
  /** The raw headers, one after another. */
  readonly raw: Uint8Array;
}

/**
 * What to commit next of an attested chain: the run above the last height that both sides share, as far as the
 * chain's policy is satisfied. A local branch that leaves the committed one below its tip begins a new epoch.
 * @returns the reason why there is nothing to do, or the range
 */
export async function planRange(
  client: Pick<MainChainClient, 'branchHash'>,
  state: ChainState,
  local: LocalChain,
  nowSeconds: number,
  limits: RangeLimits = RANGE_LIMITS,
): Promise<AttestedRange | string> {
  const tip = await local.tip();
  if (!tip) return 'no local header yet';
  const finalizedHeight = await heightOnBranch(local, await local.finalized());
  const safeHeight = await heightOnBranch(local, await local.safe?.());
  const top = Math.min(tip.height, state.committed.height);
  const low = state.start;
  if (top < low) return 'the local chain is behind the committed one';
  const fork = await forkHeight(low, top, async (height) => {
    const ours = await local.header(height);
    const theirs =
      height === state.committed.height ? state.committed.hash : await client.branchHash(state.name, height);
    return ours !== undefined && theirs !== undefined && bytesEqual(ours.hash, theirs);
  });
  if (fork === undefined) {
    // The local chain may simply not reach down that far: only a header that differs is a fork.
    if (!(await local.header(low))) throw new LocalGapError(state.name, low);
    throw new ForkBelowStartError(state.name, low);
  }
  if (fork === top && top < state.committed.height) return 'the local chain is behind the committed one';

  const headers: ForeignHeader[] = [];
  let bytes = 0;
  for (let height = fork + 1; height <= tip.height && headers.length < limits.headers; height++) {
    const header = await local.header(height);
    if (!header) throw new LocalGapError(state.name, height);
    bytes += header.raw.length;
    if (bytes > limits.bytes && headers.length > 0) break;
    const chain = { tipHeight: tip.height, finalizedHeight, safeHeight, now: nowSeconds };
    if (!satisfied(state.policy, header, chain)) break;
    headers.push(header);
  }
  const last = headers.at(-1);
  if (!last) return 'the timing policy waits';
  return {
    epoch: fork < state.committed.height ? state.epoch + 1 : state.epoch,
    from: fork + 1,
    to: last.height,
    headers,
    raw: concatBytes(...headers.map((header) => header.raw)),
  };
}

/** A block that is not on the local best branch is a source between two answers: wait for the next one. */
async function heightOnBranch(local: LocalChain, block: SourceTip | undefined): Promise<number | undefined> {
  const header = block && (await local.header(block.height));
  return block && header && bytesEqual(block.hash, header.hash) ? block.height : undefined;
}

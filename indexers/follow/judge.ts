import type { BranchRecord } from '../../adapters/chain/branches.js';
import { HeaderRuleError } from '../../adapters/errors.js';
import type { SourceTip } from '../../adapters/source.js';
import type { HeaderTree } from '../../adapters/tree.js';
import type { ChainKind } from '../../adapters/types.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { HeaderBook } from './book.js';
import { branchRecord, readBranches } from './branches.js';
import { BranchTooDeepError, FinalityConflictError } from './errors.js';
import type { Evidence, EvidenceBook, EvidenceKind } from './evidence.js';
import { isFault, type SourceMonitor } from './sourceMonitor.js';

export interface JudgeOptions {
  readonly chain: string;
  readonly kind: ChainKind;
  readonly checkpoint: Checkpoint;
  readonly book: HeaderBook;
  readonly evidence: EvidenceBook;
  /** Most headers of one call to a source. */
  readonly batch: number;
  /** Unix seconds. */
  readonly now: () => number;
  /** Told where evidence cannot be kept. */
  readonly onError: (error: unknown, source: string) => void;
}

/** Blocks of the tip's work by which a source may trail before it counts as behind. */
const LAG_BLOCKS = 6n;
/** How long a source may name one tip while others have a better one, seconds. */
const STALE_SECONDS = 1800;
/** How long a source must stay on another branch than ours before it counts as a disagreement, seconds. */
export const DISAGREEMENT_SECONDS = 60;
/** Between two readings of one source's deep branch for evidence, seconds. */
const BRANCH_EVIDENCE_SECONDS = 3600;

/** Compares what sources say of one chain with what is followed, and keeps evidence of what they say wrongly. */
export class SourceJudge {
  readonly #o: JudgeOptions;
  /** When a source's deep branch was read last, Unix seconds. */
  readonly #deepRead = new Map<string, number>();

  /** Since when a source has been on a branch of its own, Unix seconds. */
  readonly #apartSince = new Map<string, number>();

  constructor(options: JudgeOptions) {
    this.#o = options;
  }

  /** Says whether a source is behind, and records where it goes on contradicting what another confirms. */
  async compareWork(
    monitor: SourceMonitor,
    tip: SourceTip,
    tree: HeaderTree,
    monitors: readonly SourceMonitor[],
  ): Promise<void> {
    const onOurs = this.#o.book.isBest(tip);
    const work = onOurs ? this.#o.book.work(tip.height) : tree.workOf(tip.hash);
    const missing = work === undefined ? undefined : tree.work - work;
    const block = this.#o.kind.work(tree.tip);
    const far = missing === undefined || missing > LAG_BLOCKS * block;
    const stale = missing !== undefined && missing > 0n && monitor.tipAge() > STALE_SECONDS;
    monitor.setBehind(far || stale);
    if (onOurs || (missing !== undefined && missing <= block)) {
      this.#apartSince.delete(monitor.name);
      return;
    }
    if (this.#apart(monitor) < DISAGREEMENT_SECONDS) return;
    const confirmed = monitors.some(
      (other) => other !== monitor && other.tip !== undefined && this.#o.book.isBest(other.tip),
    );
    const ours = this.#o.book.bestHash(Math.min(tip.height, tree.tip.height));
    if (!confirmed || ours === undefined) return;
    await this.#record('disagreement', monitor, tip.height, tip.hash, {
      message: `is on a branch of less work than ours, which has ${this.#o.kind.displayHash(ours)} and which another source confirms`,
    });
  }

  /**
   * A source that does not decide is only compared with. What it calls final counts at once where the one that decides calls another
   * block final; all else may be a reorganisation on its way to one of them, and counts once it has lasted.
   */
  async compare(monitor: SourceMonitor, tip: SourceTip, leader: SourceMonitor): Promise<void> {
    const [finalized] = await Promise.all([monitor.finalized(), monitor.safe()]);
    const differs = (block: SourceTip | undefined): block is SourceTip => {
      const ours = block === undefined ? undefined : this.#o.book.bestHash(block.height);
      return block !== undefined && ours !== undefined && !bytesEqual(ours, block.hash);
    };
    const final = differs(finalized) ? finalized : undefined;
    if (final === undefined && !differs(tip)) return void this.#apartSince.delete(monitor.name);
    const lasts = this.#apart(monitor) >= DISAGREEMENT_SECONDS;
    const claim = leader.claim('finalized');
    const ownFinal = Math.max(
      this.#o.book.finalized()?.height ?? -1,
      claim !== undefined && this.#o.book.isBest(claim) ? claim.height : -1,
    );
    if (final !== undefined && (lasts || final.height <= ownFinal))
      await this.#recordDifference(monitor, 'finalised block', final);
    if (lasts && differs(tip)) await this.#recordDifference(monitor, 'tip', tip);
  }

  /** Seconds for which a source has differed. While a reorganisation goes round, honest sources differ for moments. */
  #apart({ name }: SourceMonitor): number {
    const since = this.#apartSince.get(name) ?? this.#o.now();
    this.#apartSince.set(name, since);
    return this.#o.now() - since;
  }

  #recordDifference(monitor: SourceMonitor, what: string, { height, hash }: SourceTip): Promise<void> {
    const ours = this.#o.book.bestHash(height);
    return this.#record('disagreement', monitor, height, hash, {
      message: `${what} differs from ours, ${ours === undefined ? 'none' : this.#o.kind.displayHash(ours)}`,
    });
  }

  /** Keeps what an error says of a source, if it says anything. Never throws. */
  async keepEvidence(monitor: SourceMonitor, error: unknown): Promise<void> {
    try {
      if (error instanceof FinalityConflictError)
        await this.#record(
          'finality-conflict',
          monitor,
          error.forkHeight,
          undefined,
          error,
          this.#branches(error),
        );
      else if (error instanceof BranchTooDeepError) await this.#keepDeepBranch(monitor, error);
      else if (isFault(error)) {
        const height = error instanceof HeaderRuleError ? error.height : Number(error.details.height ?? 0);
        const hash = error instanceof HeaderRuleError ? error.hash : undefined;
        const kind = error instanceof HeaderRuleError ? 'invalid-header' : 'source-fault';
        await this.#record(kind, monitor, height, hash, error);
      }
    } catch (storeError) {
      this.#o.onError(storeError, monitor.name);
    }
  }

  #branches({ branches }: FinalityConflictError): BranchRecord | undefined {
    return branches && branchRecord(this.#o.book, this.#o.checkpoint, branches);
  }

  /** Both branches of a fork deeper than can be followed, read once in a while. */
  async #keepDeepBranch(monitor: SourceMonitor, error: BranchTooDeepError): Promise<void> {
    const now = this.#o.now();
    let branches: BranchRecord | undefined;
    if (now - (this.#deepRead.get(monitor.name) ?? 0) >= BRANCH_EVIDENCE_SECONDS) {
      this.#deepRead.set(monitor.name, now);
      try {
        branches = await readBranches({ ...this.#o, now }, monitor, error.tipHeight);
      } catch (broken) {
        if (!(broken instanceof HeaderRuleError)) throw broken;
        // What may become valid says nothing yet; the depth alone is recorded.
        if (!broken.retryable)
          return this.#record('invalid-header', monitor, broken.height, broken.hash, broken);
      }
    }
    await this.#record(
      'source-fault',
      monitor,
      branches?.forkHeight ?? error.height,
      undefined,
      error,
      branches,
    );
  }

  async #record(
    kind: EvidenceKind,
    monitor: SourceMonitor,
    height: number,
    hash: Uint8Array | string | undefined,
    { message }: { readonly message: string },
    branches?: BranchRecord,
  ): Promise<void> {
    const shown = hash === undefined ? '' : typeof hash === 'string' ? hash : this.#o.kind.displayHash(hash);
    const evidence: Evidence = {
      kind,
      source: monitor.name,
      height,
      hash: shown,
      message,
      seen: this.#o.now(),
    };
    const header = hash instanceof Uint8Array ? this.#o.book.find(hash) : undefined;
    await this.#o.evidence.record(
      this.#o.chain,
      header === undefined ? evidence : { ...evidence, raw: toBareHex(header.raw) },
      branches,
    );
  }
}

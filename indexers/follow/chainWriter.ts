import { ForkTooDeepError, HeaderRuleError, SourceFaultError } from '../../adapters/errors.js';
import type { SourceTip } from '../../adapters/source.js';
import { type AddOptions, HeaderTree, type TreeChange, type ValidateHeader } from '../../adapters/tree.js';
import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import { type ChainEvent, type EventInput, eventOf } from '../log/event.js';
import type { EventLog, Lease } from '../log/eventLog.js';
import { Serial } from '../serial.js';
import type { HeaderBook } from './book.js';
import { CheckpointMismatchError, FinalityConflictError } from './errors.js';

export interface ChainWriterOptions {
  readonly chain: string;
  readonly kind: ChainKind;
  readonly checkpoint: Checkpoint;
  readonly log: EventLog;
  readonly book: HeaderBook;
  /** Whether most work decides; else whoever calls `add` does. */
  readonly byWork: boolean;
  /** Depth to which a fork can be followed. Default 4032. */
  readonly keep?: number;
  /** Whether a branch may undo finalised blocks. Default false. */
  readonly finalityReversal?: boolean;
}

const EVENTS_PER_APPEND = 4096;

/**
 * The only writer of one chain's events: validates headers on a tree, and turns each change of its best branch into
 * events, appended together with the header book. The tree is memory only; the log and the book say what is true.
 */
export class ChainWriter {
  readonly #options: ChainWriterOptions;
  readonly #lease: Lease;
  readonly #serial = new Serial();
  #tree: HeaderTree | undefined;
  #closed = false;

  private constructor(options: ChainWriterOptions, lease: Lease) {
    this.#options = options;
    this.#lease = lease;
  }

  /** Takes the chain's producer lease and resumes from what the log says. @throws CheckpointMismatchError */
  static async open(options: ChainWriterOptions): Promise<ChainWriter> {
    const lease = await options.log.acquire(options.chain);
    const writer = new ChainWriter(options, lease);
    await writer.#restore();
    return writer;
  }

  get lease(): Lease {
    return this.#lease;
  }
  /** `undefined` until the checkpoint's own header is known. */
  get tree(): HeaderTree | undefined {
    return this.#tree;
  }

  /** Writes the checkpoint's own header as the first event. @throws SourceFaultError if it is another block's */
  begin(header: ForeignHeader, source: string): Promise<void> {
    return this.#serial.run(async () => {
      const { checkpoint } = this.#options;
      if (this.#tree !== undefined || this.#closed) return;
      if (!bytesEqual(header.hash, checkpoint.hash) || header.height !== checkpoint.height)
        throw new SourceFaultError(source, `has another block than the checkpoint at ${checkpoint.height}`, {
          height: checkpoint.height,
          hash: this.#options.kind.displayHash(header.hash),
        });
      await this.#append([eventOf('connect', header)]);
      await this.#restore();
    });
  }

  /**
   * Validates a linked run and follows it if it is better. Headers before a bad one are kept.
   * @param now wall clock, Unix seconds
   * @throws HeaderRuleError, FinalityConflictError, LeaseLostError
   */
  add(run: readonly ForeignHeader[], now: number, options: AddOptions = {}): Promise<void> {
    return this.#serial.run(async () => {
      if (this.#closed) return;
      try {
        await this.#apply(run, now, options);
      } catch (error) {
        if (!(error instanceof HeaderRuleError)) throw error;
        const good = run.filter((header) => header.height < error.height);
        if (good.length > 0) await this.#apply(good, now, options);
        throw error;
      }
    });
  }

  /** Records a newer finalised block, if it is on the best branch. */
  finalize(block: SourceTip): Promise<boolean> {
    return this.#serial.run(async () => {
      const { book } = this.#options;
      if (this.#closed) return false;
      const before = book.finalized();
      if (before !== undefined && before.height >= block.height) return false;
      const header = book.isBest(block) ? book.find(block.hash) : undefined;
      if (header === undefined) return false;
      await this.#append([eventOf('finalize', header)]);
      if (this.#options.finalityReversal !== true) this.#tree?.finalize(block.height);
      return true;
    });
  }

  /** Resolves when what is being written is written; nothing is written afterwards. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#serial.run(async () => undefined);
  }

  async #apply(run: readonly ForeignHeader[], now: number, options: AddOptions): Promise<void> {
    const { kind, chain } = this.#options;
    const tree = this.#tree ?? (await this.#restore());
    if (tree === undefined) return;
    const change = this.#add(
      tree,
      run,
      (header, ancestors) => kind.validate(chain, header, ancestors, now),
      options,
    );
    try {
      this.#checkFinality(change);
      const events = [
        ...change.disconnected.map((header) => eventOf('disconnect', header)),
        ...change.connected.map((header) => eventOf('connect', header)),
      ];
      for (let at = 0; at < events.length; at += EVENTS_PER_APPEND)
        await this.#append(events.slice(at, at + EVENTS_PER_APPEND));
    } catch (error) {
      // The tree is ahead of the log, or the write's fate is unknown: take up what the log says.
      this.#tree = undefined;
      await this.#restore();
      throw error;
    }
  }

  #checkFinality(change: TreeChange): void {
    const lowest = change.disconnected.at(-1);
    const finalized = this.#options.book.finalized();
    if (lowest === undefined || finalized === undefined || lowest.height > finalized.height) return;
    if (this.#options.finalityReversal === true) return;
    throw new FinalityConflictError(this.#options.chain, lowest.height - 1, finalized.height, {
      forkHeight: lowest.height - 1,
      ours: [...change.disconnected].reverse(),
      theirs: change.connected,
    });
  }

  /** Adds to the tree; a branch that leaves below what is final conflicts with it. */
  #add(
    tree: HeaderTree,
    run: readonly ForeignHeader[],
    validate: ValidateHeader,
    options: AddOptions,
  ): TreeChange {
    try {
      return tree.add(run, validate, options);
    } catch (error) {
      const finalized = this.#options.book.finalized();
      if (!(error instanceof ForkTooDeepError) || finalized === undefined) throw error;
      const { forkHeight } = error;
      if (forkHeight < this.#options.checkpoint.height || forkHeight >= finalized.height) throw error;
      const ours: ForeignHeader[] = [];
      for (let height = forkHeight + 1; height <= tree.tip.height; height++) {
        const header = tree.at(height);
        if (header !== undefined) ours.push(header);
      }
      const theirs = run.filter((header) => header.height > forkHeight);
      throw new FinalityConflictError(this.#options.chain, forkHeight, finalized.height, {
        forkHeight,
        ours,
        theirs,
      });
    }
  }

  async #append(inputs: readonly EventInput[]): Promise<void> {
    if (inputs.length === 0) return;
    const { chain, log, book } = this.#options;
    const first = book.applied() + 1;
    const { epoch } = this.#lease;
    const events: ChainEvent[] = inputs.map((input, i) => ({ ...input, chain, epoch, number: first + i }));
    await log.append(this.#lease, first, inputs, book.writes(events));
  }

  /** Brings the book up to the log and builds the tree from the book's best chain. */
  async #restore(): Promise<HeaderTree | undefined> {
    const { book, log, chain, kind, checkpoint, byWork } = this.#options;
    await book.catchUp(log);
    const tip = book.tip();
    if (tip === undefined) return undefined;
    const stored = book.bestHash(checkpoint.height);
    if (stored === undefined || !bytesEqual(stored, checkpoint.hash))
      throw new CheckpointMismatchError(chain, checkpoint.height);
    const keep = this.#options.keep ?? 4032;
    const rootHeight = Math.max(checkpoint.height, tip.height - keep);
    const root = book.header(rootHeight);
    if (root === undefined) throw new CheckpointMismatchError(chain, rootHeight);
    const tree = new HeaderTree(
      kind,
      checkpoint,
      { header: root, work: book.work(rootHeight) ?? 0n },
      {
        keep,
        forkChoice: byWork ? 'work' : 'last',
        below: (height) => (height < checkpoint.height ? undefined : book.header(height)),
      },
    );
    const kept: ForeignHeader[] = [];
    for (let height = rootHeight + 1; height <= tip.height; height++) {
      const header = book.header(height);
      if (header !== undefined) kept.push(header);
    }
    // For kinds without work, adding the last one makes it the tip; links are checked by the tree.
    tree.add(kept);
    const finalized = book.finalized();
    if (finalized !== undefined && this.#options.finalityReversal !== true) tree.finalize(finalized.height);
    this.#tree = tree;
    return tree;
  }
}

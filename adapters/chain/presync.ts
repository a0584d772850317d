import { bytesEqual, concatBytes } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { HeaderRuleError } from '../errors.js';
import type { Ancestors, ChainKind, ForeignHeader } from '../types.js';
import type { InvalidHeaders } from './invalid.js';

/** Headers that the rules may look back on: a whole retarget period, the median's span, and some. */
export const PRESYNC_ANCESTORS = 2048;
/** One commitment for so many headers. */
export const COMMITMENT_PERIOD = 32;
/** A header is released once so many commitments after it matched. */
export const COMMITMENT_LEAD = 24;

/** A branch of more headers than a presync looks at before it has shown enough work. */
export class PresyncLimitError extends CrossrootError {
  override readonly name = 'PresyncLimitError';
  constructor(readonly headers: number) {
    super(`${headers} headers of a branch do not have the work to be stored`, { details: { headers } });
  }
}

/** What was read the second time is not what was read the first time. */
export class PresyncMismatchError extends CrossrootError {
  override readonly name = 'PresyncMismatchError';
  constructor(readonly height: number) {
    super(`another branch the second time, at height ${height} at the latest`, { details: { height } });
  }
}

export interface PresyncOptions {
  readonly kind: ChainKind;
  readonly chain: string;
  readonly checkpoint: Checkpoint;
  /** Known header that the branch leaves from, and total work up to and including it. */
  readonly fork: { readonly header: ForeignHeader; readonly work: bigint };
  /** Headers below the fork, by height. Read once, here. */
  readonly ancestor: (height: number) => ForeignHeader | undefined;
  /** Most headers before there is enough work. */
  readonly maxHeaders: number;
  /** 16 random bytes or more, unknown to the source. */
  readonly salt: Uint8Array;
  readonly invalid: InvalidHeaders;
}

/**
 * Validates a branch whose work is too low to be stored, header by header, in constant memory: it keeps the last 2048
 * headers that the rules need and one salted bit for each 32. Once the work suffices, the branch is read again and
 * compared with the bits (`replay`). After Bitcoin Core's `HeadersSyncState` (`src/headerssync.cpp`).
 */
export class Presync {
  readonly #options: PresyncOptions;
  readonly #recent: (ForeignHeader | undefined)[] = new Array(PRESYNC_ANCESTORS);
  readonly #ancestors: Ancestors;
  readonly #offset: number;
  #bits: Uint8Array = new Uint8Array(64);
  #last: ForeignHeader;
  #work: bigint;

  constructor(options: PresyncOptions) {
    this.#options = options;
    const { fork, checkpoint, ancestor, salt } = options;
    this.#last = fork.header;
    this.#work = fork.work;
    this.#offset = (salt[0] ?? 0) % COMMITMENT_PERIOD;
    this.#keep(fork.header);
    for (let back = 1; back < PRESYNC_ANCESTORS; back++) {
      const header = ancestor(fork.header.height - back);
      if (header === undefined) break;
      this.#keep(header);
    }
    const header = (height: number): ForeignHeader | undefined => {
      const found = height < 0 ? undefined : this.#recent[height % PRESYNC_ANCESTORS];
      return found?.height === height ? found : undefined;
    };
    this.#ancestors = { checkpoint, header };
  }

  /** Header that the branch leaves from. */
  get fork(): ForeignHeader {
    return this.#options.fork.header;
  }
  /** Last header read; the fork at first. */
  get last(): ForeignHeader {
    return this.#last;
  }
  /** Total work up to the last header read. */
  get work(): bigint {
    return this.#work;
  }
  /** Headers read. */
  get count(): number {
    return this.#last.height - this.fork.height;
  }

  /**
   * Reads on: a linked run on top of `last`. Headers before a refused one count.
   * @param now Unix seconds
   * @throws HeaderRuleError, HeaderTooEarlyError, PresyncLimitError
   */
  push(run: readonly ForeignHeader[], now: number): void {
    const { kind, chain, maxHeaders, invalid } = this.#options;
    for (const header of run) {
      if (this.count >= maxHeaders) throw new PresyncLimitError(this.count);
      if (header.height !== this.#last.height + 1 || !bytesEqual(header.parentHash, this.#last.hash))
        throw new HeaderRuleError(
          'bad-prevblk',
          header.height,
          kind.displayHash(header.hash),
          'does not link to the header before it',
        );
      invalid.check(header);
      try {
        kind.validate(chain, header, this.#ancestors, now);
      } catch (error) {
        invalid.remember(header, error);
        throw error;
      }
      this.#last = header;
      this.#work += kind.work(header);
      this.#keep(header);
      this.#commit(header);
    }
  }

  /** Checks the second reading. The presync is not to be used afterwards. */
  replay(): PresyncReplay {
    return new PresyncReplay(
      this.fork,
      this.#last,
      (header) => this.#position(header) === undefined || this.#bit(header) === this.#committed(header),
      (header) => this.#position(header) !== undefined,
    );
  }

  #keep(header: ForeignHeader): void {
    this.#recent[header.height % PRESYNC_ANCESTORS] = header;
  }

  #commit(header: ForeignHeader): void {
    const at = this.#position(header);
    if (at === undefined) return;
    if (at >> 3 >= this.#bits.length) {
      const grown = new Uint8Array(2 * this.#bits.length);
      grown.set(this.#bits);
      this.#bits = grown;
    }
    if (this.#bit(header)) this.#bits[at >> 3] = (this.#bits[at >> 3] ?? 0) | (1 << (at & 7));
  }

  /** Number of the header's commitment, if it has one. */
  #position(header: ForeignHeader): number | undefined {
    const count = header.height - this.fork.height - 1 + this.#offset;
    return count % COMMITMENT_PERIOD === 0 ? count / COMMITMENT_PERIOD : undefined;
  }

  #committed(header: ForeignHeader): boolean {
    const at = this.#position(header) ?? 0;
    return (((this.#bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
  }

  #bit(header: ForeignHeader): boolean {
    return ((sha256(concatBytes(this.#options.salt, header.hash))[0] ?? 0) & 1) === 1;
  }
}

/** The second reading of a branch: hands a header on once enough commitments after it have matched. */
export class PresyncReplay {
  readonly #end: ForeignHeader;
  readonly #matches: (header: ForeignHeader) => boolean;
  readonly #commits: (header: ForeignHeader) => boolean;
  #held: { readonly header: ForeignHeader; readonly matched: number }[] = [];
  #matched = 0;
  #last: ForeignHeader;

  constructor(
    fork: ForeignHeader,
    end: ForeignHeader,
    matches: (header: ForeignHeader) => boolean,
    commits: (header: ForeignHeader) => boolean,
  ) {
    this.#last = fork;
    this.#end = end;
    this.#matches = matches;
    this.#commits = commits;
  }

  /** Height of the next header to read. */
  get next(): number {
    return this.#last.height + 1;
  }
  /** Height of the last header to read. */
  get end(): number {
    return this.#end.height;
  }

  /**
   * Reads on. @returns headers to store, in order; all that are left once the end is reached
   * @throws PresyncMismatchError
   */
  push(run: readonly ForeignHeader[]): ForeignHeader[] {
    for (const header of run) {
      if (this.#last.height >= this.#end.height) break;
      const links = header.height === this.next && bytesEqual(header.parentHash, this.#last.hash);
      if (!links || !this.#matches(header)) throw new PresyncMismatchError(header.height);
      if (this.#commits(header)) this.#matched++;
      this.#held.push({ header, matched: this.#matched });
      this.#last = header;
    }
    const done = this.#last.height >= this.#end.height;
    if (done && !bytesEqual(this.#last.hash, this.#end.hash))
      throw new PresyncMismatchError(this.#end.height);
    let count = done ? this.#held.length : 0;
    while (count < this.#held.length && this.#matched - (this.#held[count]?.matched ?? 0) >= COMMITMENT_LEAD)
      count++;
    return this.#held.splice(0, count).map(({ header }) => header);
  }
}

import { bytesEqual, fromHex, toBareHex } from '../../proofs/bytes.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { HeaderRuleError } from '../errors.js';
import type { Ancestors, ChainKind, ForeignHeader } from '../types.js';

/** Headers at each end of a branch that are kept whole. */
export const BRANCH_END = 2016;
/** Headers below the fork that are kept: what the rules above it look back on. */
export const TRUNK = 2048;

/** One branch from the header above the fork upwards; raw headers in bare hex. */
export interface BranchPart {
  readonly first: readonly string[];
  /** What lies between, where the branch is longer than both ends; `digest` chains SHA-256(digest ‖ raw) from 32 zero bytes. */
  readonly omitted: { readonly count: number; readonly digest: string } | null;
  readonly last: readonly string[];
}

/** Two branches of one chain from one header on, as evidence that anyone can check: the headers themselves. */
export interface BranchRecord {
  readonly format: 'crossroot-branches';
  readonly version: 1;
  readonly chain: string;
  readonly checkpoint: {
    readonly height: number;
    /** Internal byte order, bare hex. */
    readonly hash: string;
    /** Decimal. */
    readonly work: string;
    readonly periodStartTime: number;
    readonly periodStartBits: number;
  };
  readonly forkHeight: number;
  /** Raw headers up to and including the fork. */
  readonly trunk: readonly string[];
  readonly ours: BranchPart;
  readonly theirs: BranchPart;
}

/** Takes in a branch header by header, keeping its ends. Bounded memory. */
export class BranchCollector {
  readonly #first: string[] = [];
  #last: Uint8Array[] = [];
  #count = 0;
  #digest: Uint8Array = new Uint8Array(32);

  push(header: ForeignHeader): void {
    if (this.#first.length < BRANCH_END) {
      this.#first.push(toBareHex(header.raw));
      return;
    }
    this.#last.push(header.raw);
    if (this.#last.length <= BRANCH_END) return;
    const raw = this.#last.shift() ?? new Uint8Array(0);
    const joined = new Uint8Array(32 + raw.length);
    joined.set(this.#digest);
    joined.set(raw, 32);
    this.#digest = sha256(joined);
    this.#count++;
  }

  get part(): BranchPart {
    return {
      first: [...this.#first],
      omitted: this.#count === 0 ? null : { count: this.#count, digest: toBareHex(this.#digest) },
      last: this.#last.map(toBareHex),
    };
  }
}

/** What the headers of one branch show. */
export interface BranchSummary {
  readonly headers: number;
  readonly tipHeight: number;
  /** Display order. */
  readonly tipHash: string;
  /** Work of the headers above the fork that were checked by all rules. */
  readonly work: bigint;
  /** Whether all headers are there; else `work` is that of the first ones, and of the last ones only links were checked. */
  readonly complete: boolean;
}

/**
 * Checks both branches by all header rules, on top of a trunk that is taken as the record has it: whether that trunk is
 * of the chain is for the reader to look up, by the fork's hash.
 * @param now Unix seconds
 * @throws HeaderRuleError, MalformedInputError
 */
export function verifyBranches(
  kind: ChainKind,
  record: BranchRecord,
  now: number,
): { readonly ours: BranchSummary; readonly theirs: BranchSummary } {
  const { chain, forkHeight, trunk } = record;
  if (record.format !== 'crossroot-branches' || record.version !== 1)
    throw new MalformedInputError('branch record', 'has an unknown format or version');
  if (!kind.networks.some((network) => network.name === chain))
    throw new MalformedInputError('branch record', `is of the unknown chain ${chain}`);
  if (trunk.length === 0 || trunk.length > TRUNK || trunk.length > forkHeight + 1)
    throw new MalformedInputError('branch record', `has ${trunk.length} headers up to the fork`);
  const checkpoint: Checkpoint = {
    ...record.checkpoint,
    hash: fromHex(record.checkpoint.hash, 'checkpoint hash', 32),
    work: BigInt(record.checkpoint.work),
  };
  const base = linked(kind, trunk, forkHeight - trunk.length + 1, undefined);
  const start = base.find((header) => header.height === checkpoint.height);
  if (start !== undefined && !bytesEqual(start.hash, checkpoint.hash))
    throw new MalformedInputError('branch record', 'has another block at its checkpoint');
  const check = (part: BranchPart): BranchSummary => {
    const tooMany = part.first.length > BRANCH_END || part.last.length > BRANCH_END;
    if (part.first.length === 0 || tooMany)
      throw new MalformedInputError('branch record', 'has a branch of no headers, or of too many');
    const known = new Map(base.map((header) => [header.height, header]));
    const ancestors: Ancestors = { checkpoint, header: (height) => known.get(height) };
    let work = 0n;
    let last = base.at(-1);
    const validate = (raws: readonly string[], height: number): void => {
      for (const header of linked(kind, raws, height, last)) {
        kind.validate(chain, header, ancestors, now);
        known.set(header.height, header);
        work += kind.work(header);
        last = header;
      }
    };
    validate(part.first, forkHeight + 1);
    const after = forkHeight + 1 + part.first.length;
    const omitted = part.omitted?.count ?? 0;
    if (omitted === 0) validate(part.last, after);
    else last = linked(kind, part.last, after + omitted, undefined).at(-1) ?? last;
    return {
      headers: part.first.length + omitted + part.last.length,
      tipHeight: last?.height ?? forkHeight,
      tipHash: last === undefined ? '' : kind.displayHash(last.hash),
      work,
      complete: omitted === 0,
    };
  };
  const summary = { ours: check(record.ours), theirs: check(record.theirs) };
  if (record.ours.first[0] === record.theirs.first[0])
    throw new MalformedInputError('branch record', 'has two branches with one first header');
  return summary;
}

function linked(
  kind: ChainKind,
  raws: readonly string[],
  from: number,
  parent: ForeignHeader | undefined,
): ForeignHeader[] {
  let last = parent;
  return raws.map((raw, i) => {
    const header = kind.decode(fromHex(raw, 'header'), from + i);
    if (last !== undefined && toBareHex(header.parentHash) !== toBareHex(last.hash))
      throw new HeaderRuleError(
        'bad-prevblk',
        header.height,
        kind.displayHash(header.hash),
        'does not link to the header before it',
      );
    last = header;
    return header;
  });
}

import { bytesEqual } from '../../proofs/bytes.js';
import type { ChainKind, ForeignHeader } from '../types.js';
import { hashKey } from './key.js';

export interface OrphanOptions {
  /** Default 4096. */
  readonly maxHeaders?: number;
  /** Of raw headers. Default 2 MiB. */
  readonly maxBytes?: number;
  /** Default 2048. */
  readonly maxPerSource?: number;
  /** Seconds. Default 600. */
  readonly maxAge?: number;
}

interface Orphan {
  readonly header: ForeignHeader;
  readonly key: string;
  readonly source: string;
  readonly since: number;
  /** What it claims; worked out once. */
  readonly work: bigint;
  /** Order of arrival. */
  readonly number: number;
}

/**
 * Headers whose parent is not known yet, until it is. Nothing in it has been validated and nothing leaves it but to be
 * validated. Bounded in count, bytes, age and per source: a source that sends too many only displaces its own.
 */
export class OrphanPool {
  readonly #kind: Pick<ChainKind, 'work'>;
  readonly #maxHeaders: number;
  readonly #maxBytes: number;
  readonly #maxPerSource: number;
  readonly #maxAge: number;
  /** In order of arrival. */
  readonly #orphans = new Map<string, Orphan>();
  readonly #byParent = new Map<string, Set<Orphan>>();
  /** Weakest first, the oldest of equals first: nothing is searched through when a source sends too many. */
  readonly #bySource = new Map<string, Orphan[]>();
  #bytes = 0;
  #count = 0;

  constructor(kind: Pick<ChainKind, 'work'>, options: OrphanOptions = {}) {
    this.#kind = kind;
    this.#maxHeaders = options.maxHeaders ?? 4096;
    this.#maxBytes = options.maxBytes ?? 2 ** 21;
    this.#maxPerSource = options.maxPerSource ?? 2048;
    this.#maxAge = options.maxAge ?? 600;
  }

  get size(): number {
    return this.#orphans.size;
  }
  /** Raw bytes held. */
  get bytes(): number {
    return this.#bytes;
  }
  /** Headers held of one source. */
  heldOf(source: string): number {
    return this.#bySource.get(source)?.length ?? 0;
  }

  /**
   * Holds headers of one source; those already held stay with whoever sent them first.
   * @param now Unix seconds
   */
  add(headers: readonly ForeignHeader[], source: string, now: number): void {
    this.expire(now);
    for (const header of headers) {
      const key = hashKey(header.hash);
      if (this.#orphans.has(key)) continue;
      const work = this.#kind.work(header);
      const orphan = { header, key, source, since: now, work, number: this.#count++ };
      this.#orphans.set(key, orphan);
      join(this.#byParent, hashKey(header.parentHash), orphan);
      this.#rank(orphan);
      this.#bytes += header.raw.length;
      if (this.heldOf(source) > this.#maxPerSource) this.#dropWeakest(source);
      while (this.size > this.#maxHeaders || this.#bytes > this.#maxBytes)
        this.#dropWeakest(this.#greatestHolder());
    }
  }

  /**
   * Takes out what builds on a header that is known now, parents first, as one linked run: where several orphans
   * have one parent, the one that came first; the others stay and can be asked for again.
   * @param source takes only what this source sent, so that nobody answers for another's headers
   */
  take(parent: { readonly hash: Uint8Array; readonly height: number }, source?: string): ForeignHeader[] {
    const run: ForeignHeader[] = [];
    let at = parent;
    for (;;) {
      const children = this.#byParent.get(hashKey(at.hash));
      const next = [...(children ?? [])].find(
        ({ header, source: from }) =>
          (source === undefined || from === source) &&
          header.height === at.height + 1 &&
          bytesEqual(header.parentHash, at.hash),
      );
      if (next === undefined) return run;
      this.#drop(next);
      run.push(next.header);
      at = next.header;
    }
  }

  /** Drops what is held for longer than allowed. @param now Unix seconds */
  expire(now: number): void {
    for (const orphan of this.#orphans.values()) {
      if (now - orphan.since <= this.#maxAge) return;
      this.#drop(orphan);
    }
  }

  #greatestHolder(): string {
    let greatest = '';
    for (const [source, held] of this.#bySource) if (held.length > this.heldOf(greatest)) greatest = source;
    return greatest;
  }

  /** The least work that a source's orphans claim; the oldest of those. */
  #dropWeakest(source: string): void {
    const [weakest] = this.#bySource.get(source) ?? [];
    if (weakest !== undefined) this.#drop(weakest);
  }

  #rank(orphan: Orphan): void {
    const held = this.#bySource.get(orphan.source);
    if (held === undefined) this.#bySource.set(orphan.source, [orphan]);
    else held.splice(placeOf(held, orphan), 0, orphan);
  }

  #unrank(orphan: Orphan): void {
    const held = this.#bySource.get(orphan.source) ?? [];
    held.splice(placeOf(held, orphan), 1);
    if (held.length === 0) this.#bySource.delete(orphan.source);
  }

  #drop(orphan: Orphan): void {
    if (!this.#orphans.delete(orphan.key)) return;
    this.#bytes -= orphan.header.raw.length;
    leave(this.#byParent, hashKey(orphan.header.parentHash), orphan);
    this.#unrank(orphan);
  }
}

function join(map: Map<string, Set<Orphan>>, key: string, orphan: Orphan): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([orphan]));
  else set.add(orphan);
}

function leave(map: Map<string, Set<Orphan>>, key: string, orphan: Orphan): void {
  const set = map.get(key);
  set?.delete(orphan);
  if (set?.size === 0) map.delete(key);
}

/** First place in a list, weakest first, whose orphan is not below this one. */
function placeOf(held: readonly Orphan[], { work, number }: Orphan): number {
  let [low, high] = [0, held.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = held[middle];
    if (at !== undefined && (at.work < work || (at.work === work && at.number < number))) low = middle + 1;
    else high = middle;
  }
  return low;
}

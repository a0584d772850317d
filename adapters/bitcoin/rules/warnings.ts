import { bytesEqual } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { HEADER_BYTES, timeAt } from './header.js';
import { type NetworkParameters, retargetInterval } from './parameters.js';
import type { RunStart } from './validator.js';

/** Seconds that a period's first block may be before its parent (BIP54). */
export const BIP54_GRACE_SECONDS = 7200;
/** Warnings that are kept of one run; `Bip54Observer.count` counts them all. */
export const MAX_WARNINGS = 1000;

/** What a block does that BIP54 would forbid. BIP54 is no consensus rule: nothing is refused for it. */
export interface Bip54Warning {
  readonly rule:
    | 'bip54-timewarp'
    | 'bip54-murch-zawy'
    | 'bip54-transaction-size'
    | 'bip54-coinbase-locktime'
    | 'bip54-coinbase-sequence';
  readonly height: number;
  readonly message: string;
}

/** What BIP54's header rules look at. Unix seconds; `undefined` where a time is not known. */
export interface Bip54Times {
  readonly height: number;
  readonly time: number;
  readonly parentTime: number | undefined;
  /** Time of the first block of the period that the block is in. */
  readonly periodStartTime: number | undefined;
}

/**
 * Timewarp: a period's first block more than two hours before its parent. Murch-Zawy: a period's last block before its
 * first (BIP54 "Specification", timestamps).
 */
export function bip54Warnings(parameters: NetworkParameters, times: Bip54Times): Bip54Warning[] {
  const { height, time, parentTime, periodStartTime } = times;
  const interval = retargetInterval(parameters);
  const place = height % interval;
  if (place === 0 && height > 0 && parentTime !== undefined && time < parentTime - BIP54_GRACE_SECONDS) {
    const message = `first block of its period, ${parentTime - time} s before its parent`;
    return [{ rule: 'bip54-timewarp', height, message }];
  }
  if (place === interval - 1 && periodStartTime !== undefined && time < periodStartTime) {
    const message = `last block of its period, ${periodStartTime - time} s before the first`;
    return [{ rule: 'bip54-murch-zawy', height, message }];
  }
  return [];
}

/** What BIP54's rules for transactions look at. */
export interface Bip54Transactions {
  readonly height: number;
  readonly coinbase: { readonly lockTime: number; readonly sequence: number };
  /** Sizes without witness, in block order, bytes. */
  readonly strippedSizes: readonly number[];
}

/**
 * Transactions of exactly 64 bytes without witness; a coinbase whose `nLockTime` is not its height less one, or whose
 * `nSequence` is final (BIP54 "Specification"). BIP54's limit of signature operations is left out: it counts those of
 * the outputs that a block spends, which the block does not hold.
 */
export function bip54BlockWarnings(block: Bip54Transactions): Bip54Warning[] {
  const { height, coinbase, strippedSizes } = block;
  const warnings: Bip54Warning[] = strippedSizes.flatMap((size, i) =>
    size === 64
      ? [{ rule: 'bip54-transaction-size', height, message: `transaction ${i} has 64 bytes without witness` }]
      : [],
  );
  // The genesis block is before every rule.
  if (height === 0) return warnings;
  if (coinbase.lockTime !== height - 1) {
    const message = `coinbase has lock time ${coinbase.lockTime}, not ${height - 1}`;
    warnings.push({ rule: 'bip54-coinbase-locktime', height, message });
  }
  if (coinbase.sequence === 0xffffffff) {
    warnings.push({ rule: 'bip54-coinbase-sequence', height, message: 'coinbase has a final sequence' });
  }
  return warnings;
}

/** Looks at the headers of a run as they pass by, beside their validation. Memory use does not grow with the run. */
export class Bip54Observer {
  readonly warnings: Bip54Warning[] = [];
  readonly #parameters: NetworkParameters;
  readonly #start: RunStart;
  readonly #partial = new Uint8Array(HEADER_BYTES);
  #held = 0;
  #height: number | undefined;
  #parentTime: number | undefined;
  #periodStartTime: number | undefined;
  #count = 0;

  constructor(parameters: NetworkParameters, start: RunStart) {
    this.#parameters = parameters;
    this.#start = start;
  }

  /** All warnings so far, those beyond `MAX_WARNINGS` too. */
  get count(): number {
    return this.#count;
  }

  /** Yields the chunks as they are, cut anywhere, and looks at their headers. */
  async *watch(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        const take = Math.min(HEADER_BYTES - this.#held, chunk.length - at);
        this.#partial.set(chunk.subarray(at, at + take), this.#held);
        this.#held += take;
        at += take;
        if (this.#held === HEADER_BYTES) {
          this.#push(this.#partial);
          this.#held = 0;
        }
      }
      yield chunk;
    }
  }

  #push(header: Uint8Array): void {
    const height = this.#height ?? this.#begin(header);
    const time = timeAt(header);
    if (height % retargetInterval(this.#parameters) === 0) this.#periodStartTime = time;
    const found = bip54Warnings(this.#parameters, {
      height,
      time,
      parentTime: this.#parentTime,
      periodStartTime: this.#periodStartTime,
    });
    this.#count += found.length;
    this.warnings.push(...found.slice(0, MAX_WARNINGS - this.warnings.length));
    this.#parentTime = time;
    this.#height = height + 1;
  }

  #begin(header: Uint8Array): number {
    const start = this.#start;
    if (start.kind === 'genesis') return 0;
    if (start.kind === 'trusted') return start.height;
    const { checkpoint } = start;
    this.#periodStartTime = checkpoint.periodStartTime || undefined;
    return bytesEqual(sha256d(header), checkpoint.hash) ? checkpoint.height : checkpoint.height + 1;
  }
}

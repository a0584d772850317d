import { HeaderRuleError } from '../errors.js';
import type { ChainKind, ForeignHeader } from '../types.js';
import { hashKey } from './key.js';

/** Why a header is not valid: itself, or the first invalid header that it builds on. */
export interface InvalidReason {
  /** The rule that the first invalid header breaks, by the reference client's name. */
  readonly rule: string;
  readonly height: number;
  /** Of the first invalid header, display order. */
  readonly hash: string;
}

const DEFAULT_CAPACITY = 4096;

/**
 * Headers known to be invalid, with the reason, so that nothing built on them is validated again (Bitcoin Core:
 * `BLOCK_FAILED_VALID` and `BLOCK_FAILED_CHILD` in `src/validation.cpp`). What was asked for longest ago is forgotten
 * first, about 150 bytes each.
 */
export class InvalidHeaders {
  readonly #kind: Pick<ChainKind, 'displayHash'>;
  readonly #capacity: number;
  readonly #reasons = new Map<string, InvalidReason>();

  constructor(kind: Pick<ChainKind, 'displayHash'>, capacity = DEFAULT_CAPACITY) {
    this.#kind = kind;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#reasons.size;
  }

  /** Why a header is known to be invalid; `undefined` if it is not. */
  reason(hash: Uint8Array): InvalidReason | undefined {
    if (this.#reasons.size === 0) return undefined;
    const key = hashKey(hash);
    const reason = this.#reasons.get(key);
    if (reason !== undefined) this.#set(key, reason);
    return reason;
  }

  /**
   * Refuses a known invalid header, and one that builds on such a header, which is remembered too.
   * @throws HeaderRuleError `duplicate-invalid`, or `bad-prevblk` naming the first invalid ancestor and its rule
   */
  check(header: ForeignHeader): void {
    if (this.#reasons.size === 0) return;
    const known = this.reason(header.hash);
    const shown = () => this.#kind.displayHash(header.hash);
    if (known !== undefined)
      throw new HeaderRuleError(
        'duplicate-invalid',
        header.height,
        shown(),
        known.hash === shown()
          ? `is known to break ${known.rule}`
          : `is known to build on ${known.hash} at height ${known.height}, which breaks ${known.rule}`,
        { details: { invalid: known } },
      );
    const above = this.reason(header.parentHash);
    if (above === undefined) return;
    this.#set(hashKey(header.hash), above);
    throw new HeaderRuleError(
      'bad-prevblk',
      header.height,
      shown(),
      `builds on ${above.hash} at height ${above.height}, which breaks ${above.rule}`,
      { details: { invalid: above } },
    );
  }

  /** Remembers what a rule refused for good; what may become valid (`retryable`) is not remembered. */
  remember(header: ForeignHeader, error: unknown): void {
    if (!(error instanceof HeaderRuleError) || error.retryable) return;
    const { rule, height } = error;
    this.#set(hashKey(header.hash), { rule, height, hash: this.#kind.displayHash(header.hash) });
  }

  #set(key: string, reason: InvalidReason): void {
    this.#reasons.delete(key);
    this.#reasons.set(key, reason);
    for (const oldest of this.#reasons.keys()) {
      if (this.#reasons.size <= this.#capacity) return;
      this.#reasons.delete(oldest);
    }
  }
}

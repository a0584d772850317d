import { type NetworkParameters, retargetInterval } from './parameters.js';
import { describeBits, encodeCompact } from './target.js';

const MASK_256 = (1n << 256n) - 1n;

/** What the required target of the block at `height` depends on. `undefined` where it is not known. */
export interface TargetContext {
  readonly height: number;
  readonly parentTime: number | undefined;
  readonly parentBits: number | undefined;
  /** Time and bits of the first block of the period that the parent is in. */
  readonly periodStartTime: number | undefined;
  readonly periodStartBits: number | undefined;
}

/**
 * Bits of a new period (Bitcoin Core `CalculateNextWorkRequired`).
 * @param bits of the parent, or of the period's first block under BIP94
 * @param seconds from the ending period's first block to its last; may be negative
 */
export function nextPeriodBits(parameters: NetworkParameters, bits: number, seconds: number): number {
  const { targetTimespan, powLimitBits } = parameters;
  const clamped = Math.min(Math.max(seconds, targetTimespan / 4), targetTimespan * 4);
  const target = describeBits(bits)?.target ?? 0n;
  const limit = describeBits(powLimitBits)?.target ?? 0n;
  // 256-bit arithmetic wraps in the reference client.
  const next = ((target * BigInt(clamped)) & MASK_256) / BigInt(targetTimespan);
  return encodeCompact(next > limit ? limit : next);
}

/**
 * Whether a block within a period may be of easiest target by the twenty-minute rule (Bitcoin Core
 * `fPowAllowMinDifficultyBlocks`): where the parent's time is not known, it may be.
 */
export function mayBeEasy(p: NetworkParameters, parentTime: number | undefined, time: number): boolean {
  return p.minDifficulty && (parentTime === undefined || time > parentTime + 2 * p.targetSpacing);
}

/**
 * The bits that a block must have (Bitcoin Core `GetNextWorkRequired`), or `undefined` if what they depend on is
 * not known.
 *
 * The reference client walks back over blocks of easiest target to the last other one, at most to the start of the
 * period. Every other block of a period has the bits of its first block, by induction: so these are the answer.
 * @param time of the block itself, which the twenty-minute rule looks at
 */
export function requiredBits(
  parameters: NetworkParameters,
  context: TargetContext,
  time: number,
): number | undefined {
  // Without retargets every block has the genesis block's bits, which are the easiest.
  if (!parameters.retargets) return parameters.powLimitBits;
  const { parentTime, periodStartBits } = context;
  if (context.height % retargetInterval(parameters) !== 0) {
    if (!parameters.minDifficulty) return context.parentBits ?? periodStartBits;
    if (parentTime === undefined) return undefined;
    return mayBeEasy(parameters, parentTime, time) ? parameters.powLimitBits : periodStartBits;
  }
  const parentBits = context.parentBits ?? (parameters.minDifficulty ? undefined : periodStartBits);
  const base = parameters.bip94 ? periodStartBits : parentBits;
  if (base === undefined || parentTime === undefined || context.periodStartTime === undefined)
    return undefined;
  return nextPeriodBits(parameters, base, parentTime - context.periodStartTime);
}

/**
 * Whether `bits` can follow when `requiredBits` is not known: between the two clamps of a retarget (Bitcoin Core
 * `PermittedDifficultyTransition`), or one of the two choices of the twenty-minute rule.
 */
export function possibleBits(parameters: NetworkParameters, context: TargetContext, bits: number): boolean {
  const { targetTimespan, powLimitBits } = parameters;
  if (context.height % retargetInterval(parameters) !== 0) {
    const known = context.periodStartBits;
    return known === undefined || bits === known || (parameters.minDifficulty && bits === powLimitBits);
  }
  const parentBits = context.parentBits ?? (parameters.minDifficulty ? undefined : context.periodStartBits);
  const base = parameters.bip94 ? context.periodStartBits : parentBits;
  if (base === undefined) return true;
  const target = describeBits(bits)?.target ?? 0n;
  const hardest = describeBits(nextPeriodBits(parameters, base, targetTimespan / 4))?.target ?? 0n;
  const easiest = describeBits(nextPeriodBits(parameters, base, targetTimespan * 4))?.target ?? 0n;
  return hardest <= target && target <= easiest;
}

import { bytesToHex } from '@noble/hashes/utils.js';
import { reversed } from '../../../proofs/bytes.js';
import { HeaderRuleError, HeaderTooEarlyError } from '../../errors.js';
import { bitsAt, linksTo, timeAt, versionAt } from './header.js';
import { type NetworkParameters, retargetInterval } from './parameters.js';
import { possibleBits, requiredBits, type TargetContext } from './retarget.js';
import { describeBits, meetsTarget } from './target.js';

/** Seconds that a block's time may be ahead of the clock (Bitcoin Core `MAX_FUTURE_BLOCK_TIME`). */
export const MAX_FUTURE_SECONDS = 7200;
/** Seconds that a period's first block may be before its parent (BIP94; Bitcoin Core `MAX_TIMEWARP`). */
export const MAX_TIMEWARP_SECONDS = 600;

/** What is known of the blocks that a header builds on. `undefined` switches off the checks that need it. */
export interface HeaderContext extends TargetContext {
  /** Internal byte order. */
  readonly parentHash: Uint8Array | undefined;
  /** Median time of the 11 blocks before (all of them, if there are fewer since genesis). */
  readonly medianTime: number | undefined;
}

/** A block hash as Bitcoin users write it. */
export function displayHash(hash: Uint8Array): string {
  return bytesToHex(reversed(hash));
}

/**
 * All header rules, in the reference client's order: proof of work, link, bits, times, version (Bitcoin Core
 * `CheckBlockHeader` and `ContextualCheckBlockHeader`).
 * @param bytes holds the 80-byte header at `at`
 * @param hash its double SHA-256, internal byte order
 * @param now Unix seconds
 * @throws HeaderRuleError, HeaderTooEarlyError (retryable)
 */
export function checkHeader(
  parameters: NetworkParameters,
  context: HeaderContext,
  bytes: Uint8Array,
  at: number,
  hash: Uint8Array,
  now: number,
): void {
  const { height, parentHash, parentTime, medianTime } = context;
  const time = timeAt(bytes, at);
  const bits = bitsAt(bytes, at);

  const problem = workProblem(parameters, bits, hash);
  if (problem !== undefined) fail('high-hash', height, hash, problem);
  if (parentHash !== undefined && !linksTo(bytes, at, parentHash)) {
    fail('bad-prevblk', height, hash, 'previous block is not the block before');
  }
  const required = requiredBits(parameters, context, time);
  if (required === undefined ? !possibleBits(parameters, context, bits) : bits !== required) {
    fail(
      'bad-diffbits',
      height,
      hash,
      `bits ${hex32(bits)}, expected ${required === undefined ? 'bits that can follow the known ones' : hex32(required)}`,
    );
  }
  if (medianTime !== undefined && time <= medianTime) {
    fail('time-too-old', height, hash, `time ${time} is not after the median time past ${medianTime}`);
  }
  if (
    parameters.bip94 &&
    parentTime !== undefined &&
    height % retargetInterval(parameters) === 0 &&
    time < parentTime - MAX_TIMEWARP_SECONDS
  ) {
    fail(
      'time-timewarp-attack',
      height,
      hash,
      `time ${time} is more than ${MAX_TIMEWARP_SECONDS} s before ${parentTime}`,
    );
  }
  if (time > now + MAX_FUTURE_SECONDS) {
    throw new HeaderTooEarlyError(
      'time-too-new',
      height,
      displayHash(hash),
      `time ${time} is more than two hours after ${now}`,
      { hint: 'It may become valid later.' },
    );
  }
  checkVersion(parameters, height, versionAt(bytes, at), hash);
}

/**
 * What is wrong with a header's proof of work on its own, if anything (Bitcoin Core `CheckProofOfWork`): a target out
 * of range fails under the same name as a hash above it.
 */
export function workProblem(
  parameters: NetworkParameters,
  bits: number,
  hash: Uint8Array,
): string | undefined {
  const info = describeBits(bits);
  const limit = describeBits(parameters.powLimitBits);
  if (info === undefined || limit === undefined || info.target > limit.target) {
    return `bits ${hex32(bits)} are no target that this network allows`;
  }
  return meetsTarget(hash, info.bytes) ? undefined : `hash is above the target ${hex32(bits)}`;
}

/** BIP34, BIP66, BIP65: from their heights on, versions below 2, 3, 4 (signed) are refused. */
function checkVersion(p: NetworkParameters, height: number, version: number, hash: Uint8Array): void {
  if (version >= 4) return;
  const floor =
    height >= p.bip65Height ? 4 : height >= p.bip66Height ? 3 : height >= p.bip34Height ? 2 : undefined;
  if (floor !== undefined && version < floor) {
    fail('bad-version', height, hash, `version ${hex32(version >>> 0)} is below ${floor}`);
  }
}

function fail(rule: string, height: number, hash: Uint8Array, message: string): never {
  throw new HeaderRuleError(rule, height, displayHash(hash), message);
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}

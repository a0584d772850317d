import { MalformedInputError } from '../../../proofs/errors/input.js';
import { displayHash } from './checks.js';
import { HEADER_BYTES } from './header.js';
import { bitcoinNetwork } from './networks.js';
import { HeaderChainValidator, type RunStart } from './validator.js';

export interface RunSummary {
  readonly count: number;
  readonly startHeight: number;
  readonly tipHeight: number;
  /** Display order. */
  readonly tipHash: string;
  /** 64 hex digits: total work, on top of the checkpoint's, or of this run alone. */
  readonly chainWork: string;
}

/**
 * Checks a stream of raw 80-byte headers by all rules. Memory use does not grow with the run.
 * @param chain such as `bitcoin-mainnet`
 * @param chunks bytes cut anywhere
 * @param now Unix seconds
 * @throws HeaderRuleError, HeaderTooEarlyError, MalformedInputError (no header, leftover bytes), UnknownNetworkError
 */
export async function verifyHeaderRun(
  chain: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  start: RunStart,
  now: number,
): Promise<RunSummary> {
  const validator = new HeaderChainValidator(bitcoinNetwork(chain), start);
  const partial = new Uint8Array(HEADER_BYTES);
  let held = 0;
  for await (const chunk of chunks) {
    let at = 0;
    if (held > 0) {
      const take = Math.min(HEADER_BYTES - held, chunk.length);
      partial.set(chunk.subarray(0, take), held);
      held += take;
      at = take;
      if (held < HEADER_BYTES) continue;
      validator.push(partial, 0, now);
      held = 0;
    }
    const whole = chunk.length - ((chunk.length - at) % HEADER_BYTES);
    validator.pushMany(chunk.subarray(at, whole), now);
    partial.set(chunk.subarray(whole), 0);
    held = chunk.length - whole;
  }
  if (held > 0) {
    throw new MalformedInputError(
      'Bitcoin headers',
      `end with ${held} bytes that are no whole 80-byte header, after ${validator.count} headers`,
    );
  }
  const { tipHash } = validator;
  if (tipHash === undefined) throw new MalformedInputError('Bitcoin headers', 'are empty');
  return {
    count: validator.count,
    startHeight: validator.startHeight,
    tipHeight: validator.height - 1,
    tipHash: displayHash(tipHash),
    chainWork: validator.work.toString(16).padStart(64, '0'),
  };
}

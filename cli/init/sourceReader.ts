import { isRetryable } from '../../proofs/errors/base.js';
import { pause } from '../abort.js';
import { PartFailedError } from './errors.js';

/** Milliseconds that a source may need at the start: nodes answer late while they load. */
const SOURCE_PATIENCE_MS = 5_000;

/** A chain's opened sources of one sort, until everything stops. */
export interface Reader<S> {
  readonly chain: string;
  readonly sources: readonly S[];
  readonly signal: AbortSignal;
}

/**
 * The first source's answer that is one.
 * @throws PartFailedError with the last trouble if there is none
 */
export async function firstThat<S, T>(reader: Reader<S>, ask: (source: S) => Promise<T>): Promise<T> {
  const { chain, sources, signal } = reader;
  const deadline = Date.now() + SOURCE_PATIENCE_MS;
  for (;;) {
    signal.throwIfAborted();
    let trouble: unknown;
    for (const source of sources) {
      try {
        return await ask(source);
      } catch (error) {
        trouble = error;
        if (!isRetryable(error)) break;
      }
    }
    if (!isRetryable(trouble) || Date.now() > deadline) {
      throw new PartFailedError(chain, trouble instanceof Error ? trouble.message : String(trouble));
    }
    await pause(500, signal);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaUnavailableError, LogClosedError } from './errors.js';

export const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 3000;

/** The wait after `wait`, milliseconds. */
export function longer(wait: number): number {
  return Math.min(MAX_RETRY_MS, 2 * wait);
}

export interface RetryOptions {
  /** Unix milliseconds. */
  readonly deadline: number;
  readonly closed: () => boolean;
  readonly onTrouble: (error: unknown) => void;
  /** Whether what the task is for has shown in another way. */
  readonly settled?: () => boolean;
}

/**
 * Does a task again while the brokers cannot be reached.
 * @returns `undefined` if it was settled otherwise
 * @throws LogClosedError; KafkaUnavailableError at the deadline; what else the task throws
 */
export async function retried<T>(task: () => Promise<T>, options: RetryOptions): Promise<T | undefined> {
  const { deadline, closed, onTrouble, settled = () => false } = options;
  for (let wait = MIN_RETRY_MS; ; wait = longer(wait)) {
    if (closed()) throw new LogClosedError();
    try {
      return await task();
    } catch (error) {
      if (settled()) return undefined;
      if (!(error instanceof KafkaUnavailableError) || Date.now() + wait >= deadline) throw error;
      onTrouble(error);
      await sleep(wait);
    }
  }
}

import { CrossrootError } from '../proofs/errors/base.js';

/** Another process has this folder open. */
export class StoreLockedError extends CrossrootError {
  override readonly name = 'StoreLockedError';
  constructor(path: string, cause: unknown) {
    super(`${path} is in use by another process`, {
      hint: 'Stop the other process, or give another --data folder.',
      cause,
    });
  }
}

/** The store could not be opened or written. */
export class StoreError extends CrossrootError {
  override readonly name = 'StoreError';
  constructor(path: string, problem: string, cause: unknown) {
    super(`${path}: ${problem}`, { cause });
  }
}

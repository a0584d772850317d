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

/** The store could not be opened, or is closed. */
export class StoreError extends CrossrootError {
  override readonly name: string = 'StoreError';
  constructor(path: string, problem: string, cause: unknown, hint?: string) {
    super(`${path} ${problem}${reasonOf(cause, path)}`, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

/** A write failed: nothing of it is there, and nothing more is written before the store is opened again. */
export class StoreFailedError extends StoreError {
  override readonly name = 'StoreFailedError';
  constructor(path: string, cause: unknown) {
    super(
      path,
      'cannot be written',
      cause,
      'Free space on that disk, or mend it, then start again. Nothing is lost.',
    );
  }
}

/** What the operating system or the library says, such as `No space left on device`, without the path again. */
function reasonOf(cause: unknown, path: string): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return '';
  const message = inner.message.replace(/^IO error: /, '').replace(`${path}/`, '');
  return ` (${message})`;
}

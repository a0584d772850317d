import { CrossrootError } from '../../proofs/errors/base.js';

/** Bytes that are not a secret key of the curve. */
export class SecretKeyError extends CrossrootError {
  override readonly name = 'SecretKeyError';
  constructor(curve: string) {
    super(`not a secret key of ${curve}`);
  }
}

/** A key file that cannot be read, written or decrypted. */
export class KeystoreError extends CrossrootError {
  override readonly name = 'KeystoreError';
  constructor(
    readonly path: string,
    problem: string,
    hint?: string,
    cause?: unknown,
  ) {
    super(`${path}: ${problem}`, {
      details: { path },
      ...(hint === undefined ? {} : { hint }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

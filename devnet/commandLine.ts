import { InvalidArgumentError } from 'commander';
import { CrossrootError } from '../proofs/errors/base.js';

/** A parser of an option that is a whole number of at most nine digits. The parser throws InvalidArgumentError. */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It is not a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** Ends the process with exit code 1 and the error on stderr: an error of ours in its words, any other with its stack. */
export function fail(error: unknown): never {
  const text = error instanceof CrossrootError ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`${String(text)}\n`);
  process.exit(1);
}

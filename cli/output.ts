import { fileTrouble } from '../config/fileErrors.js';
import { CrossrootError } from '../proofs/errors/base.js';
import { RefusedError, UsageError } from './errors.js';
import { visible, visibleJson } from './visible.js';

/** JSON with 64-bit integers as decimal strings and bytes as hex. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(
    value,
    (_, item: unknown) => {
      if (typeof item === 'bigint') return item.toString();
      if (item instanceof Uint8Array) return `0x${Buffer.from(item).toString('hex')}`;
      return item;
    },
    2,
  );
  return visibleJson(json);
}

/** Prints a command's result: JSON with `--json`, else the lines. What files and servers say in them is made `visible`. */
export function print(json: boolean, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${toJson(value)}\n` : lines.map((line) => `${visible(line)}\n`).join(''));
}

/** One clear line on stderr (or JSON on stdout), never a stack. @returns the exit code */
export function reportError(error: unknown, json: boolean): number {
  if (error instanceof RefusedError) {
    if (json) process.stdout.write(`${toJson(error.result)}\n`);
    else if (!error.printed) process.stderr.write(`error: ${visible(error.message)}\n`);
    return 1;
  }
  const known = error instanceof CrossrootError;
  const trouble = fileTrouble(error);
  const message = trouble?.message ?? (error instanceof Error ? error.message : String(error));
  if (json) {
    const name = trouble === undefined ? 'Error' : 'FileError';
    process.stdout.write(`${toJson({ error: known ? error.toJSON() : { name, message } })}\n`);
  } else if (trouble !== undefined) {
    process.stderr.write(`error: ${visible(message)}\n`);
    if (trouble.hint !== undefined) process.stderr.write(`${visible(trouble.hint)}\n`);
  } else {
    process.stderr.write(`error: ${visible(message)}\n`);
    if (known && error.hint !== undefined) process.stderr.write(`${visible(error.hint)}\n`);
    if (!known && error instanceof Error) process.stderr.write(placesOf(error));
  }
  return error instanceof UsageError ? 2 : 1;
}

/** Where an error that is not ours came from, a line each; not its message, which may have lines of its own. */
function placesOf({ stack = '' }: Error): string {
  const places = stack.split('\n').filter((line) => line.startsWith('    at '));
  return places.map((line) => `${visible(line)}\n`).join('');
}

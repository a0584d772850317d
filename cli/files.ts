import { readFile, writeFile } from 'node:fs/promises';
import { FileError } from './errors.js';

/** @throws FileError */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new FileError(path, `cannot be read (${reason(error)})`, error);
  }
}

/** Writes to a file, or to standard output if there is none. @throws FileError */
export async function writeResult(path: string | undefined, bytes: Uint8Array): Promise<void> {
  if (path === undefined) {
    process.stdout.write(bytes);
    return;
  }
  try {
    await writeFile(path, bytes);
  } catch (error) {
    throw new FileError(path, `cannot be written (${reason(error)})`, error);
  }
}

function reason(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}

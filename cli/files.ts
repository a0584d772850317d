import { readFile, writeFile } from 'node:fs/promises';
import { fileReason } from '../config/fileErrors.js';
import { FileError } from './errors.js';

/** @throws FileError */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new FileError(path, `cannot be read (${fileReason(error)})`, error);
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
    throw new FileError(path, `cannot be written (${fileReason(error)})`, error);
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivate } from '../../mainchain/crypto/keystore.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { LevelStore } from '../../storage/level.js';
import { version } from '../version.js';

/** Of what this version keeps in its stores. Another number is another meaning of the same keys. */
const FORMAT = 1;
/** Beside LevelDB's own files, which have other names. */
const MARK = 'crossroot.json';
const MarkSchema = z.object({ format: z.number().int(), writtenBy: z.string().max(64) });

/** The store was written by a version that keeps its data otherwise. */
export class StoreFormatError extends CrossrootError {
  override readonly name = 'StoreFormatError';
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`, {
      hint: 'Run the version that wrote it, or give another --data folder. Nothing was changed.',
      details: { path },
    });
  }
}

/**
 * Opens a store of this process, which ends when the store cannot be written any more: whoever watches it starts it again,
 * and what was confirmed is there.
 * @throws StoreLockedError, StoreError, StoreFormatError
 */
export async function openStore(path: string): Promise<LevelStore> {
  await checkMark(path);
  const store = await LevelStore.open(path, {
    onFailure: (error) => {
      // Nobody's to catch: not the caller whose write it was, who may only try again.
      setImmediate(() => {
        throw error;
      });
    },
  });
  try {
    // Now that it is this process's alone.
    if (!(await checkMark(path)))
      await writePrivate(join(path, MARK), `${JSON.stringify({ format: FORMAT, writtenBy: version })}\n`);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** @returns whether there is a mark; a store from before there were any has format 1. @throws StoreFormatError */
async function checkMark(path: string): Promise<boolean> {
  let text: string;
  try {
    text = await readFile(join(path, MARK), 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
  const mark = MarkSchema.safeParse(parse(text));
  if (!mark.success) throw new StoreFormatError(path, `${MARK} in it cannot be read`);
  const { format, writtenBy } = mark.data;
  if (format === FORMAT) return true;
  throw new StoreFormatError(
    path,
    `was written by crossroot ${writtenBy} in format ${format}; this is ${version}, which reads format ${FORMAT}`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

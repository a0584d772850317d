import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';

/** Milliseconds between copies by default. */
const COPY_INTERVAL = 10_000;

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes sure that the state file can be loaded: anvil writes it in place, so that a kill may leave half of it. Half a
 * file is set aside and the last whole copy put there instead; its missing blocks are then a reorganisation.
 */
export function restoreState(state: string): void {
  if (!existsSync(state) || isWhole(readFileSync(state, 'utf8'))) return;
  renameSync(state, `${state}.damaged`);
  const copy = `${state}.copy`;
  if (existsSync(copy)) copyFileSync(copy, state);
}

/** Keeps a whole copy of the state file from time to time. Returns how to stop. */
export function keepStateCopy(state: string, interval = COPY_INTERVAL): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void copyState(state).finally(() => {
      busy = false;
    });
  }, interval);
  timer.unref();
  return () => clearInterval(timer);
}

/** Copies the file if it is whole at this moment. */
export async function copyState(state: string): Promise<void> {
  if (!existsSync(state)) return;
  const text = await readFile(state, 'utf8');
  if (!isWhole(text)) return;
  await writeFile(`${state}.copy.new`, text);
  await rename(`${state}.copy.new`, `${state}.copy`);
}

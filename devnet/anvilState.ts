import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { callNode } from './rpcClient.js';

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

/** Where anvil keeps its state in its data folder. */
export function anvilStateFile(dataDir: string): string {
  return join(dataDir, 'anvil-state.json');
}

/**
 * Makes sure that the state file can be loaded: anvil writes it in place, so that a kill may leave half of it. Half a
 * file is set aside. In its place, or where it was not written yet, comes the last whole copy; missing blocks are then a reorganisation.
 */
export function restoreState(state: string): void {
  if (existsSync(state)) {
    if (isWhole(readFileSync(state, 'utf8'))) return;
    renameSync(state, `${state}.damaged`);
  }
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
  await putCopy(state, text);
}

async function putCopy(state: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${state}.copy.new`, content);
  await rename(`${state}.copy.new`, `${state}.copy`);
}

/** Makes a running anvil's state the copy that a start falls back to: before anvil has written its own file. @throws NodeCallError */
export async function saveState(url: string, state: string): Promise<void> {
  const dump = String(await callNode({ url }, 'anvil_dumpState'));
  await putCopy(state, gunzipSync(Buffer.from(dump.slice(2), 'hex')));
}

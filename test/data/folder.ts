import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url));

/**
 * The folder of real chain data beside the project; tests that need it skip, with a message, where it is missing. Compiled
 * copies of this file, as benchmarks use them, find it from the project's folder.
 */
export const dataFolder = existsSync(beside) ? beside : resolve('../shared/data');

export const hasData = existsSync(dataFolder);

/** For the name of a suite that may be skipped. */
export function needsData(what: string): string {
  return hasData ? what : `${what} (skipped: no real chain data in ../shared/data)`;
}

export function dataPath(name: string): string {
  return `${dataFolder}/${name}`;
}

export function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(dataPath(name), 'utf8')) as T;
}

export function readBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(dataPath(name)));
}

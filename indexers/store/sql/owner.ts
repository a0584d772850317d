import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** Who has a folder of chDB open. It tells; what locks the folder is chDB's own file. */
const Owner = z.object({ pid: z.number().int().positive(), since: z.string().max(40) });
export type Owner = z.output<typeof Owner>;

const file = (path: string) => join(path, 'crossroot-owner.json');

/** Says that this process has the folder. @returns what takes it back */
export async function claim(path: string): Promise<() => Promise<void>> {
  const owner: Owner = { pid: process.pid, since: new Date().toISOString() };
  await writeFile(file(path), JSON.stringify(owner));
  return () => rm(file(path), { force: true });
}

/** Who has it; `undefined` if nobody who is alive says so. */
export async function ownerOf(path: string): Promise<Owner | undefined> {
  let text: string;
  try {
    text = await readFile(file(path), 'utf8');
  } catch {
    return undefined;
  }
  const read = Owner.safeParse(safeJson(text));
  return read.success && isAlive(read.data.pid) ? read.data : undefined;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Written in part when its writer was killed: nobody says anything.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is, and another user's.
    return error instanceof Error && Reflect.get(error, 'code') === 'EPERM';
  }
}

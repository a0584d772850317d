import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder of this process alone, for what it can copy again. Those that killed processes of this machine left are removed.
 * @param parent by default the system's folder for temporary files
 */
export async function throwAwayFolder(parent = tmpdir()): Promise<string> {
  const own = `crossroot-api-${hostname().replace(/[^A-Za-z0-9.-]/g, '')}-`;
  for (const name of await readdir(parent)) {
    const [pid] = name.startsWith(own) ? name.slice(own.length).split('-') : [];
    if (pid === undefined || !/^[0-9]{1,10}$/.test(pid) || isAlive(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
  return mkdtemp(join(parent, `${own}${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is one all the same.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

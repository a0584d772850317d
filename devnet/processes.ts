import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Command line of a running process; `undefined` if there is none of this number. */
export function commandOf(pid: number): string | undefined {
  if (existsSync('/proc/self/cmdline')) {
    const path = `/proc/${pid}/cmdline`;
    if (!existsSync(path)) return undefined;
    try {
      const text = readFileSync(path, 'utf8').replaceAll('\0', ' ').trim();
      return text === '' ? undefined : text;
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
        return undefined;
      throw error;
    }
  }
  try {
    return (
      execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).trim() || undefined
    );
  } catch (error) {
    // `ps` exits 1 when there is no such process.
    if (error instanceof Error && 'status' in error && error.status === 1) return undefined;
    throw error;
  }
}

/** Ends a process that is not our child: asks, waits, then kills. `isIt` is asked again before each signal. */
export async function endProcess(
  pid: number,
  isIt: (command: string) => boolean,
  graceMs = 10_000,
): Promise<void> {
  const alive = () => {
    const command = commandOf(pid);
    return command !== undefined && isIt(command);
  };
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    if (!alive()) return;
    process.kill(pid, signal);
    for (const deadline = Date.now() + graceMs; alive() && Date.now() < deadline; ) await sleep(50);
  }
}

/**
 * Ends a process that a killed run left behind, by the file with its number. A number that meanwhile belongs to another
 * program, which `isOurs` tells by the command line, is left alone.
 */
export async function endLeftover(pidFile: string, isOurs: (command: string) => boolean): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').trim());
  const command = Number.isInteger(pid) && pid > 1 ? commandOf(pid) : undefined;
  if (command !== undefined && isOurs(command)) await endProcess(pid, isOurs);
  rmSync(pidFile, { force: true });
}

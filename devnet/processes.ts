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

/**
 * Whether a process is ending and still has its files and ports: those go after its command line. Only Linux tells.
 * @see proc_pid_stat(5): `state` and `num_threads`
 */
function isEnding(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  if (commandOf(pid) !== undefined || !existsSync(path)) return false;
  try {
    const text = readFileSync(path, 'utf8');
    // Behind the name, which may have anything in it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = '', threads] = [fields[0], fields[17]];
    // The first thread of several may be done before the others are.
    return !['Z', 'X'].includes(state) || Number(threads) > 1;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return false;
    throw error;
  }
}

/**
 * Ends a process that is not our child: asks, waits, then kills. `isIt` is asked again before each signal. What it had, such
 * as a port, is free then.
 */
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
    const deadline = Date.now() + graceMs;
    while (alive() && Date.now() < deadline) await sleep(50);
    while (isEnding(pid) && Date.now() < deadline) await sleep(5);
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

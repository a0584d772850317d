import { type ChildProcess, spawn } from 'node:child_process';

export interface EndOptions {
  /** First signal that it gets once this process is gone. Default SIGKILL. */
  readonly signal?: 'SIGINT' | 'SIGTERM' | 'SIGKILL';
  /** Whole seconds after which it is killed if that signal did not end it. Default 10. */
  readonly graceSeconds?: number;
}

/**
 * Waits until nobody holds the other end of its standard input, which is when whoever started it is gone, however that went.
 * Then it ends the process of number $1: by signal $2 and, $3 seconds later, by SIGKILL. POSIX sh.
 */
const SHEPHERD = `
read -r _
kill -s "$2" "$1" 2>/dev/null || exit 0
seconds=0
while [ "$seconds" -lt "$3" ] && kill -0 "$1" 2>/dev/null; do
  sleep 1
  seconds=$((seconds + 1))
done
kill -s KILL "$1" 2>/dev/null
`;

/**
 * Ends the child when this process is gone, also where that was a `kill -9`: a small process of its own, the shepherd, watches it. On Windows,
 * which has no sh, a kill of this process leaves the child behind.
 */
export function endWithUs(
  child: ChildProcess,
  { signal = 'SIGKILL', graceSeconds = 10 }: EndOptions = {},
): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (process.platform === 'win32') {
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    return;
  }
  const words = ['-c', SHEPHERD, 'shepherd', String(pid), signal.slice(3), String(graceSeconds)];
  // A session of its own: what a terminal or a kill of the whole group sends us is not for the shepherd.
  const shepherd = spawn('/bin/sh', words, { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shepherd.once('error', (error) => process.emitWarning(`nobody watches process ${pid}: ${error.message}`));
  // The number may soon be another process's.
  child.once('exit', () => shepherd.kill('SIGKILL'));
  shepherd.unref();
  const { stdin } = shepherd;
  if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
}

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

/** Makes sure that `dist` is as new as the sources, for tests that start our processes. `npm test` has built already. */
export function ensureBuilt(): void {
  const result = spawnSync(process.execPath, [join(ROOT, 'bin', 'bootstrap.mjs'), '--prepare'], {
    encoding: 'utf8',
  });
  // A type error elsewhere is the type check's business: the compiler still writes its output.
  if (result.status !== 0 && !existsSync(MAIN)) throw new Error(`the build failed: ${result.stdout}`);
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: () => unknown;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Modules to load first. */
  readonly imports?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs `crossroot` as a process of its own and waits for its end. */
export function crossroot(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const imports = (options.imports ?? []).flatMap((one) => ['--import', one]);
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...imports, MAIN, ...args],
      { cwd: options.cwd, env: { ...process.env, ...options.env }, maxBuffer: 2 ** 26 },
      (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr, json: () => JSON.parse(stdout) }),
    );
  });
}

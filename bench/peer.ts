import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Installs a package to be compared with into a folder of its own: it is no dependency.
 * @param name of the package; @param others packages beside it, as npm takes them
 * @returns the folder that has its `node_modules`; `undefined`, with a message, where it cannot be had
 */
export function installPeer(
  name: string,
  version: string,
  options: { readonly scripts?: boolean; readonly others?: readonly string[] } = {},
): string | undefined {
  const folder = join(tmpdir(), `crossroot-bench-${name.replaceAll(/[^a-z0-9]+/g, '-')}-${version}`);
  if (existsSync(join(folder, 'node_modules', name))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const scripts = options.scripts === true ? [] : ['--ignore-scripts'];
  try {
    const packages = [`${name}@${version}`, ...(options.others ?? [])];
    const args = ['install', ...scripts, '--no-audit', '--no-fund', ...packages];
    execFileSync(npm, args, { cwd: folder, stdio: 'pipe', timeout: 120_000 });
    return folder;
  } catch (error) {
    console.log(`${name} cannot be installed: ${error instanceof Error ? error.message.split('\n')[0] : ''}`);
    return undefined;
  }
}

/** Runs a program of `bench/peers` and reads the JSON that it prints. */
export function runPeer(program: string, args: readonly string[]): Readonly<Record<string, unknown>> {
  const path = fileURLToPath(new URL(`../../../bench/peers/${program}`, import.meta.url));
  const answer: unknown = JSON.parse(execFileSync(process.execPath, [path, ...args], { encoding: 'utf8' }));
  if (typeof answer !== 'object' || answer === null) throw new TypeError(`${program} printed no object`);
  return answer as Readonly<Record<string, unknown>>;
}

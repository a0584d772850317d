#!/usr/bin/env node
// Plain Node, no dependencies: installs what is missing, builds what is older than its sources, runs the command.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM = [20, 19, 4];
const NOT_SOURCES = new Set(['node_modules', 'dist', 'data', 'test', 'bench', 'examples', 'docs']);

/** Whether version `text` (as in `process.versions.node`) is at least `minimum`. */
export function isAtLeast(text, minimum) {
  const parts = text.split('.').map((part) => Number.parseInt(part, 10));
  for (let i = 0; i < minimum.length; i++) {
    if (parts[i] !== minimum[i]) return parts[i] > minimum[i];
  }
  return true;
}

/** Hash of what decides the installed packages. */
export function lockHash(folder) {
  return createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
}

/** Whether the packages of this lockfile are installed. */
export function isInstalled(folder) {
  const stamp = join(folder, 'node_modules', '.crossroot-lock');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash(folder);
}

/** Newest change, in milliseconds, of the files that the build reads. */
export function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || NOT_SOURCES.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path));
    else if (/\.(ts|json)$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
      newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}

/** Whether `dist` is as new as its sources. */
export function isBuilt(folder) {
  const stamp = join(folder, 'dist', '.built');
  return existsSync(stamp) && Number(readFileSync(stamp, 'utf8')) >= newestSource(folder);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

function install() {
  if (isInstalled(root)) return;
  console.log('Installing packages (once, a minute or two) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.error) fail(`npm could not be started (${result.error.message}); it comes with Node`);
  if (result.status !== 0) fail('npm could not install the packages; see its message above, then try again');
  writeFileSync(join(root, 'node_modules', '.crossroot-lock'), lockHash(root));
}

function build() {
  if (isBuilt(root)) return;
  console.log('Building …');
  const newest = newestSource(root);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) fail('the build failed; see the compiler above');
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist', '.built'), String(newest));
}

/** Runs a child in the foreground: a terminal's Ctrl-C reaches it by itself, other signals are passed on. */
function run(args) {
  const child = spawn(process.execPath, args, { cwd: process.cwd(), stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 128));
}

/** Installs and builds as needed. */
export function prepare() {
  if (!isAtLeast(process.versions.node, MINIMUM)) {
    fail(`Crossroot needs Node ${MINIMUM.join('.')} or newer; this is ${process.versions.node}`);
  }
  install();
  build();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [mode, ...rest] = process.argv.slice(2);
  prepare();
  if (mode === '--prepare') process.exit(0);
  else if (mode === '--test')
    run([join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--root', root, ...rest]);
  else run([join(root, 'dist', 'cli', 'main.js'), ...(mode === undefined ? [] : [mode]), ...rest]);
}

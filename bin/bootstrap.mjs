#!/usr/bin/env node
// Plain Node, no dependencies: installs what is missing, builds what is older than its sources, runs the command.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM = [20, 19, 4];
const NOT_SOURCES = new Set([
  'node_modules',
  'dist',
  'data',
  'test',
  'bench',
  'examples',
  'docs',
  'coverage',
]);

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

/** Whether every package that npm says it installed is the one of the lockfile, and none that must be there lacks. */
export function matchesLockfile(folder) {
  const inventory = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(inventory)) return false;
  const installed = JSON.parse(readFileSync(inventory, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return optional === true || devOptional === true;
    return found.version === version && existsSync(join(folder, path));
  });
}

/** Whether the packages of this lockfile are installed; remembers it where npm itself installed them. */
export function isInstalled(folder) {
  const stamp = join(folder, 'node_modules', '.crossroot-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash(folder)) return true;
  if (!matchesLockfile(folder)) return false;
  writeFileSync(stamp, lockHash(folder));
  return true;
}

/** Hash of names and contents of the files that the build reads. */
export function sourceHash(folder) {
  const hash = createHash('sha256');
  for (const path of sourceFiles(folder)) hash.update(`${path}\0`).update(readFileSync(join(folder, path)));
  return hash.digest('hex');
}

/** Newest change, in milliseconds, of the files that the build reads, and how many there are. */
export function sourceState(folder) {
  let newest = 0;
  const files = sourceFiles(folder);
  for (const path of files) newest = Math.max(newest, statSync(join(folder, path)).mtimeMs);
  return `${newest} ${files.length}`;
}

function sourceFiles(folder, below = '') {
  return readdirSync(join(folder, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name.startsWith('.') || (below === '' && NOT_SOURCES.has(entry.name))) return [];
      const path = join(below, entry.name);
      if (entry.isDirectory()) return sourceFiles(folder, path);
      return /\.(ts|json)$/.test(entry.name) && !entry.name.endsWith('.test.ts') ? [path] : [];
    });
}

/** Whether `dist` was built from these sources. Times decide at once; where only they differ, contents do. */
export function isBuilt(folder) {
  const stamp = join(folder, 'dist', '.built');
  if (!existsSync(stamp)) return false;
  const [state, hash] = readFileSync(stamp, 'utf8').split('\n');
  if (state === sourceState(folder)) return true;
  if (hash !== sourceHash(folder)) return false;
  writeBuildStamp(folder, sourceState(folder), hash);
  return true;
}

export function writeBuildStamp(folder, state, hash) {
  mkdirSync(join(folder, 'dist'), { recursive: true });
  writeFileSync(join(folder, 'dist', '.built'), `${state}\n${hash}`);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

function install() {
  if (isInstalled(ROOT)) return;
  console.error('Installing packages (once, a minute or two) …');
  // Whatever the user's npm settings say: the compiler is a development dependency, anvil's program an optional one.
  const options = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  let result = npm(['ci', ...options]);
  // `npm ci` wants every platform's packages in the lockfile; `npm install` adds this platform's and keeps to the rest.
  if (/EUSAGE/.test(result.stderr)) result = npm(['install', '--no-save', ...options]);
  if (result.error) fail(`npm could not be started (${result.error.message}); it comes with Node`);
  if (result.status === 0) writeFileSync(join(ROOT, 'node_modules', '.crossroot-lock'), lockHash(ROOT));
  else {
    process.stderr.write(result.stderr);
    if (result.signal !== null) fail(`npm was stopped by ${result.signal}`);
    fail('npm could not install the packages: see its message above, check the network, then try again');
  }
}

function npm(args) {
  const windows = process.platform === 'win32';
  return spawnSync(windows ? 'npm.cmd' : 'npm', args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 'pipe'],
    encoding: 'utf8',
    shell: windows,
  });
}

function build() {
  if (isBuilt(ROOT)) return;
  console.error('Building …');
  const state = sourceState(ROOT);
  const hash = sourceHash(ROOT);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) fail('the build failed: see the compiler’s message above');
  writeBuildStamp(ROOT, state, hash);
}

/** Installs and builds as needed. */
export function prepare() {
  if (!isAtLeast(process.versions.node, MINIMUM)) {
    fail(`Crossroot needs Node ${MINIMUM.join('.')} or newer; this is ${process.versions.node}`);
  }
  install();
  build();
}

/** Runs `script` in this very process, so that signals and exit codes are its own. */
async function become(script, args) {
  process.argv = [process.execPath, script, ...args];
  await import(pathToFileURL(script).href);
}

async function main([mode, ...rest]) {
  prepare();
  switch (mode) {
    case '--prepare':
      return;
    case '--test':
      return become(join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), ['run', '--root', ROOT, ...rest]);
    case '--cluster':
      return become(join(ROOT, 'dist', 'devnet', 'cluster', 'main.js'), rest);
    case '--examples':
    case '--bench':
      return become(join(ROOT, 'bin', 'tasks.mjs'), [mode, ...rest]);
    default:
      return become(join(ROOT, 'dist', 'cli', 'main.js'), [...(mode === undefined ? [] : [mode]), ...rest]);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(process.argv.slice(2));
}

// What CI and developers run beside the tests: the examples, the benchmarks.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Files in `bench/` and `examples/` that others import. */
const HELPERS = new Set(['measure', 'peer']);

function run(title, args, timeout) {
  console.log(`\n== ${title}`);
  const { status, signal } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit', timeout });
  if (status === 0) return true;
  console.error(`error: ${title} ended with ${status === null ? signal : `exit code ${status}`}`);
  return false;
}

/** Compiles these files of `folder` and what they import. @returns the folder of their JavaScript, if they compile */
function compile(folder, files) {
  const out = join(ROOT, 'dist', `${folder}-build`);
  mkdirSync(out, { recursive: true });
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      noEmit: false,
      outDir: '.',
      rootDir: '../..',
      incremental: true,
      tsBuildInfoFile: '.tsbuildinfo',
    },
    include: [],
    files: files.map((name) => `../../${folder}/${name}`),
  };
  writeFileSync(join(out, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return run('compile', [tsc, '-p', join(out, 'tsconfig.json')]) ? join(out, folder) : undefined;
}

/**
 * Runs the programs in `folder` that are named, or all. Each must end with 0 in time.
 * @param what one of them is called
 * @param timeout of each, milliseconds
 */
function runAll(folder, what, wanted, flags, timeout) {
  const files = readdirSync(join(ROOT, folder)).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const programs = files.map((name) => name.slice(0, -3)).filter((name) => !HELPERS.has(name));
  const unknown = wanted.filter((name) => !programs.includes(name));
  if (unknown.length > 0) {
    console.error(`error: no ${what} ${unknown.join(', ')}; there are ${programs.join(', ')}`);
    return false;
  }
  const out = compile(folder, files);
  if (out === undefined) return false;
  const chosen = programs.filter((name) => wanted.length === 0 || wanted.includes(name)).sort();
  const good = chosen.filter((name) =>
    run(`${folder}/${name}`, [...flags, join(out, `${name}.js`)], timeout),
  );
  console.log(`\n${good.length} of ${chosen.length} in ${folder}/ ran well`);
  return good.length === chosen.length;
}

const [mode, ...names] = process.argv.slice(2);
const good =
  mode === '--examples'
    ? runAll('examples', 'example', names, [], 300_000)
    : runAll('bench', 'benchmark', names, ['--expose-gc'], 600_000);
process.exitCode = good ? 0 : 1;

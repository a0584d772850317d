// What CI and developers run beside the tests: the examples, the benchmarks.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Files in `bench/` that others import. */
const BENCH_HELPERS = new Set(['measure.ts']);

function run(title, args, timeout) {
  console.log(`\n== ${title}`);
  const { status, signal } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit', timeout });
  if (status === 0) return true;
  console.error(`error: ${title} ended with ${status === null ? signal : `exit code ${status}`}`);
  return false;
}

/** Runs every program in `examples/`: each must end with 0 within two minutes. */
function runExamples() {
  const names = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.mjs'));
  const good = names
    .sort()
    .filter((name) => run(`examples/${name}`, [join(ROOT, 'examples', name)], 120_000));
  console.log(`\n${good.length} of ${names.length} examples ran`);
  return good.length === names.length;
}

/** Compiles `bench/` and runs the benchmarks named, or all. */
function runBenchmarks(names) {
  const out = join(ROOT, 'dist', 'bench-build');
  const files = readdirSync(join(ROOT, 'bench')).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  const benchmarks = files.filter((name) => !BENCH_HELPERS.has(name)).map((name) => name.slice(0, -3));
  const unknown = names.filter((name) => !benchmarks.includes(name));
  if (unknown.length > 0) {
    console.error(`error: no benchmark ${unknown.join(', ')}; there are ${benchmarks.join(', ')}`);
    return false;
  }
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
    files: files.map((name) => `../../bench/${name}`),
  };
  writeFileSync(join(out, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!run('compile', [tsc, '-p', join(out, 'tsconfig.json')])) return false;
  return benchmarks
    .filter((name) => names.length === 0 || names.includes(name))
    .map((name) => run(`bench/${name}`, ['--expose-gc', join(out, 'bench', `${name}.js`)]))
    .every(Boolean);
}

const [mode, ...rest] = process.argv.slice(2);
process.exitCode = (mode === '--examples' ? runExamples() : runBenchmarks(rest)) ? 0 : 1;

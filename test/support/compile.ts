import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compiles one TypeScript entry and what it imports, so that a test can run it as a process of its own.
 * @param entry path relative to the repository's root, such as `devnet/bitcoin/main.ts`
 * @returns path of the JavaScript file
 */
export async function compileEntry(entry: string): Promise<string> {
  const name = entry.replace(/[^a-z0-9]+/gi, '-').replace(/-ts$/, '');
  // A folder for each worker: two of them may compile the same entry at once.
  const folder = join(ROOT, 'dist', 'test-entries', `${name}-${process.env.VITEST_POOL_ID ?? 0}`);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'tsconfig.json');
  const options = {
    noEmit: false,
    outDir: folder,
    rootDir: ROOT,
    incremental: true,
    tsBuildInfoFile: join(folder, '.tsbuildinfo'),
  };
  const base = relative(folder, join(ROOT, 'tsconfig.json'));
  writeFileSync(
    config,
    JSON.stringify({
      extends: base,
      compilerOptions: options,
      files: [relative(folder, join(ROOT, entry))],
      include: [],
    }),
  );
  // A type error elsewhere is not this test's business: the compiler still writes its output.
  await promisify(execFile)(join(ROOT, 'node_modules/.bin/tsc'), ['-p', config]).catch(
    (error: { stdout?: string; code?: unknown }) => {
      if (typeof error.code !== 'number' || error.code > 2) throw error;
    },
  );
  return join(folder, entry.replace(/\.ts$/, '.js'));
}

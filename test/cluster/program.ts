import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../support/built.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface OwnCopy {
  /** Folder of the compiled sources. */
  readonly folder: string;
  /** The command line's program. */
  readonly main: string;
  remove(): void;
}

/** A copy of what was built, so that a build during a long run does not change the processes that are started again. */
export function ownCopy(): OwnCopy {
  ensureBuilt();
  // Inside node_modules, so that packages are found from there.
  const home = join(ROOT, 'node_modules', '.cache', `crossroot-faults-${process.pid}`);
  const folder = join(home, 'dist');
  const apart = ['test-entries', 'bench-build', 'examples-build'].map((name) => join(ROOT, 'dist', name));
  mkdirSync(home, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(home, 'package.json'));
  cpSync(join(ROOT, 'dist'), folder, { recursive: true, filter: (source) => !apart.includes(source) });
  const remove = () => rmSync(home, { recursive: true, force: true });
  return { folder, main: join(folder, 'cli', 'main.js'), remove };
}

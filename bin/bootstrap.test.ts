import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

interface Bootstrap {
  isAtLeast(text: string, minimum: readonly number[]): boolean;
  isInstalled(folder: string): boolean;
  isBuilt(folder: string): boolean;
  lockHash(folder: string): string;
  sourceHash(folder: string): string;
  sourceState(folder: string): string;
  writeBuildStamp(folder: string, state: string, hash: string): void;
}
const path = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
const bootstrap: Bootstrap = await import(path);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossroot-bootstrap-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, content: unknown): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

test.each([
  ['20.19.4', true],
  ['20.19.5', true],
  ['20.20.0', true],
  ['22.0.0', true],
  ['20.19.3', false],
  ['20.18.9', false],
  ['18.20.8', false],
  ['20.19.4-nightly', true],
])('Node %s: %s', (version, enough) => expect(bootstrap.isAtLeast(version, [20, 19, 4])).toBe(enough));

describe('installed', () => {
  const packages = {
    '': { name: 'x' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };
  beforeEach(() => put('package-lock.json', { packages }));

  test('nothing is', () => expect(bootstrap.isInstalled(folder)).toBe(false));

  test('by the stamp of this lockfile alone', () => {
    put('node_modules/.crossroot-lock', bootstrap.lockHash(folder));
    expect(bootstrap.isInstalled(folder)).toBe(true);
    put('package-lock.json', { packages: { ...packages, 'node_modules/c': { version: '1.0.0' } } });
    expect(bootstrap.isInstalled(folder)).toBe(false);
  });

  test('by npm itself: an optional package may lack', () => {
    put('node_modules/a/package.json', {});
    put('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.0' } } });
    expect(bootstrap.isInstalled(folder)).toBe(true);
  });

  test('not in another version, and not when the folder is gone', () => {
    put('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.1' } } });
    put('node_modules/a/package.json', {});
    expect(bootstrap.isInstalled(folder)).toBe(false);
    put('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.0' } } });
    rmSync(join(folder, 'node_modules/a'), { recursive: true });
    expect(bootstrap.isInstalled(folder)).toBe(false);
  });
});

describe('built', () => {
  const stamp = () =>
    bootstrap.writeBuildStamp(folder, bootstrap.sourceState(folder), bootstrap.sourceHash(folder));
  beforeEach(() => {
    put('proofs/a.ts', 'export {};');
    put('tsconfig.json', {});
  });

  test('not before the first build', () => expect(bootstrap.isBuilt(folder)).toBe(false));

  test('until a source changes', () => {
    stamp();
    expect(bootstrap.isBuilt(folder)).toBe(true);
    put('proofs/a.ts', 'export const a = 1;');
    expect(bootstrap.isBuilt(folder)).toBe(false);
  });

  test('another time with the same content changes nothing', () => {
    stamp();
    utimesSync(join(folder, 'proofs/a.ts'), new Date(), new Date(Date.now() + 60_000));
    expect(bootstrap.isBuilt(folder)).toBe(true);
  });

  test('new and removed sources count, tests and folders beside the sources do not', () => {
    stamp();
    put('proofs/a.test.ts', '');
    put('test/b.ts', '');
    put('data/c.json', '');
    expect(bootstrap.isBuilt(folder)).toBe(true);
    put('proofs/test/d.ts', '');
    expect(bootstrap.isBuilt(folder)).toBe(false);
    rmSync(join(folder, 'proofs/test'), { recursive: true });
    expect(bootstrap.isBuilt(folder)).toBe(true);
    rmSync(join(folder, 'proofs/a.ts'));
    expect(bootstrap.isBuilt(folder)).toBe(false);
  });
});

test('an unknown benchmark is named', () => {
  const tasks = fileURLToPath(new URL('./tasks.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [tasks, '--bench', 'nothing'], { encoding: 'utf8' });
  expect(stderr).toContain('no benchmark nothing');
  expect(status).toBe(1);
});

import { existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { reportError } from './output.js';

afterEach(() => void vi.restoreAllMocks());

function told(thrown: unknown, json = false): string {
  const said: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
  expect(reportError(thrown, json)).toBe(1);
  vi.restoreAllMocks();
  return said.join('');
}

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

test('a folder that cannot be made is told in one line, with what to do and without a stack', () => {
  const error = failureOf(() => mkdirSync(`${import.meta.filename}/data`, { recursive: true }));
  expect(told(error)).toBe(
    `error: ${import.meta.filename}/data: a part of its path is no folder\nName another place.\n`,
  );
  expect(JSON.parse(told(error, true))).toEqual({
    error: { name: 'FileError', message: `${import.meta.filename}/data: a part of its path is no folder` },
  });
});

test.skipIf(!existsSync('/dev/full'))('so is a disk that is full, and what may not be read', () => {
  const full = failureOf(() => writeSync(openSync('/dev/full', 'w'), 'x'));
  expect(told(full)).toBe(
    'error: no space is left on the disk\nMake room on that disk and start again: what was confirmed is kept.\n',
  );
  const forbidden = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open', path: '/data/x' });
  expect(told(forbidden)).toMatch(/^error: \/data\/x: permission denied\nLet this user read and write there/);
  const folder = failureOf(() => readFileSync(import.meta.dirname));
  expect(told(folder)).toBe('error: it is a folder\n');
});

test('a fault of ours keeps the places where it came from', () => {
  expect(told(new TypeError('x is not a function'))).toMatch(
    /^error: x is not a function\n {4}at .*output\.test/,
  );
});
